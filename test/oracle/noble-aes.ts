import { aeskw, cbc, ctr, gcm } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import type { AesCiphers } from './aes-modes.ts'
import { concat, toBigEndian, zeros } from './numbers.ts'

type Bytes = Uint8Array

function written(bytes: Bytes, out?: Bytes): Bytes {
  if (out === undefined) return bytes
  out.set(bytes)
  return out.subarray(0, bytes.length)
}

function orTagError<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new DidCommError('ERR_CRYPTO_TAG', 'noble refuses', { cause })
  }
}

function expectSame(a: Bytes, b: Bytes): void {
  if (Buffer.compare(a, b) !== 0) throw new DidCommError('ERR_CRYPTO_TAG', 'the tag is wrong')
}

function gcmAead(keyBytes: number): Aead {
  return {
    keyBytes,
    nonceBytes: 12,
    tagBytes: 16,
    seal: (key, nonce, plaintext, aad, out) => written(gcm(key, nonce, aad).encrypt(plaintext), out),
    open: (key, nonce, ciphertext, aad, out) =>
      orTagError(() => written(gcm(key, nonce, aad).decrypt(ciphertext), out)),
  }
}

function cbcHs512Tag(key: Bytes, nonce: Bytes, encrypted: Bytes, aad: Bytes): Bytes {
  const bits = toBigEndian(BigInt(aad.length) * 8n, 8)
  return hmac(sha512, key.subarray(0, 32), concat(aad, nonce, encrypted, bits)).subarray(0, 32)
}

const a256cbcHs512: Aead = {
  keyBytes: 64,
  nonceBytes: 16,
  tagBytes: 32,
  seal(key, nonce, plaintext, aad = zeros(0), out) {
    const encrypted = cbc(key.subarray(32), nonce).encrypt(plaintext)
    return written(concat(encrypted, cbcHs512Tag(key, nonce, encrypted, aad)), out)
  },
  open(key, nonce, ciphertext, aad = zeros(0), out) {
    const encrypted = ciphertext.subarray(0, -32)
    expectSame(cbcHs512Tag(key, nonce, encrypted, aad), ciphertext.subarray(-32))
    return orTagError(() => written(cbc(key.subarray(32), nonce).decrypt(encrypted), out))
  },
}

const padded = (bytes: Bytes): Bytes => concat(bytes, zeros(-bytes.length & 15))

/** noble has no CCM: here it is put together from its CTR and CBC, with two bytes for the length (RFC 3610 §2). */
function ccmAead(keyBytes: number, tagBytes: number): Aead {
  const block = (flags: number, nonce: Bytes, last: number): Bytes =>
    concat(Uint8Array.of(flags), nonce, toBigEndian(BigInt(last), 2))
  function tagOf(key: Bytes, nonce: Bytes, text: Bytes, aad: Bytes): Bytes {
    const length =
      aad.length < 0xff00 ? [aad.length >> 8, aad.length] : [0xff, 0xfe, ...toBigEndian(BigInt(aad.length), 4)]
    const data = aad.length > 0 ? padded(concat(Uint8Array.from(length), aad)) : aad
    const first = block((aad.length > 0 ? 0x41 : 1) + 4 * (tagBytes - 2), nonce, text.length)
    const chain = cbc(key, zeros(16), { disablePadding: true }).encrypt(concat(first, data, padded(text)))
    return ctr(key, block(1, nonce, 0))
      .encrypt(chain.slice(-16))
      .slice(0, tagBytes)
  }
  return {
    keyBytes,
    nonceBytes: 13,
    tagBytes,
    seal(key, nonce, plaintext, aad = zeros(0), out) {
      const encrypted = ctr(key, block(1, nonce, 1)).encrypt(plaintext)
      return written(concat(encrypted, tagOf(key, nonce, plaintext, aad)), out)
    },
    open(key, nonce, ciphertext, aad = zeros(0), out) {
      const text = ctr(key, block(1, nonce, 1)).decrypt(ciphertext.slice(0, -tagBytes))
      expectSame(tagOf(key, nonce, text, aad), ciphertext.slice(-tagBytes))
      return written(text, out)
    },
  }
}

export const nobleAes: AesCiphers = {
  a256cbcHs512,
  a256gcm: gcmAead(32),
  aes128gcm: gcmAead(16),
  aesCcm16_64_128: ccmAead(16, 8),
  aesCcm16_128_128: ccmAead(16, 16),
  aesCcm16_64_256: ccmAead(32, 8),
  aesCcm16_128_256: ccmAead(32, 16),
  a256kw: {
    keyBytes: 32,
    wrapKey: (kek, key) => aeskw(kek).encrypt(key),
    unwrapKey: (kek, wrapped) => orTagError(() => aeskw(kek).decrypt(wrapped)),
  },
}
