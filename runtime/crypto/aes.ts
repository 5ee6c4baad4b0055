import { aeskw, cbc } from '@noble/ciphers/aes.js'
import { DidCommError } from '../errors.ts'
import { EMPTY, expectBytes, outputFor, unshared } from './arguments.ts'
import type { Aead, Crypto, KeyWrap } from './crypto.ts'

// AES comes from @noble/ciphers until the core has it: its tables are looked up at secret addresses (docs/security.md). This file
// is imported only by the JSON envelopes, so that what does not use them does not carry it.

const MAC_KEY_BYTES = 32
const BLOCK_BYTES = 16
const TAG_BYTES = 32

/** Makes A256CBC-HS512, RFC 7518 §5.2.5: a 64-byte key (32 for the MAC, then 32 for AES), a 16-byte nonce, a 32-byte tag. */
export function a256cbcHs512(crypto: Crypto): Aead {
  /** The first half of HMAC-SHA-512 over aad || nonce || encrypted || bit length of aad (§5.2.2.1). */
  function tagOf(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, aad: Uint8Array): Uint8Array {
    const input = new Uint8Array(aad.length + nonce.length + encrypted.length + 8)
    input.set(aad, 0)
    input.set(nonce, aad.length)
    input.set(encrypted, aad.length + nonce.length)
    new DataView(input.buffer).setBigUint64(input.length - 8, BigInt(aad.length) * 8n)
    return crypto.hmacSha512(key.subarray(0, MAC_KEY_BYTES), input).subarray(0, TAG_BYTES)
  }

  return {
    keyBytes: 64,
    nonceBytes: BLOCK_BYTES,
    tagBytes: TAG_BYTES,

    seal(key, nonce, plaintext, aad = EMPTY, out) {
      expectBytes('key', key, 64)
      expectBytes('nonce', nonce, BLOCK_BYTES)
      expectBytes('plaintext', plaintext)
      expectBytes('aad', aad)
      const encryptedBytes = plaintext.length - (plaintext.length % BLOCK_BYTES) + BLOCK_BYTES
      const target = outputFor(out, encryptedBytes + TAG_BYTES)
      const encrypted = cbc(key.subarray(MAC_KEY_BYTES), nonce).encrypt(plaintext)
      const tag = tagOf(key, nonce, encrypted, aad)
      target.set(encrypted)
      target.set(tag, encryptedBytes)
      return target
    },

    open(key, nonce, ciphertext, aad = EMPTY, out) {
      expectBytes('key', key, 64)
      expectBytes('nonce', nonce, BLOCK_BYTES)
      expectBytes('ciphertext', ciphertext)
      expectBytes('aad', aad)
      if (ciphertext.length < BLOCK_BYTES + TAG_BYTES) throw tagError()
      const bytes = unshared(ciphertext)
      const encrypted = bytes.subarray(0, -TAG_BYTES)
      const tag = tagOf(key, nonce, encrypted, aad)
      if (!sameBytes(tag, bytes.subarray(-TAG_BYTES))) throw tagError()
      const plaintext = decrypt(key.subarray(MAC_KEY_BYTES), nonce, encrypted)
      if (out === undefined) return plaintext
      const target = outputFor(out, plaintext.length)
      target.set(plaintext)
      plaintext.fill(0)
      return target
    },
  }
}

/** A256KW: RFC 3394 with a 256-bit key, RFC 7518 §4.4. */
export const a256kw: KeyWrap = {
  keyBytes: 32,

  wrapKey(kek, key) {
    expectBytes('kek', kek, 32)
    expectBytes('key', key)
    if (key.length < 16 || key.length % 8 !== 0) {
      throw new RangeError(`"key" expected Uint8Array of a multiple of 8 bytes, at least 16, got length=${key.length}`)
    }
    return aeskw(kek).encrypt(key)
  },

  unwrapKey(kek, wrapped) {
    expectBytes('kek', kek, 32)
    expectBytes('wrapped', wrapped)
    if (wrapped.length < 24 || wrapped.length % 8 !== 0) throw tagError()
    try {
      return aeskw(kek).decrypt(wrapped)
    } catch {
      throw tagError()
    }
  },
}

function decrypt(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array): Uint8Array {
  try {
    return cbc(key, nonce).decrypt(encrypted)
  } catch {
    // Wrong padding or length under a right tag: the sender made it. It looks like a wrong tag all the same.
    throw tagError()
  }
}

function tagError(): DidCommError {
  return new DidCommError('ERR_CRYPTO_TAG', 'the authentication tag does not match')
}

/** Compares without an early exit. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
