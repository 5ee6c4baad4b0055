import { describe, expect, it } from 'vitest'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { sharedVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

interface Test {
  tcId: number
  comment: string
  flags: string[]
  result: 'valid' | 'invalid' | 'acceptable'
  [field: string]: unknown
}

interface Group {
  tests: Test[]
  publicKey?: { pk: string }
  [field: string]: unknown
}

function describeSet(file: string, counted: number, check: (test: Test, group: Group) => void): void {
  const set = sharedVectors<{ numberOfTests: number; testGroups: Group[] }>(`wycheproof/${file}.json`)
  describe.skipIf(!set)(`wycheproof ${file}`, () => {
    it('agrees in every case that is about what the library offers', () => {
      let cases = 0
      for (const group of set?.testGroups ?? []) {
        for (const test of group.tests) {
          expect(() => check(test, group), `case ${test.tcId}: ${test.comment}`).not.toThrow()
          cases++
        }
      }
      expect(cases).toBe(counted)
      expect(cases).toBe(set?.numberOfTests)
    })
  })
}

const text = (of: Test | Group, name: string): string => String(of[name])
const field = (test: Test, name: string): Uint8Array => hex(text(test, name))

describeSet('x25519', 518, (test) => {
  const derive = (): string => toHex(crypto.x25519.getSharedSecret(field(test, 'private'), field(test, 'public')))
  // Policy for "acceptable": a shared secret of zeros is refused (RFC 7748 §6.1); points on the twist and encodings that are not
  // canonical are taken, as RFC 7748 §5 asks.
  if (test.flags.includes('ZeroSharedSecret'))
    expect(derive).toThrow(expect.objectContaining({ code: 'ERR_KEY_INVALID' }))
  else expect(derive()).toBe(text(test, 'shared'))
})

describeSet('ed25519', 151, (test, group) => {
  const { pk } = group.publicKey as { pk: string }
  expect(crypto.ed25519.verify(field(test, 'sig'), field(test, 'msg'), hex(pk))).toBe(test.result === 'valid')
})

function checkAead(aead: Aead, test: Test): void {
  const [key, nonce, aad, msg] = [field(test, 'key'), field(test, 'iv'), field(test, 'aad'), field(test, 'msg')]
  const sealed = hex(text(test, 'ct') + text(test, 'tag'))
  const open = (): string => toHex(aead.open(key, nonce, sealed, aad))
  if (nonce.length !== aead.nonceBytes) {
    // A nonce of another length is a mistake of the caller.
    expect(open).toThrow(RangeError)
    expect(() => aead.seal(key, nonce, msg, aad)).toThrow(RangeError)
  } else if (test.result === 'valid') {
    expect(open()).toBe(text(test, 'msg'))
    expect(toHex(aead.seal(key, nonce, msg, aad))).toBe(toHex(sealed))
  } else {
    expect(open).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
  }
}

describeSet('chacha20_poly1305', 325, (test) => checkAead(crypto.chacha20poly1305, test))
describeSet('xchacha20_poly1305', 315, (test) => checkAead(crypto.xchacha20poly1305, test))
describeSet('a256cbc_hs512', 94, (test) => checkAead(crypto.a256cbcHs512, test))

describeSet('hkdf_sha256', 86, (test) => {
  const derive = (): string => {
    const prk = crypto.hkdfSha256.extract(field(test, 'ikm'), field(test, 'salt'))
    return toHex(crypto.hkdfSha256.expand(prk, field(test, 'info'), Number(text(test, 'size'))))
  }
  // The invalid ones ask for more than 255 blocks (RFC 5869 §2.3).
  if (test.result === 'valid') expect(derive()).toBe(text(test, 'okm'))
  else expect(derive).toThrow(RangeError)
})

function checkMac(mac: (key: Uint8Array, message: Uint8Array) => Uint8Array, test: Test, group: Group): void {
  // Half of the groups truncate the tag, and the caller compares: the library offers neither.
  const tag = mac(field(test, 'key'), field(test, 'msg')).subarray(0, Number(text(group, 'tagSize')) / 8)
  expect(toHex(tag) === text(test, 'tag')).toBe(test.result === 'valid')
}

describeSet('hmac_sha256', 174, (test, group) => checkMac(crypto.hmacSha256, test, group))
describeSet('hmac_sha512', 174, (test, group) => checkMac(crypto.hmacSha512, test, group))

describeSet('aes_wrap', 165, (test, group) => {
  const [kek, key, wrapped] = [field(test, 'key'), field(test, 'msg'), field(test, 'ct')]
  // A256KW only: for the smaller keys the length is refused.
  if (text(group, 'keySize') !== '256') {
    expect(() => crypto.a256kw.unwrapKey(kek, wrapped)).toThrow(RangeError)
    return
  }
  // Policy for "acceptable": keys of 8 bytes are refused, RFC 3394 §2 wraps at least two blocks.
  if (test.result === 'valid') {
    expect(toHex(crypto.a256kw.wrapKey(kek, key))).toBe(text(test, 'ct'))
    expect(toHex(crypto.a256kw.unwrapKey(kek, wrapped))).toBe(text(test, 'msg'))
  } else {
    expect(() => crypto.a256kw.unwrapKey(kek, wrapped)).toThrow(DidCommError)
  }
})
