import { describe, expect, it } from 'vitest'
import { aeadsOver } from '../../runtime/crypto/aead.ts'
import { aesOver } from '../../runtime/crypto/aes.ts'
import { type Core, loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { curve25519Over } from '../../runtime/crypto/curve25519.ts'
import { hashesOver } from '../../runtime/crypto/hash.ts'
import { crypto as core } from '../../runtime/crypto/index.ts'
import { sealCbcHs512 } from '../oracle/node-aes.ts'
import { zeros } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'

const wasm = Buffer.from(chooseCore(), 'base64')

/** Returns all of the memory of a fresh core after `work` was done in it. */
function memoryAfter(work: (crypto: Crypto, core: Core) => void): Buffer {
  const core = loadCore(wasm)
  const load = (): Core => core
  work({ ...curve25519Over(load), ...aeadsOver(load), ...aesOver(load), ...hashesOver(load) }, core)
  return Buffer.from(core.memory)
}

const { bytes } = randomFrom(21)
const [first, second] = [bytes(64), bytes(64)]
const publicKey = slowCrypto.x25519.getPublicKey(bytes(32))
const [nonce, aad] = [bytes(24), bytes(100)]

const swallow = (work: () => void): void => {
  try {
    work()
  } catch {
    // The memory is what is looked at.
  }
}

/** More than the window takes, with these bytes throughout. */
const long = (part: Uint8Array): Uint8Array => Uint8Array.from({ length: 70_000 }, (_, i) => part[i % part.length] ?? 0)

/** Calls in which everything but `secret` is the same. */
const calls: Record<string, (crypto: Crypto, secret: Uint8Array) => void> = {
  'x25519.getPublicKey': ({ x25519 }, secret) => x25519.getPublicKey(secret.subarray(0, 32)),
  'x25519.getSharedSecret': ({ x25519 }, secret) => x25519.getSharedSecret(secret.subarray(0, 32), publicKey),
  'x25519.getSharedSecret that fails': ({ x25519 }, secret) =>
    swallow(() => x25519.getSharedSecret(secret.subarray(0, 32), new Uint8Array(32))),
  'ed25519.getPublicKey': ({ ed25519 }, secret) => ed25519.getPublicKey(secret.subarray(0, 32)),
  'ed25519.sign': ({ ed25519 }, secret) => ed25519.sign(aad, secret.subarray(0, 32)),
  'ed25519.sign of a long message': ({ ed25519 }, secret) =>
    ed25519.sign(new Uint8Array(200_000), secret.subarray(0, 32)),
  'ed25519.signingKey': ({ ed25519 }, secret) => ed25519.signingKey(secret.subarray(0, 32)),
  'a signature of ed25519.signingKey': ({ ed25519 }, secret) => ed25519.signingKey(secret.subarray(0, 32)).sign(aad),
  'ed25519.toX25519SecretKey': ({ ed25519 }, secret) => ed25519.toX25519SecretKey(secret.subarray(0, 32)),
  'chacha20poly1305.seal under a key': ({ chacha20poly1305 }, secret) =>
    chacha20poly1305.seal(secret.subarray(0, 32), nonce.subarray(12), aad, aad),
  'chacha20poly1305.seal of a plaintext': ({ chacha20poly1305 }, secret) =>
    chacha20poly1305.seal(publicKey, nonce.subarray(12), secret, aad),
  'xchacha20poly1305.seal': ({ xchacha20poly1305 }, secret) =>
    xchacha20poly1305.seal(secret.subarray(0, 32), nonce, secret, aad),
  'chacha20poly1305.open': ({ chacha20poly1305 }, secret) => {
    const sealed = slowCrypto.chacha20poly1305.seal(secret.subarray(0, 32), nonce.subarray(12), secret)
    chacha20poly1305.open(secret.subarray(0, 32), nonce.subarray(12), sealed)
  },
  'xchacha20poly1305.open that fails': ({ xchacha20poly1305 }, secret) =>
    swallow(() => xchacha20poly1305.open(secret.subarray(0, 32), nonce, aad)),
  'chacha20poly1305.seal of a long message': ({ chacha20poly1305 }, secret) =>
    chacha20poly1305.seal(secret.subarray(0, 32), nonce.subarray(12), long(secret), aad),
  'chacha20poly1305.seal with long additional data': ({ chacha20poly1305 }, secret) =>
    chacha20poly1305.seal(secret.subarray(0, 32), nonce.subarray(12), secret, long(aad)),
  'chacha20poly1305.open of each length': ({ chacha20poly1305 }, secret) => {
    for (const length of [1, 16, 63, 64, 65, 128, 192, 193, 256, 300, 449, 1000]) {
      const text = long(secret).subarray(0, length)
      const sealed = slowCrypto.chacha20poly1305.seal(secret.subarray(0, 32), nonce.subarray(12), text)
      chacha20poly1305.open(secret.subarray(0, 32), nonce.subarray(12), sealed)
    }
  },
  'xchacha20poly1305.open of a long message that fails': ({ xchacha20poly1305 }, secret) =>
    swallow(() => xchacha20poly1305.open(secret.subarray(0, 32), nonce, long(aad))),
  'sha256 of a long message': ({ sha256 }, secret) => sha256(long(secret)),
  'sha512 of a long message': ({ sha512 }, secret) => sha512(long(secret)),
  'hmacSha256 of a long message': ({ hmacSha256 }, secret) => hmacSha256(secret, long(secret)),
  'hmacSha512 of a long message': ({ hmacSha512 }, secret) => hmacSha512(secret, long(secret)),
  ...Object.fromEntries(
    (
      [
        'a256gcm',
        'aes128gcm',
        'aesCcm16_64_128',
        'aesCcm16_128_128',
        'aesCcm16_64_256',
        'aesCcm16_128_256',
        'a256cbcHs512',
      ] as const
    ).flatMap((name): [string, (crypto: Crypto, secret: Uint8Array) => void][] => {
      const { keyBytes, nonceBytes } = core[name]
      const iv = nonce.subarray(0, nonceBytes)
      // Long enough for every path of a build.
      const text = (secret: Uint8Array): Uint8Array => new Uint8Array(1500).map((_, i) => (secret[i % 64] ?? 0) ^ i)
      return [
        [`${name}.seal`, (crypto, secret) => crypto[name].seal(secret.subarray(0, keyBytes), iv, text(secret), aad)],
        [
          `${name}.seal of less than a block`,
          (crypto, secret) => crypto[name].seal(secret.subarray(0, keyBytes), iv, secret.subarray(5, 12)),
        ],
        [
          `${name}.open`,
          (crypto, secret) => {
            const sealed = core[name].seal(secret.subarray(0, keyBytes), iv, text(secret), aad)
            crypto[name].open(secret.subarray(0, keyBytes), iv, sealed, aad)
          },
        ],
        [
          `${name}.open that fails`,
          (crypto, secret) => swallow(() => crypto[name].open(secret.subarray(0, keyBytes), iv, zeros(1536 + 32), aad)),
        ],
      ]
    }),
  ),
  'a256cbcHs512.open of wrong padding': ({ a256cbcHs512 }, secret) =>
    swallow(() =>
      a256cbcHs512.open(
        secret,
        nonce.subarray(0, 16),
        sealCbcHs512(secret, nonce.subarray(0, 16), zeros(32), aad, false),
        aad,
      ),
    ),
  'a256kw.wrapKey': ({ a256kw }, secret) => a256kw.wrapKey(secret.subarray(0, 32), secret),
  'a256kw.unwrapKey': ({ a256kw }, secret) =>
    a256kw.unwrapKey(secret.subarray(0, 32), core.a256kw.wrapKey(secret.subarray(0, 32), secret)),
  'a256kw.unwrapKey that fails': ({ a256kw }, secret) =>
    swallow(() => a256kw.unwrapKey(secret.subarray(0, 32), zeros(72))),
  sha256: ({ sha256 }, secret) => sha256(secret),
  sha512: ({ sha512 }, secret) => sha512(secret),
  hmacSha256: ({ hmacSha256 }, secret) => hmacSha256(secret, secret),
  'hmacSha256 with a long key': ({ hmacSha256 }, secret) => hmacSha256(Buffer.concat([secret, secret]), aad),
  hmacSha512: ({ hmacSha512 }, secret) => hmacSha512(Buffer.concat([secret, secret]), secret),
  'hkdfSha256.extract': ({ hkdfSha256 }, secret) => hkdfSha256.extract(secret),
  'hkdfSha256.expand': ({ hkdfSha256 }, secret) => hkdfSha256.expand(secret, aad, 100),
  concatKdfSha256: ({ concatKdfSha256 }, secret) => concatKdfSha256(secret, aad, 100),
}

describe('what a call leaves in the memory of the core does not depend on the secret', () => {
  it.each(Object.entries(calls))('after %s', (_, call) => {
    const left = memoryAfter((crypto) => call(crypto, first))
    expect(left.equals(memoryAfter((crypto) => call(crypto, second)))).toBe(true)
    expect(left.includes(Buffer.from(first.subarray(0, 16)))).toBe(false)
  })

  it('after an AEAD that its host gives up', () => {
    const givenUp = (secret: Uint8Array): Buffer =>
      memoryAfter((_, core) => {
        core.memory.set(secret.subarray(0, 32), core.key)
        core.wasm.chacha20Poly1305Init(core.key, core.input)
        core.wasm.aeadAad(core.data, 20)
        core.wasm.aeadEncrypt(core.data, 20)
        core.wasm.aeadEnd()
        core.memory.fill(0, core.key)
      })
    expect(givenUp(first).equals(givenUp(second))).toBe(true)
  })

  it.each(['aesGcmInit', 'aesCcmInit', 'aesCbcHs512Init'] as const)('after %s that its host gives up', (init) => {
    const givenUp = (secret: Uint8Array, open: boolean): Buffer =>
      memoryAfter((_, { wasm, memory, key, input, data }) => {
        memory.set(secret, key)
        if (init === 'aesCbcHs512Init') wasm[init](key, input)
        else if (init === 'aesGcmInit') wasm[init](key, 32, input)
        else wasm[init](key, 32, input, 8, 20, 1280)
        wasm.aesAad(data, 20)
        if (open) wasm.aesAuthenticate(data, 1280)
        else wasm.aesEncrypt(data, 1280)
        wasm.aesEnd()
        memory.fill(0, key)
      })
    for (const open of [true, false]) expect(givenUp(first, open).equals(givenUp(second, open))).toBe(true)
  })

  it('after ed25519.verify, which leaves no message', () => {
    const signature = slowCrypto.ed25519.sign(first, bytes(32))
    const left = memoryAfter((crypto) => crypto.ed25519.verify(signature, first, publicKey))
    expect(left.includes(Buffer.from(first.subarray(0, 16)))).toBe(false)
  })

  it('and this test would see it: a call that stops half way leaves the secret', () => {
    const halfWay = (secret: Uint8Array): Buffer =>
      memoryAfter((_, core) => {
        core.memory.set(secret.subarray(0, 32), core.key)
        core.wasm.ed25519SignBegin(core.key)
        core.memory.fill(0, core.key, core.key + 32)
      })
    expect(halfWay(first).equals(halfWay(second))).toBe(false)
  })
})
