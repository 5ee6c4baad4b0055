import { describe, expect, it } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'

const { bytes } = randomFrom(61)
const [secretKey, other, message, info] = [bytes(32), bytes(32), bytes(100), bytes(10)]
const publicKey = crypto.x25519.getPublicKey(other)
const edwards = crypto.ed25519.getPublicKey(other)
const wrapped = crypto.a256kw.wrapKey(secretKey, message.subarray(0, 40))
const signingKey = crypto.ed25519.signingKey(secretKey)
const aeads = [
  'chacha20poly1305',
  'xchacha20poly1305',
  'a256gcm',
  'aes128gcm',
  'aesCcm16_64_128',
  'aesCcm16_128_128',
  'aesCcm16_64_256',
  'aesCcm16_128_256',
  'a256cbcHs512',
] as const

/** Every function that returns bytes, with and without somewhere to write them. */
const calls: Readonly<Record<string, (out?: Uint8Array) => Uint8Array>> = {
  'x25519.getPublicKey': (out) => crypto.x25519.getPublicKey(secretKey, out),
  'x25519.getSharedSecret': (out) => crypto.x25519.getSharedSecret(secretKey, publicKey, out),
  'ed25519.getPublicKey': (out) => crypto.ed25519.getPublicKey(secretKey, out),
  'ed25519.sign': (out) => crypto.ed25519.sign(message, secretKey, out),
  'signingKey.sign': (out) => signingKey.sign(message, out),
  'ed25519.toX25519PublicKey': (out) => crypto.ed25519.toX25519PublicKey(edwards, out),
  'ed25519.toX25519SecretKey': (out) => crypto.ed25519.toX25519SecretKey(secretKey, out),
  'a256kw.wrapKey': (out) => crypto.a256kw.wrapKey(secretKey, message.subarray(0, 40), out),
  'a256kw.unwrapKey': (out) => crypto.a256kw.unwrapKey(secretKey, wrapped, out),
  sha256: (out) => crypto.sha256(message, out),
  sha512: (out) => crypto.sha512(message, out),
  hmacSha256: (out) => crypto.hmacSha256(secretKey, message, out),
  hmacSha512: (out) => crypto.hmacSha512(secretKey, message, out),
  'hkdfSha256.extract': (out) => crypto.hkdfSha256.extract(message, secretKey, out),
  'hkdfSha256.expand': (out) => crypto.hkdfSha256.expand(secretKey, info, 77, out),
  concatKdfSha256: (out) => crypto.concatKdfSha256(secretKey, info, 77, out),
  ...Object.fromEntries(
    aeads.flatMap((name) => {
      const { keyBytes, nonceBytes, seal, open } = crypto[name]
      const [key, nonce] = [bytes(keyBytes), bytes(nonceBytes)]
      const sealed = seal(key, nonce, message, info)
      return [
        [`${name}.seal`, (out?: Uint8Array) => seal(key, nonce, message, info, out)],
        [`${name}.open`, (out?: Uint8Array) => open(key, nonce, sealed, info, out)],
      ]
    }),
  ),
}

describe('an output of the caller', () => {
  it.each(Object.entries(calls))('of %s is written, returned as far as it is used, and untouched beyond', (_, call) => {
    const expected = call()
    const room = new Uint8Array(expected.length + 40).fill(0xee)
    // Not at the start of its memory.
    const out = room.subarray(3)
    const written = call(out)
    expect(written).toEqual(expected)
    expect(written.buffer).toBe(room.buffer)
    expect(written.byteOffset).toBe(3)
    const untouched = [...room.subarray(0, 3), ...room.subarray(3 + expected.length)]
    expect(untouched).toEqual(new Array(untouched.length).fill(0xee))
  })
})
