import { describe, expect, it } from 'vitest'
import { checkConformance, conformancePage, holdersIn, type Row, rowFailures } from '../../tools/check-conformance.ts'
import { treeOf } from './tree.ts'

const must: Row = { row: 'E14', level: 'M', text: 'apv is checked.' }
const should: Row = { row: 'A7', level: 'S', text: 'Files have extensions.' }
const may: Row = { row: 'E6', level: 'O', text: 'P-521 | P-384' }
const holding = (...rows: string[]) => [{ file: 'test/a.test.ts', title: 'a test', rows }]

describe('holdersIn', () => {
  it.each([
    ['a test', "test('an apv is checked [E14]', () => {})", 'an apv is checked', ['E14']],
    ['several rows', "  it('a b [C1, F6]', () => {})", 'a b', ['C1', 'F6']],
    ['an escaped quote', "it('a mote\\'s key [C1]', () => {})", "a mote's key", ['C1']],
    ['a title on a line of its own', "test(\n  'a b [C1]',\n  () => {})", 'a b', ['C1']],
    ['a table', "it.each([\n  ['x', 1],\n])('refuses %s [C1]', () => {})", 'refuses %s', ['C1']],
    ['a template', 'test(`opens $' + '{name} [C1]`, () => {})', 'opens …', ['C1']],
    ['rows that are chosen', 'test(`a b [$' + "{x ? 'A10, Z4' : 'E5'}]`, () => {})", 'a b', ['A10', 'Z4', 'E5']],
  ])('finds the rows of %s', (_, text, title, rows) => {
    expect(holdersIn('a.test.ts', text)).toEqual([{ file: 'a.test.ts', title, rows }])
  })

  it.each(["test('a b', () => {})", "test('a b [E14] c', () => {})", "test('a list of [1]', () => {})"])(
    'finds none in %s',
    (text) => {
      expect(holdersIn('a.test.ts', text)).toEqual([])
    },
  )
})

describe('rowFailures', () => {
  it.each<[string, Row, string[]]>([
    ['a MUST with a test', must, ['E14']],
    ['a MUST that is listed as missing', { ...must, missing: true }, []],
    ['a SHOULD with a reason', { ...should, reason: 'No file is written.' }, []],
    ['a MAY without anything', may, []],
  ])('takes %s', (_, row, held) => {
    expect(rowFailures([row], holding(...held))).toEqual([])
  })

  it.each<[string, Row, string[], string]>([
    ['a MUST without a test', must, [], 'E14 has no test'],
    ['a MUST in the negative without a test', { ...must, level: 'S / M!' }, [], 'E14 has no test'],
    ['a MUST with no more than a reason', { ...must, reason: 'No.' }, [], 'E14 must hold, whatever the reason'],
    ['a missing row with a test', { ...must, missing: true }, ['E14'], 'E14 has a test, and is listed as not held'],
    ['a reason beside a test', { ...should, reason: 'No.' }, ['A7'], 'A7 has a test, and is listed as not held'],
    ['a SHOULD with neither', should, [], 'A7 has neither a test nor a reason'],
    ['both excuses', { ...should, missing: true, reason: 'No.' }, [], 'say one of the two'],
    ['a row that is not there', may, ['E99'], 'names E99, which is no row'],
  ])('refuses %s', (_, row, held, failure) => {
    expect(rowFailures([row], holding(...held))).toEqual([expect.stringContaining(failure)])
  })
})

describe('the page', () => {
  const tree = (page: string) =>
    treeOf({
      'tools/conformance-rows.json': JSON.stringify([must]),
      'test/a.test.ts': "test('a test [E14]', () => {})",
      'docs/conformance.md': page,
    })

  it('names the tests of a row, and is out of date once they change', () => {
    const page = conformancePage([must], holding('E14'))
    expect(page).toContain('| E14 | M | apv is checked. | [a.test.ts](../test/a.test.ts): a test |')
    expect(checkConformance(tree(page)).failures).toEqual([])
    expect(checkConformance(tree(page.replace('a test', 'another'))).failures).toEqual([
      expect.stringContaining('out of date'),
    ])
  })

  it('counts what is held, keeps bars out of the table, and says what is missing', () => {
    const page = conformancePage([must, { ...should, missing: true }, may], holding('E14'))
    expect(page).toContain('Tests hold 1 of 1 rows with a MUST, 0 of 1 with no more than a SHOULD, and 1 of 3 in all.')
    expect(page).toContain('P-521 \\| P-384')
    expect(page).toContain('Files have extensions. | not yet |')
  })
})
