import { describe, expect, it } from 'vitest'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { ccm, gcm } from '../oracle/aes-modes.ts'
import { sharedVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

// The sets are of all parameters. What the library offers is checked on it; the rest, as far as the standard has it, on the slow
// twin, which the library is compared with elsewhere; what is left has parameters that nobody may use.

interface Group {
  keySize: number
  ivSize: number
  tagSize: number
  tests: {
    tcId: number
    comment: string
    result: 'valid' | 'invalid'
    key: string
    iv: string
    aad: string
    msg: string
    ct: string
    tag: string
  }[]
}

type Case = Group['tests'][number]
type Twin = (key: Uint8Array, nonce: Uint8Array, text: Uint8Array, aad: Uint8Array, tagBytes: number) => string

interface Set {
  file: string
  /** What the library offers of these parameters. */
  offered(group: Group): Aead | undefined
  /** Seals with the twin, where the standard has these parameters. */
  twin(group: Group): Twin | undefined
  counts: { offered: number; twin: number; refusedByTheStandard: number }
}

const bytesOf = (test: Case) => [hex(test.key), hex(test.iv), hex(test.msg), hex(test.aad)] as const

function check(aead: Aead, test: Case): void {
  const [key, nonce, msg, aad] = bytesOf(test)
  const sealed = hex(test.ct + test.tag)
  if (test.result === 'valid') {
    expect(toHex(aead.seal(key, nonce, msg, aad))).toBe(toHex(sealed))
    expect(toHex(aead.open(key, nonce, sealed, aad))).toBe(test.msg)
  } else {
    expect(() => aead.open(key, nonce, sealed, aad)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
  }
}

const isEven = (value: number): boolean => value % 2 === 0

const sets: Set[] = [
  {
    file: 'aes_gcm',
    offered: ({ keySize, ivSize }) =>
      ivSize !== 96 ? undefined : { 128: crypto.aes128gcm, 256: crypto.a256gcm }[keySize],
    // An empty nonce is what SP 800-38D §5.2.1.1 excludes.
    twin: ({ ivSize }) =>
      ivSize === 0
        ? undefined
        : (key, nonce, text, aad) => {
            const { result, tag } = gcm(key, nonce, text, aad, false)
            return toHex(result) + toHex(tag)
          },
    counts: { offered: 133, twin: 177, refusedByTheStandard: 6 },
  },
  {
    file: 'aes_ccm',
    // The set has no nonce of 13 bytes with a tag of 8: those are in the COSE examples.
    offered: ({ keySize, ivSize, tagSize }) =>
      keySize === 128 && ivSize === 104 && tagSize === 128 ? crypto.aesCcm16_128_128 : undefined,
    // SP 800-38C A.1: a tag of 4, 6, … 16 bytes, a nonce of 7 to 13.
    twin: ({ ivSize, tagSize }) =>
      ivSize < 56 || ivSize > 104 || tagSize < 32 || !isEven(tagSize / 8)
        ? undefined
        : (key, nonce, text, aad, tagBytes) => {
            const { result, tag } = ccm(key, nonce, text, aad, false, tagBytes)
            return toHex(result) + toHex(tag)
          },
    counts: { offered: 6, twin: 480, refusedByTheStandard: 66 },
  },
]

describe.each(sets)('wycheproof $file', ({ file, offered, twin, counts }) => {
  const set = sharedVectors<{ numberOfTests: number; testGroups: Group[] }>(`wycheproof/${file}.json`)

  it.skipIf(!set)('agrees in every case, with the library or its slow twin', () => {
    const seen = { offered: 0, twin: 0, refusedByTheStandard: 0 }
    for (const group of set?.testGroups ?? []) {
      const [aead, seal] = [offered(group), twin(group)]
      for (const test of group.tests) {
        const name = `case ${test.tcId}: ${test.comment}`
        if (aead) {
          expect(() => check(aead, test), name).not.toThrow()
          seen.offered++
        } else if (seal) {
          expect(seal(...bytesOf(test), group.tagSize / 8) === test.ct + test.tag, name).toBe(test.result === 'valid')
          seen.twin++
        } else {
          expect(test.result, name).toBe('invalid')
          seen.refusedByTheStandard++
        }
      }
    }
    expect(seen).toEqual(counts)
    expect(counts.offered + counts.twin + counts.refusedByTheStandard).toBe(set?.numberOfTests)
  })
})
