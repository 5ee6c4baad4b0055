import { expect, test } from 'vitest'
import { decodeCbor, decodeHex, encodeUtf8 } from '../../../runtime/bytes/index.ts'
import { crypto } from '../../../runtime/crypto/index.ts'
import {
  contentAlgorithms,
  decryptCose,
  decryptCoseFor,
  parseCose,
  parseCoseEncrypt,
  parseHpkeRecipient,
  unwrapHpke,
} from '../../../runtime/envelope/cose/index.ts'
import { ownVectors } from '../../vectors.ts'

// The test vectors of draft-ietf-cose-hpke-24 for the one suite that is here, in base and psk mode.

interface Vectors {
  plaintext: string
  externalAad: string
  externalInfo: string
  externalHpkeAad: string
  psk: string
  pskId: string
  keys: Record<string, string>
  vectors: {
    alg: string
    mode: string
    externalAad: boolean
    externalInfo: boolean
    externalHpkeAad: boolean
    cose: string
  }[]
}
type Vector = Vectors['vectors'][number]

const published = ownVectors<Vectors>('cose-hpke.json')
const empty = new Uint8Array(0)
const textIf = (has: boolean, text: string): Uint8Array => (has ? encodeUtf8(text) : empty)

function keysOf({ alg, mode }: Vector) {
  const key = decodeCbor(decodeHex(published.keys[alg] ?? '')) as Map<number, Uint8Array>
  const [recipientPublicKey, secretKey] = [key.get(-2) ?? empty, key.get(-4) ?? empty]
  return {
    recipientPublicKey,
    dhOf: (ek: Uint8Array) => crypto.x25519.getSharedSecret(secretKey, ek),
    ...(mode === 'psk' ? { psk: decodeHex(published.psk) } : {}),
  }
}

function openMessage(vector: Vector): Uint8Array {
  const { dhOf, ...keys } = keysOf(vector)
  const envelope = parseCose(decodeHex(vector.cose))
  const info = textIf(vector.externalInfo, published.externalInfo)
  const externalAad = textIf(vector.externalAad, published.externalAad)
  return decryptCose(envelope, { ...keys, dh: dhOf(envelope.ek), info, externalAad }, crypto)
}

function openKey(vector: Vector): Promise<Uint8Array> {
  const { dhOf, ...keys } = keysOf(vector)
  const envelope = parseCoseEncrypt(decodeHex(vector.cose), { algorithms: contentAlgorithms }, crypto)
  const recipient = envelope.recipients.map(parseHpkeRecipient)[0]!
  const unwrap = unwrapHpke(recipient, {
    ...keys,
    dh: dhOf(recipient.ek),
    extraInfo: () => textIf(vector.externalInfo, published.externalInfo),
    hpkeAad: textIf(vector.externalHpkeAad, published.externalHpkeAad),
  })
  const externalAad = textIf(vector.externalAad, published.externalAad)
  return decryptCoseFor(envelope, { unwrap, externalAad }, crypto)
}

test('all 24 messages open', async () => {
  expect(published.vectors).toHaveLength(24)
  for (const vector of published.vectors) {
    const plaintext = vector.alg === 'HPKE-4' ? openMessage(vector) : await openKey(vector)
    expect(plaintext, JSON.stringify(vector)).toEqual(encodeUtf8(published.plaintext))
  }
})

test('none of them opens where one of the three external inputs is another', async () => {
  for (const vector of published.vectors) {
    for (const input of ['externalAad', 'externalInfo', 'externalHpkeAad'] as const) {
      if (vector.alg === 'HPKE-4' && input === 'externalHpkeAad') continue
      const changed = { ...vector, [input]: !vector[input] }
      const open = async () => (vector.alg === 'HPKE-4' ? openMessage(changed) : openKey(changed))
      await expect(open(), input).rejects.toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT' })
    }
  }
})
