import { describe, expect, it } from 'vitest'
import { decodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { ccm, gcm } from '../oracle/aes-modes.ts'
import { sharedVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

// The examples of the COSE working group, without their envelopes: key, nonce, additional data, ciphertext.

interface Example {
  input: { plaintext: string; enveloped?: Body; encrypted?: Body; rng_stream?: string[] }
  intermediates: { AAD_hex: string; CEK_hex: string }
  output: { cbor: string }
  fail?: boolean
}

interface Body {
  protected: { alg: string }
  unsent?: { IV_hex?: string }
  unprotected?: { IV_hex?: string }
}

const aeads: Record<string, Aead> = {
  A128GCM: crypto.aes128gcm,
  A256GCM: crypto.a256gcm,
  'AES-CCM-16-128/64': crypto.aesCcm16_64_128,
  'AES-CCM-16-128/128': crypto.aesCcm16_128_128,
  'AES-CCM-16-256/64': crypto.aesCcm16_64_256,
  'AES-CCM-16-256/128': crypto.aesCcm16_128_256,
}

/** Those that the library does not offer, by the bytes of their tag: the slow twin has them. */
const others: Record<string, number> = {
  A192GCM: 16,
  'AES-CCM-64-128/64': 8,
  'AES-CCM-64-128/128': 16,
  'AES-CCM-64-256/64': 8,
  'AES-CCM-64-256/128': 16,
}

function ciphertextOf(cbor: string): Uint8Array {
  const message = decodeCbor(hex(cbor))
  const parts = message instanceof Tagged ? message.value : message
  const ciphertext = Array.isArray(parts) ? parts[2] : undefined
  if (!(ciphertext instanceof Uint8Array)) throw new Error('no ciphertext')
  return ciphertext
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}-0${i + 1}.json`)

const files = [
  ...[...numbered('aes-ccm', 8), ...numbered('aes-ccm-enc', 8)].map((name) => `aes-ccm-examples/${name}`),
  ...[...numbered('aes-gcm', 5), ...numbered('aes-gcm-enc', 4)].map((name) => `aes-gcm-examples/${name}`),
]

describe('the COSE example', () => {
  it.for(files)('%s opens, and seals to the same bytes', (file, { skip }) => {
    const example = sharedVectors<Example>(`cose/${file}`)
    if (!example) return skip()
    const { input, intermediates, output, fail } = example
    const body = input.enveloped ?? input.encrypted
    const algorithm = body?.protected.alg ?? ''
    const [key, aad] = [hex(intermediates.CEK_hex), hex(intermediates.AAD_hex)]
    const nonce = hex(input.rng_stream?.[0] ?? body?.unsent?.IV_hex ?? '')
    const plaintext = new TextEncoder().encode(input.plaintext)
    const sealed = ciphertextOf(output.cbor)
    const aead = aeads[algorithm]
    if (!aead) {
      const seal = algorithm === 'A192GCM' ? gcm : ccm
      const { result, tag } = seal(key, nonce, plaintext, aad, false, others[algorithm])
      expect(toHex(result) + toHex(tag)).toBe(toHex(sealed))
    } else if (fail) {
      expect(() => aead.open(key, nonce, sealed, aad)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
    } else {
      expect(toHex(aead.open(key, nonce, sealed, aad))).toBe(toHex(plaintext))
      expect(toHex(aead.seal(key, nonce, plaintext, aad))).toBe(toHex(sealed))
    }
  })
})
