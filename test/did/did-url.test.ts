import { describe, expect, it } from 'vitest'
import { canonicalDid, didOf, isDid } from '../../runtime/did/index.ts'
import { ownVectors } from '../vectors.ts'

const [{ long, short }] = ownVectors<{ peer4: [{ long: string; short: string }] }>('dids.json').peer4

describe('isDid', () => {
  it.each([
    'did:example:alice',
    'did:a:b:c',
    'did:web:example.com%3A8080:user',
    'did:example::x',
    'did:x:-._',
    `did:example:${'x'.repeat(8180)}`,
  ])('takes %s', (text) => {
    expect(isDid(text)).toBe(true)
  })

  it.each([
    '',
    'did',
    'did:',
    'did:example',
    'did:example:',
    'did:example:a:',
    'did::alice',
    'DID:example:alice',
    'did:Example:alice',
    'did:exam-ple:alice',
    ' did:example:alice',
    'did:example:alice\n',
    'did:example:alice#key-1',
    'did:example:alice/path',
    'did:example:alice?query',
    'did:example:%4',
    'did:example:%zz',
    'did:example:ali ce',
    'did:example:älice',
    'https://example.com',
    'did:example:alice=',
    'did:peer:2=',
    'did:peer:2.SeyJ9===',
    'did:peer:2.SeyJ9=.Ez6LS',
    'did:peer:2.S=yJ9',
    `did:example:${'x'.repeat(8181)}`,
  ])('refuses %j', (text) => {
    expect(isDid(text)).toBe(false)
  })
})

describe('didOf', () => {
  it.each(['', '#key-1', '/path', '?query', '/path?query#fragment', '#', "#-._~!$&'()*+,;=:@/?%20"])(
    'drops %j',
    (rest) => {
      expect(didOf(`did:example:alice${rest}`)).toBe('did:example:alice')
    },
  )

  it.each([
    '',
    '#key-1',
    'alice#key-1',
    'did:example:#key',
    'did:example:alice# ',
    'did:example:alice#ä',
    'did:a:b#\n',
  ])('refuses %j', (text) => {
    expect(() => didOf(text)).toThrow(expect.objectContaining({ code: 'ERR_DID_MALFORMED' }))
  })

  it('has room for the fragment of the longest DID, and a limit', () => {
    const did = `did:example:${'x'.repeat(8180)}`
    expect(didOf(`${did}#key-1`)).toBe(did)
    expect(() => didOf(`${did}#${'x'.repeat(1024)}`)).toThrow(expect.objectContaining({ code: 'ERR_DID_MALFORMED' }))
  })
})

describe('canonicalDid', () => {
  it('shortens the long form of a did:peer:4', () => {
    expect(canonicalDid(long)).toBe(short)
    expect(canonicalDid(short)).toBe(short)
  })

  it.each(['did:example:alice', `${short}:`, `${short}:x1`, `${long}#key-1`, `${long}0`, 'did:peer:4zQm:z1', ''])(
    'leaves %s as it is',
    (text) => {
      expect(canonicalDid(text)).toBe(text)
    },
  )
})
