import * as node from 'node:crypto'
import type { Aead, KeyWrap } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import type { AesCiphers } from './aes-modes.ts'

type Mode = 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-ccm' | 'aes-256-ccm'

function orTagError<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new DidCommError('ERR_CRYPTO_TAG', 'the tag is wrong', { cause })
  }
}

function aead(mode: Mode, tagBytes: number): Aead {
  // Node's types know each mode apart; its functions take both.
  const name = mode as 'aes-256-ccm'
  const options = { authTagLength: tagBytes }
  return {
    keyBytes: mode.includes('256') ? 32 : 16,
    nonceBytes: mode.endsWith('ccm') ? 13 : 12,
    tagBytes,
    seal(key, nonce, plaintext, aad = new Uint8Array(0)) {
      const cipher = node.createCipheriv(name, key, nonce, options)
      cipher.setAAD(aad, { plaintextLength: plaintext.length })
      return Uint8Array.from(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
    },
    open(key, nonce, ciphertext, aad = new Uint8Array(0)) {
      const decipher = node.createDecipheriv(name, key, nonce, options)
      decipher.setAuthTag(ciphertext.subarray(-tagBytes))
      decipher.setAAD(aad, { plaintextLength: ciphertext.length - tagBytes })
      return orTagError(() => {
        const text = decipher.update(ciphertext.subarray(0, -tagBytes))
        return Uint8Array.from(Buffer.concat([text, decipher.final()]))
      })
    },
  }
}

/** A256CBC-HS512; without `padded`, the plaintext is encrypted as it is. */
export function sealCbcHs512(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
  padded = true,
): Uint8Array {
  const cipher = node.createCipheriv('aes-256-cbc', key.subarray(32), nonce).setAutoPadding(padded)
  const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Uint8Array.from(Buffer.concat([encrypted, cbcHs512Tag(key, nonce, encrypted, aad)]))
}

/** The first half of HMAC-SHA-512 over aad || nonce || encrypted || bit length of aad (RFC 7518 §5.2.2.1). */
export function cbcHs512Tag(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array, aad: Uint8Array): Buffer {
  const bits = Buffer.alloc(8)
  bits.writeBigUInt64BE(BigInt(aad.length) * 8n)
  const mac = node.createHmac('sha512', key.subarray(0, 32)).update(aad).update(nonce).update(encrypted).update(bits)
  return mac.digest().subarray(0, 32)
}

const a256cbcHs512: Aead = {
  keyBytes: 64,
  nonceBytes: 16,
  tagBytes: 32,
  seal: (key, nonce, plaintext, aad = new Uint8Array(0)) => sealCbcHs512(key, nonce, plaintext, aad),
  open(key, nonce, ciphertext, aad = new Uint8Array(0)) {
    const encrypted = ciphertext.subarray(0, -32)
    return orTagError(() => {
      if (!node.timingSafeEqual(ciphertext.subarray(-32), cbcHs512Tag(key, nonce, encrypted, aad)))
        throw new Error('tag')
      const decipher = node.createDecipheriv('aes-256-cbc', key.subarray(32), nonce)
      return Uint8Array.from(Buffer.concat([decipher.update(encrypted), decipher.final()]))
    })
  },
}

const initial = Buffer.alloc(8, 0xa6)

const a256kw: KeyWrap = {
  keyBytes: 32,
  wrapKey(kek, key) {
    const cipher = node.createCipheriv('id-aes256-wrap', kek, initial)
    return Uint8Array.from(Buffer.concat([cipher.update(key), cipher.final()]))
  },
  unwrapKey: (kek, wrapped) =>
    orTagError(() => {
      const decipher = node.createDecipheriv('id-aes256-wrap', kek, initial)
      return Uint8Array.from(Buffer.concat([decipher.update(wrapped), decipher.final()]))
    }),
}

/** OpenSSL. Its CCM takes no empty text. */
export const nodeAes: AesCiphers = {
  a256cbcHs512,
  a256gcm: aead('aes-256-gcm', 16),
  aes128gcm: aead('aes-128-gcm', 16),
  aesCcm16_64_128: aead('aes-128-ccm', 8),
  aesCcm16_128_128: aead('aes-128-ccm', 16),
  aesCcm16_64_256: aead('aes-256-ccm', 8),
  aesCcm16_128_256: aead('aes-256-ccm', 16),
  a256kw,
}
