import { describe, expect, it } from 'vitest'
import { crypto, type HpkeAgreed, hpkeOver } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'
import { ownVectors } from '../vectors.ts'
import { hex } from './hex.ts'

interface Vector {
  mode: 0 | 1
  aead_id: 1 | 3
  info: string
  pkRm: string
  skRm: string
  skEm: string
  enc: string
  psk?: string
  psk_id?: string
  encryptions: { seq: number; aad: string; pt: string; ct: string }[]
  exports: { exporter_context: string; L: number; exported_value: string }[]
}

const names = { 1: 'aes128gcm', 3: 'chacha20poly1305' } as const
const { vectors } = ownVectors<{ vectors: Vector[] }>('hpke_x25519.json')

const agreedOf = ({ info, psk, psk_id }: Vector): HpkeAgreed => ({
  info: hex(info),
  ...(psk && psk_id ? { psk: { psk: hex(psk), pskId: hex(psk_id) } } : {}),
})

describe.each(vectors)('RFC 9180 A, AEAD $aead_id, mode $mode', (vector) => {
  const hpke = hpkeOver(crypto, names[vector.aead_id])
  const agreed = agreedOf(vector)
  const recipientPublicKey = hex(vector.pkRm)
  const [secretKey, enc] = [hex(vector.skRm), hex(vector.enc)]
  const recipients = {
    'the secret key': { secretKey },
    'a shared secret': { sharedSecret: crypto.x25519.getSharedSecret(secretKey, enc), recipientPublicKey },
  }
  const createSender = () => hpke.createSender({ recipientPublicKey, ...agreed }, () => hex(vector.skEm))

  it('seals each message of the sequence byte for byte', () => {
    const sender = createSender()
    expect(sender.enc).toEqual(enc)
    for (let seq = 0; seq <= 256; seq++) {
      const known = vector.encryptions.find((encryption) => encryption.seq === seq)
      const ciphertext = sender.seal(hex(known?.pt ?? ''), hex(known?.aad ?? ''))
      if (known) expect(ciphertext, `message ${seq}`).toEqual(hex(known.ct))
    }
  })

  it.each(Object.entries(recipients))('opens with %s, and a forgery between two messages does not count', (_, key) => {
    const sender = createSender()
    const recipient = hpke.createRecipient({ enc, ...key, ...agreed })
    for (let seq = 0; seq <= 256; seq++) {
      const known = vector.encryptions.find((encryption) => encryption.seq === seq)
      const [plaintext, aad] = [hex(known?.pt ?? ''), hex(known?.aad ?? '')]
      const ciphertext = sender.seal(plaintext, aad)
      const forged = ciphertext.map((byte, i) => (i === 3 ? byte ^ 1 : byte))
      expect(() => recipient.open(forged, aad)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
      expect(recipient.open(known ? hex(known.ct) : ciphertext, aad)).toEqual(plaintext)
    }
  })

  it('exports the same secrets on both sides', () => {
    const sides = [createSender(), hpke.createRecipient({ enc, secretKey, ...agreed })]
    for (const { exporter_context, L, exported_value } of vector.exports) {
      for (const side of sides) expect(side.exportSecret(hex(exporter_context), L)).toEqual(hex(exported_value))
    }
  })

  it('seals and opens one message at once', () => {
    const [first] = vector.encryptions
    const [plaintext, aad, ciphertext] = [hex(first?.pt ?? ''), hex(first?.aad ?? ''), hex(first?.ct ?? '')]
    const sealed = hpke.seal({ recipientPublicKey, ...agreed, plaintext, aad }, () => hex(vector.skEm))
    expect(sealed).toEqual({ enc, ciphertext })
    expect(hpke.open({ secretKey, ...agreed, enc, ciphertext, aad })).toEqual(plaintext)
  })

  it('does not open under another info, aad or psk', () => {
    const [first] = vector.encryptions
    const [aad, ciphertext] = [hex(first?.aad ?? ''), hex(first?.ct ?? '')]
    const psk = { pskId: Uint8Array.of(1), psk: new Uint8Array(32) }
    const open = (changes: object) => () => hpke.open({ secretKey, ...agreed, enc, ciphertext, aad, ...changes })
    for (const changes of [{ info: new Uint8Array(1) }, { aad: new Uint8Array(1) }, { psk }, { aad: undefined }]) {
      expect(open(changes)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
    }
  })
})

describe('HPKE', () => {
  const { bytes } = randomFrom(31)
  const hpke = hpkeOver(crypto, 'chacha20poly1305')
  const secretKey = bytes(32)
  const recipientPublicKey = crypto.x25519.getPublicKey(secretKey)
  const plaintext = bytes(20)

  it('refuses keys of low order and of another length, as those of another party', () => {
    const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })
    for (const key of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(33)]) {
      expect(() => hpke.seal({ recipientPublicKey: key, plaintext }, bytes)).toThrow(invalid)
      expect(() => hpke.open({ enc: key, secretKey, ciphertext: new Uint8Array(16) })).toThrow(invalid)
    }
  })

  it.each([
    ['a psk shorter than 32 bytes', { psk: new Uint8Array(31), pskId: new Uint8Array(1) }],
    ['a psk without an id', { psk: new Uint8Array(32), pskId: new Uint8Array(0) }],
  ])('takes %s for a mistake of the caller', (_, psk) => {
    expect(() => hpke.seal({ recipientPublicKey, plaintext, psk }, bytes)).toThrow(RangeError)
    expect(() => hpke.open({ enc: recipientPublicKey, secretKey, ciphertext: plaintext, psk })).toThrow(RangeError)
  })

  it('takes an ephemeral key of a wrong length for a mistake of the caller', () => {
    expect(() => hpke.seal({ recipientPublicKey, plaintext }, () => bytes(31))).toThrow(
      '"secretKey" expected Uint8Array of length 32, got length=31',
    )
  })

  it('refuses to export more than HKDF gives', () => {
    const sender = hpke.createSender({ recipientPublicKey }, bytes)
    expect(() => sender.exportSecret(new Uint8Array(0), 8161)).toThrow(RangeError)
    expect(sender.exportSecret(new Uint8Array(0), 8160)).toHaveLength(8160)
  })
})
