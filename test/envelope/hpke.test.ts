import { expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { openHpke, sealHpke } from '../../runtime/envelope/cose/hpke.ts'
import { ownVectors } from '../vectors.ts'

interface Vector {
  mode: number
  info: string
  pkRm: string
  skRm: string
  skEm: string
  enc: string
  psk?: string
  psk_id?: string
  encryptions: { aad: string; pt: string; ct: string }[]
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const { vectors } = ownVectors<{ vectors: Vector[] }>('hpke_x25519_chacha20poly1305.json')

for (const vector of vectors) {
  const mode = vector.mode === 0 ? 'base' : 'psk'
  const psk = vector.psk && vector.psk_id ? { psk: { psk: hex(vector.psk), pskId: hex(vector.psk_id) } } : {}
  const [{ aad, pt, ct }] = vector.encryptions as [{ aad: string; pt: string; ct: string }]
  const shared = { recipientPublicKey: hex(vector.pkRm), info: hex(vector.info), aad: hex(aad), ...psk }

  test(`the ${mode} mode seals the vector of RFC 9180 A.2 byte for byte`, () => {
    const context = { crypto, randomBytes: () => hex(vector.skEm) }
    const sealed = sealHpke({ ...shared, plaintext: hex(pt) }, context)
    expect(sealed.enc).toEqual(hex(vector.enc))
    expect(sealed.ciphertext).toEqual(hex(ct))
  })

  test(`the ${mode} mode opens the vector of RFC 9180 A.2`, () => {
    const dh = crypto.x25519.getSharedSecret(hex(vector.skRm), hex(vector.enc))
    const opened = openHpke({ ...shared, enc: hex(vector.enc), dh, ciphertext: hex(ct) }, crypto)
    expect(opened).toEqual(hex(pt))
  })
}

test('a psk shorter than 32 bytes is a mistake of the caller', () => {
  const options = {
    recipientPublicKey: hex(vectors[0]?.pkRm ?? ''),
    info: new Uint8Array(0),
    aad: new Uint8Array(0),
    plaintext: new Uint8Array(0),
    psk: { psk: new Uint8Array(31), pskId: new Uint8Array(1) },
  }
  const context = { crypto, randomBytes: (n: number) => new Uint8Array(n).fill(7) }
  expect(() => sealHpke(options, context)).toThrow(RangeError)
})
