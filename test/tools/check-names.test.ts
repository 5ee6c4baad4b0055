import { describe, expect, it } from 'vitest'
import { checkLengths } from '../../tools/check-lengths.ts'
import { testNames } from '../../tools/check-names.ts'
import { treeOf } from './tree.ts'

describe('testNames', () => {
  it.each([
    "it('a tampered header fails with ERR_ENVELOPE_DECRYPT', () => {})",
    "it('X25519 agrees with its slow twin', () => {})",
    "it('Wycheproof accepts what we accept', () => {})",
    'it("a gateway\'s queue survives", () => {})',
    "it.each([['a', 1]])('refuses %s', () => {})",
    "it.each([\n  ['a', 1],\n])('refuses %s', () => {})",
    "test.skipIf(!vectors)('every vector opens', () => {})",
    "describe('Wycheproof', () => {})",
  ])('accepts %s', (text) => {
    expect(testNames('a.test.ts', text)).toEqual([])
  })

  it.each([
    ['a capital', "it('Returns the key', () => {})"],
    ['one word', "it('works', () => {})"],
    ['one word in a table', "it.each([\n  ['a', 1],\n])('%s', () => {})"],
    ['a capital on a line of its own', "it(\n  'Returns the key',\n  () => {},\n)"],
    ['a test that is singled out', "it.only('a test of one', () => {})"],
    ['a table that is singled out', "it.only.each([1])('a test of %s', () => {})"],
    ['a suite that is skipped', "describe.skip('x', () => {})"],
    ['a test that is left to do', "it.todo('keeps its word')"],
    ['a test that is expected to fail', "it.fails('keeps its word', () => {})"],
    ['a test under another name', "xit('keeps its word', () => {})"],
  ])('refuses %s', (_, text) => {
    const failures = testNames('a.test.ts', `\n${text}`)
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/^a\.test\.ts:[234]: /)
  })
})

describe('checkLengths', () => {
  it('refuses 401 lines, mentions 251, and exempts what is generated', () => {
    const tree = treeOf({
      'runtime/long.ts': '\n'.repeat(401),
      'runtime/full.ts': '\n'.repeat(400),
      'assembly/middling.ts': '\n'.repeat(251),
      'runtime/short.ts': '\n'.repeat(250),
      'runtime/crypto/core-base-wasm.ts': '\n'.repeat(1000),
      'assembly/generated/kernel.ts': '\n'.repeat(1000),
      'docs/long.md': '\n'.repeat(1000),
    })
    const { failures, notes } = checkLengths(tree)
    expect(failures).toEqual(['runtime/long.ts:401: has 401 lines, of 400 at most'])
    expect(notes).toEqual([
      'assembly/middling.ts: 251 lines, more than 250',
      'runtime/full.ts: 400 lines, more than 250',
    ])
  })
})
