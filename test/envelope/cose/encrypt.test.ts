import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, encodeUtf8, equalBytes, Tagged } from '../../../runtime/bytes/index.ts'
import { crypto } from '../../../runtime/crypto/index.ts'
import {
  type CoseContent,
  chaCha20Poly1305,
  contentAlgorithms,
  decryptCoseFor,
  encryptCoseFor,
  hpkeRecipient,
  maxCoseRecipients,
  parseCoseEncrypt,
  parseHpkeRecipient,
  unwrapHpke,
} from '../../../runtime/envelope/cose/index.ts'
import { seededBytes } from '../world.ts'

const context = { crypto, randomBytes: seededBytes('encrypt') }
const plaintext = encodeCbor([1, new Uint8Array(20)])
const psk = { psk: seededBytes('psk')(32), pskId: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1) }
const hashOf = ({ ciphertext }: CoseContent): Uint8Array => crypto.sha256(ciphertext)

interface Holder {
  kid: Uint8Array
  secretKey: Uint8Array
  recipientPublicKey: Uint8Array
}
function holder(name: string): Holder {
  const secretKey = seededBytes(name)(32)
  return { kid: encodeUtf8(name), secretKey, recipientPublicKey: crypto.x25519.getPublicKey(secretKey) }
}
const alice = holder('alice')
const bob = holder('bob')

async function open(bytes: Uint8Array, { kid, secretKey, recipientPublicKey }: Holder, keys: object = {}) {
  const envelope = parseCoseEncrypt(bytes, { algorithms: [chaCha20Poly1305] }, crypto)
  const recipient = envelope.recipients
    .map(parseHpkeRecipient)
    .find((candidate) => candidate?.kid && equalBytes(candidate.kid, kid))
  if (!recipient) throw new Error('no such recipient')
  const dh = crypto.x25519.getSharedSecret(secretKey, recipient.ek)
  const { externalAad, ...rest } = keys as { externalAad?: Uint8Array }
  const unwrap = unwrapHpke(recipient, { recipientPublicKey, dh, ...rest })
  return decryptCoseFor(envelope, { unwrap, ...(externalAad && { externalAad }) }, crypto)
}

const decrypt = { code: 'ERR_ENVELOPE_DECRYPT' }

describe('COSE_Encrypt with HPKE-4-KE', () => {
  test('each of several recipients opens it, in base and in psk mode', async () => {
    const recipients = [hpkeRecipient(alice), hpkeRecipient({ ...bob, psk, extraInfo: hashOf })]
    const bytes = await encryptCoseFor({ plaintext, recipients }, context)
    expect(await open(bytes, alice)).toEqual(plaintext)
    expect(await open(bytes, bob, { psk: psk.psk, extraInfo: hashOf })).toEqual(plaintext)
    await expect(open(bytes, bob, { psk: new Uint8Array(32), extraInfo: hashOf })).rejects.toMatchObject(decrypt)
    await expect(open(bytes, { ...alice, secretKey: bob.secretKey })).rejects.toMatchObject(decrypt)
    await expect(open(bytes, bob)).rejects.toThrow(TypeError)
  })

  test('is 167 bytes for a reading of 20 and an id of 8, and 101 more for each further recipient', async () => {
    const one = hpkeRecipient({ ...alice, kid: new Uint8Array(8) })
    const sizes = await Promise.all(
      [[one], [one, one]].map(async (recipients) => (await encryptCoseFor({ plaintext, recipients }, context)).length),
    )
    expect(sizes).toEqual([167, 269])
  })

  test('any bit turned fails for the only recipient', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: [hpkeRecipient(alice)] }, context)
    for (let i = 0; i < bytes.length * 8; i++) {
      const turned = bytes.slice()
      turned[i >> 3] = turned[i >> 3]! ^ (1 << (i & 7))
      await expect(open(turned, alice), `bit ${i}`).rejects.toThrow()
    }
  })

  test('what is authenticated beside the content must be the same', async () => {
    const recipients = [hpkeRecipient(alice)]
    const bytes = await encryptCoseFor({ plaintext, recipients, externalAad: alice.kid }, context)
    expect(await open(bytes, alice, { externalAad: alice.kid })).toEqual(plaintext)
    await expect(open(bytes, alice)).rejects.toMatchObject(decrypt)
  })

  test('a recipient who puts other content beside the entry of another one is found out where the entry binds it', async () => {
    // Alice knows the content encryption key, as every recipient does, and encrypts something else under it for Bob.
    const forge = async (extraInfo?: (content: CoseContent) => Uint8Array) => {
      let known = new Uint8Array(0)
      const forBob = hpkeRecipient({ ...bob, psk, ...(extraInfo && { extraInfo }) })
      const spy: typeof forBob = (cek, content, world) => {
        known = Uint8Array.from(cek)
        return forBob(cek, content, world)
      }
      const honest = decodeCbor(await encryptCoseFor({ plaintext, recipients: [spy] }, context)) as Tagged
      const [protectedHeader, unprotected, , recipients] = honest.value as CborValue[]
      const iv = (unprotected as Map<number, Uint8Array>).get(5)!
      const aad = encodeCbor(['Encrypt', protectedHeader, new Uint8Array(0)])
      const forged = crypto.chacha20poly1305.seal(known, iv, new Uint8Array(3), aad)
      return encodeCbor(new Tagged(96, [protectedHeader, unprotected, forged, recipients]))
    }
    expect(await open(await forge(), bob, { psk: psk.psk })).toEqual(new Uint8Array(3))
    await expect(open(await forge(hashOf), bob, { psk: psk.psk, extraInfo: hashOf })).rejects.toMatchObject(decrypt)
  })

  test('another content encryption than the one that was meant does not open', async () => {
    const aes = contentAlgorithms.find(({ alg }) => alg === 3)!
    const bytes = await encryptCoseFor({ plaintext, recipients: [hpkeRecipient(alice)], algorithm: aes }, context)
    const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    const recipient = parseHpkeRecipient(envelope.recipients[0]!)!
    const dh = crypto.x25519.getSharedSecret(alice.secretKey, recipient.ek)
    const unwrap = unwrapHpke(recipient, { recipientPublicKey: alice.recipientPublicKey, dh })
    expect(await decryptCoseFor(envelope, { unwrap }, crypto)).toEqual(plaintext)
    expect(() => unwrap({ ...envelope, algorithm: chaCha20Poly1305 }, crypto)).toThrow(
      expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }),
    )
  })

  test('a key store that is out of reach is no forged envelope', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: [hpkeRecipient(alice)] }, context)
    const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    const unwrap = (): Promise<Uint8Array> => Promise.reject(new Error('out of reach'))
    await expect(decryptCoseFor(envelope, { unwrap }, crypto)).rejects.toThrow('out of reach')
  })

  test('a key of another length does not open', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: [hpkeRecipient(alice)] }, context)
    const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    await expect(decryptCoseFor(envelope, { unwrap: () => new Uint8Array(16) }, crypto)).rejects.toMatchObject(decrypt)
    await expect(decryptCoseFor(envelope, { unwrap: () => new Uint8Array(32) }, crypto)).rejects.toMatchObject(decrypt)
  })

  test('no recipient, or more than the limit, is a RangeError', async () => {
    const recipients = Array.from({ length: maxCoseRecipients + 1 }, () => hpkeRecipient(alice))
    await expect(encryptCoseFor({ plaintext, recipients }, context)).rejects.toThrow(RangeError)
    await expect(encryptCoseFor({ plaintext, recipients: [] }, context)).rejects.toThrow(RangeError)
  })
})

describe('what is malformed', () => {
  const recipientParts: CborValue[] = [
    encodeCbor(
      new Map<number, CborValue>([
        [1, 50],
        [4, alice.kid],
      ]),
    ),
    new Map([[-4, new Uint8Array(32)]]),
    new Uint8Array(48),
  ]
  const parts: CborValue[] = [encodeCbor(new Map([[1, 24]])), new Map([[5, new Uint8Array(12)]]), new Uint8Array(16)]
  const build = (changes: Record<number, CborValue> = {}, tag = 96): Uint8Array =>
    encodeCbor(new Tagged(tag, Object.assign([...parts, [recipientParts]], changes)))
  const buildRecipient = (changes: Record<number, CborValue>): Uint8Array =>
    build({ 3: [Object.assign([...recipientParts], changes)] })
  const read = (bytes: Uint8Array) =>
    parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto).recipients.map(parseHpkeRecipient)

  test('the helper of these tests builds what is read', () => {
    expect(read(build())[0]?.kid).toEqual(alice.kid)
  })

  const malformed: Record<string, Uint8Array> = {
    'three parts': encodeCbor(new Tagged(96, parts)),
    'no recipients': build({ 3: [] }),
    'recipients that are no array': build({ 3: 1 }),
    'too many recipients': build({ 3: Array.from({ length: 65 }, () => recipientParts) }),
    'a recipient that is no array': build({ 3: [1] }),
    'a recipient with recipients': buildRecipient({ 3: [] }),
    'no IV': build({ 1: new Map() }),
    'an IV of another length': build({ 1: new Map([[5, new Uint8Array(13)]]) }),
    'a partial IV': build({ 1: new Map([[6, new Uint8Array(12)]]) }),
    'a ciphertext shorter than its tag': build({ 2: new Uint8Array(15) }),
    'a ciphertext that is no byte string': build({ 2: 'text' }),
    'no ek': buildRecipient({ 1: new Map() }),
    'an ek of another length': buildRecipient({ 1: new Map([[-4, new Uint8Array(31)]]) }),
    'an encrypted key shorter than its tag': buildRecipient({ 2: new Uint8Array(15) }),
    'no encrypted key': buildRecipient({ 2: null }),
    'a parameter of a recipient that is not known': buildRecipient({
      1: new Map<number, CborValue>([
        [-4, new Uint8Array(32)],
        [33, 1],
      ]),
    }),
    'a psk_id that is not protected': buildRecipient({
      1: new Map<number, CborValue>([
        [-5, alice.kid],
        [-4, new Uint8Array(32)],
      ]),
    }),
  }
  test.each(Object.entries(malformed))('%s is ERR_ENVELOPE_MALFORMED', (_, bytes) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_MALFORMED' }))
  })

  const unsupported: Record<string, Uint8Array> = {
    'another tag': build({}, 16),
    'another content encryption': build({ 0: encodeCbor(new Map([[1, 2]])) }),
    'no content encryption': build({ 0: new Uint8Array(0) }),
    'a ciphertext elsewhere': build({ 2: null }),
    'a critical parameter': build({
      0: encodeCbor(
        new Map<number, CborValue>([
          [1, 24],
          [2, [5]],
        ]),
      ),
    }),
  }
  test.each(Object.entries(unsupported))('%s is ERR_ENVELOPE_UNSUPPORTED', (_, bytes) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' }))
  })

  test('a recipient by another method is passed over', () => {
    const bytes = buildRecipient({ 0: encodeCbor(new Map([[1, -31]])) })
    expect(read(bytes)).toEqual([undefined])
  })
})
