import { describe, expect, test } from 'vitest'
import { encodeCbor, encodeUtf8, Tagged } from '../../../runtime/bytes/index.ts'
import {
  contentAlgorithms,
  decryptCoseFor,
  decryptCoseShared,
  directHkdfRecipient,
  directRecipient,
  encryptCoseFor,
  encryptCoseShared,
  parseCoseEncrypt,
  parseCoseShared,
  parseDirectRecipient,
  unwrapDirect,
} from '../../../runtime/envelope/cose/index.ts'
import { crypto, seededBytes } from '../world.ts'

const world = { crypto, randomBytes: seededBytes('shared') }
const plaintext = encodeUtf8('a reading')
const decrypt = { code: 'ERR_ENVELOPE_DECRYPT' }
const malformed = { code: 'ERR_ENVELOPE_MALFORMED' }

describe('a secret that is there already', () => {
  const secret = seededBytes('secret')(32)
  const kid = encodeUtf8('our-secret')
  const inputs = { salt: encodeUtf8('salt'), partyU: { identity: encodeUtf8('U') }, privateInfo: encodeUtf8('p') }

  async function openDirect(bytes: Uint8Array, keys: Parameters<typeof unwrapDirect>[1]) {
    const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    const recipient = parseDirectRecipient(envelope)!
    expect(recipient.kid).toEqual(kid)
    return decryptCoseFor(envelope, { unwrap: unwrapDirect(recipient, keys) }, crypto)
  }

  test('is the key, or is derived from', async () => {
    const key = await encryptCoseFor(
      { plaintext, recipients: { direct: directRecipient({ key: secret, kid }) } },
      world,
    )
    expect(await openDirect(key, { secret })).toEqual(plaintext)
    await expect(openDirect(key, { secret: new Uint8Array(32) })).rejects.toMatchObject(decrypt)
    const direct = directHkdfRecipient({ secret, kid, ...inputs })
    const derived = await encryptCoseFor({ plaintext, recipients: { direct } }, world)
    expect(await openDirect(derived, { secret, privateInfo: inputs.privateInfo })).toEqual(plaintext)
    await expect(openDirect(derived, { secret })).rejects.toMatchObject(decrypt)
  })

  test('is left as it was by those who encrypt with it', async () => {
    const key = secret.slice()
    await encryptCoseFor({ plaintext, recipients: { direct: directRecipient({ key, kid }) } }, world)
    encryptCoseShared({ plaintext, key }, world)
    expect(key).toEqual(secret)
  })

  test.each([
    ['is not alone', [1, 2].map(() => [new Uint8Array(0), new Map([[1, -6]]), new Uint8Array(0)])],
    ['has a ciphertext', [[new Uint8Array(0), new Map([[1, -6]]), new Uint8Array(1)]]],
    ['protects what it cannot', [[encodeCbor(new Map([[1, -6]])), new Map(), new Uint8Array(0)]]],
  ])('a direct recipient that %s is ERR_ENVELOPE_MALFORMED', (_, recipients) => {
    const body = [encodeCbor(new Map([[1, 24]])), new Map([[5, new Uint8Array(12)]]), new Uint8Array(20), recipients]
    const envelope = parseCoseEncrypt(encodeCbor(new Tagged(96, body)), { algorithms: contentAlgorithms }, crypto)
    expect(() => parseDirectRecipient(envelope)).toThrow(expect.objectContaining(malformed))
  })

  test('opens a COSE_Encrypt0, in which any bit turned fails but in the kid', () => {
    for (const algorithm of contentAlgorithms) {
      const key = seededBytes('key')(algorithm.aead(crypto).keyBytes)
      const bytes = encryptCoseShared({ plaintext, key, kid, algorithm, externalAad: kid }, world)
      const parse = (changed: Uint8Array) => parseCoseShared(changed, { algorithms: contentAlgorithms }, crypto)
      expect(parse(bytes).kid).toEqual(kid)
      expect(decryptCoseShared(parse(bytes), { key, externalAad: kid }, crypto)).toEqual(plaintext)
      expect(() => decryptCoseShared(parse(bytes), { key }, crypto)).toThrow(expect.objectContaining(decrypt))
      const kidAt = bytes.findIndex((_, i) => bytes.slice(i, i + kid.length).join() === kid.join())
      for (let i = 0; i < bytes.length * 8; i++) {
        const at = i >> 3
        // The label and the head of the kid, and its bytes.
        if (at >= kidAt - 2 && at < kidAt + kid.length) continue
        const turned = bytes.slice()
        turned[at] = turned[at]! ^ (1 << (i & 7))
        const openTurned = (): Uint8Array => decryptCoseShared(parse(turned), { key, externalAad: kid }, crypto)
        expect(openTurned, `bit ${i}`).toThrow(expect.objectContaining({ name: 'DidCommError' }))
      }
    }
  })

  test('with AES-CCM, more than 65,535 bytes are ERR_TOO_LARGE', () => {
    const body = [encodeCbor(new Map([[1, 11]])), new Map([[5, new Uint8Array(13)]]), new Uint8Array(65_544)]
    const bytes = encodeCbor(new Tagged(16, body))
    const parse = (): unknown => parseCoseShared(bytes, { algorithms: contentAlgorithms }, crypto)
    expect(parse).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  })
})
