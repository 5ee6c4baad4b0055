import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../../runtime/bytes/index.ts'
import { p256 } from '../../../runtime/crypto/curves.ts'
import { crypto as core } from '../../../runtime/crypto/index.ts'
import {
  type CosePublicKey,
  type CoseSigner,
  maxCoseSignatures,
  parseCoseSign,
  parseCoseSign1,
  signCose,
  signCose1,
  verifyCose,
  verifyCose1,
} from '../../../runtime/envelope/cose/index.ts'
import { crypto, seededBytes } from '../world.ts'

const payload = encodeCbor([1, new Uint8Array(20)])
const kid = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

const seed = seededBytes('signer')(32)
const scalar = p256.generateSecretKey(seededBytes('p-256'))
const ed25519: CoseSigner & { publicKey: CosePublicKey } = {
  curve: 'Ed25519',
  kid,
  sign: async (data) => crypto.ed25519.sign(data, seed),
  publicKey: { curve: 'Ed25519', bytes: crypto.ed25519.getPublicKey(seed) },
}
const ecdsa: CoseSigner & { publicKey: CosePublicKey } = {
  curve: 'P-256',
  kid: Uint8Array.of(9),
  sign: async (data) => p256.sign(data, scalar),
  publicKey: { curve: 'P-256', bytes: p256.getPublicKey(scalar) },
}
const { publicKey } = ed25519
const refused = (code: string) => expect.objectContaining({ code })

describe('COSE_Sign1', () => {
  test('has 107 bytes around a reading of 20, with an id of 8', async () => {
    expect(await signCose1({ ...ed25519, payload })).toHaveLength(107)
  })

  test.each([
    ['Ed25519', ed25519, undefined, -19],
    ['EdDSA', ed25519, -8, -8],
    ['ESP256', ecdsa, undefined, -9],
    ['ES256', ecdsa, -7, -7],
  ])('%s signs and verifies', async (_, signer, alg, written) => {
    const bytes = await signCose1({ ...signer, payload, ...(alg && { alg }) })
    const envelope = parseCoseSign1(bytes)
    expect(envelope.payload).toEqual(payload)
    expect(envelope.kid).toEqual(signer.kid)
    expect(envelope.protectedMap).toEqual(new Map([[1, written]]))
    verifyCose1(envelope, { publicKey: signer.publicKey }, crypto)
  })

  test('any bit turned fails, but in the kid, which is no part of what is signed', async () => {
    const bytes = await signCose1({ ...ed25519, payload })
    const kidAt = bytes.findIndex((_, i) => bytes.slice(i, i + 8).join() === kid.join())
    for (let i = 0; i < bytes.length * 8; i++) {
      const turned = bytes.slice()
      turned[i >> 3] = turned[i >> 3]! ^ (1 << (i & 7))
      const verify = (): void => verifyCose1(parseCoseSign1(turned), { publicKey }, crypto)
      const inKid = i >> 3 >= kidAt && i >> 3 < kidAt + kid.length
      const inLabel = i >> 3 === kidAt - 2
      if (inKid || inLabel) continue
      expect(verify, `bit ${i}`).toThrow(expect.objectContaining({ name: 'DidCommError' }))
    }
  })

  test('what was signed beside the payload must be the same', async () => {
    const envelope = parseCoseSign1(await signCose1({ ...ed25519, payload, externalAad: kid }))
    verifyCose1(envelope, { publicKey, externalAad: kid }, crypto)
    expect(() => verifyCose1(envelope, { publicKey }, crypto)).toThrow(refused('ERR_ENVELOPE_SIGNATURE'))
  })

  test('further protected parameters are signed', async () => {
    const bytes = await signCose1({ ...ed25519, payload, protectedMap: new Map([[3, 60]]) })
    const envelope = parseCoseSign1(bytes)
    expect(envelope.protectedMap.get(3)).toBe(60)
    verifyCose1(envelope, { publicKey }, crypto)
    const { value } = decodeCbor(bytes) as Tagged
    const [, ...rest] = value as CborValue[]
    const without = encodeCbor(new Tagged(18, [encodeCbor(new Map([[1, -19]])), ...rest]))
    const verify = (): void => verifyCose1(parseCoseSign1(without), { publicKey }, crypto)
    expect(verify).toThrow(refused('ERR_ENVELOPE_SIGNATURE'))
  })

  test('a key on another curve, or a curve that is not there, is ERR_ENVELOPE_UNSUPPORTED', async () => {
    const envelope = parseCoseSign1(await signCose1({ ...ecdsa, payload }))
    const unsupported = refused('ERR_ENVELOPE_UNSUPPORTED')
    expect(() => verifyCose1(envelope, { publicKey }, crypto)).toThrow(unsupported)
    expect(() => verifyCose1(envelope, { publicKey: ecdsa.publicKey }, core)).toThrow(unsupported)
    await expect(signCose1({ ...ed25519, curve: 'Ed448', payload })).rejects.toThrow(unsupported)
    await expect(signCose1({ ...ed25519, alg: -7, payload })).rejects.toThrow(unsupported)
  })

  const parts: CborValue[] = [encodeCbor(new Map([[1, -19]])), new Map([[4, kid]]), payload, new Uint8Array(64)]
  const signed = (changes: Record<number, CborValue> = {}, tag = 18): Uint8Array =>
    encodeCbor(new Tagged(tag, Object.assign([...parts], changes)))
  const malformed: Record<string, Uint8Array> = {
    'no tag': encodeCbor([new Uint8Array(0), new Map(), payload, new Uint8Array(64)]),
    'three parts': encodeCbor(new Tagged(18, parts.slice(1))),
    'a protected header that is no map': signed({ 0: encodeCbor(1) }),
    'a protected header that is no byte string': signed({ 0: new Map([[1, -19]]) }),
    'bytes after the protected header': signed({ 0: Uint8Array.of(0xa1, 1, 0x32, 0) }),
    'an unprotected header that is no map': signed({ 1: [] }),
    'an unprotected algorithm': signed({ 1: new Map([[1, -19]]) }),
    'a label in both headers': signed({
      0: encodeCbor(
        new Map<number, CborValue>([
          [1, -19],
          [4, kid],
        ]),
      ),
    }),
    'a label of another type': signed({ 1: new Map([[kid, 1]]) }),
    'a kid of another type': signed({ 1: new Map([[4, 'kid']]) }),
    'a payload of another type': signed({ 2: 'payload' }),
    'a signature of another type': signed({ 3: null }),
  }
  test.each(Object.entries(malformed))('%s is ERR_ENVELOPE_MALFORMED', (_, bytes) => {
    expect(() => parseCoseSign1(bytes)).toThrow(refused('ERR_ENVELOPE_MALFORMED'))
  })

  const unsupported: Record<string, Uint8Array> = {
    'another tag': signed({}, 98),
    'a payload elsewhere': signed({ 2: null }),
    'a critical parameter': signed({ 1: new Map([[2, [7]]]) }),
  }
  test.each(Object.entries(unsupported))('%s is ERR_ENVELOPE_UNSUPPORTED', (_, bytes) => {
    expect(() => parseCoseSign1(bytes)).toThrow(refused('ERR_ENVELOPE_UNSUPPORTED'))
  })

  test('an algorithm that is not known is told as none', () => {
    const envelope = parseCoseSign1(signed({ 0: encodeCbor(new Map([[1, -50]])) }))
    expect(envelope.algorithm).toBeUndefined()
    expect(() => verifyCose1(envelope, { publicKey }, crypto)).toThrow(refused('ERR_ENVELOPE_UNSUPPORTED'))
  })
})

describe('COSE_Sign', () => {
  test('two keys sign, and each signature verifies by its own key alone', async () => {
    const envelope = parseCoseSign(await signCose({ payload, signers: [ed25519, ecdsa], externalAad: kid }))
    const [first, second] = envelope.signatures
    expect(envelope.signatures.map((signature) => signature.kid)).toEqual([kid, Uint8Array.of(9)])
    verifyCose(envelope, { signature: first!, publicKey, externalAad: kid }, crypto)
    verifyCose(envelope, { signature: second!, publicKey: ecdsa.publicKey, externalAad: kid }, crypto)
    const other = { curve: 'Ed25519', bytes: crypto.ed25519.getPublicKey(new Uint8Array(32)) }
    expect(() => verifyCose(envelope, { signature: first!, publicKey: other, externalAad: kid }, crypto)).toThrow(
      refused('ERR_ENVELOPE_SIGNATURE'),
    )
    expect(() => verifyCose(envelope, { signature: first!, publicKey }, crypto)).toThrow(
      refused('ERR_ENVELOPE_SIGNATURE'),
    )
  })

  test('a signature of COSE_Sign is none of COSE_Sign1', async () => {
    const envelope = parseCoseSign(await signCose({ payload, signers: [ed25519] }))
    const signature = envelope.signatures[0]!
    expect(() => verifyCose1({ ...signature, payload }, { publicKey }, crypto)).toThrow(
      refused('ERR_ENVELOPE_SIGNATURE'),
    )
  })

  test('as many keys as the limit may sign, and no more', async () => {
    const signers = Array.from({ length: maxCoseSignatures }, () => ed25519)
    expect(parseCoseSign(await signCose({ payload, signers })).signatures).toHaveLength(maxCoseSignatures)
    await expect(signCose({ payload, signers: [...signers, ed25519] })).rejects.toThrow(RangeError)
    await expect(signCose({ payload, signers: [] })).rejects.toThrow(RangeError)
    const entry = [encodeCbor(new Map([[1, -19]])), new Map(), new Uint8Array(64)]
    const many = (count: number): Uint8Array =>
      encodeCbor(new Tagged(98, [new Uint8Array(0), new Map(), payload, Array.from({ length: count }, () => entry)]))
    expect(parseCoseSign(many(maxCoseSignatures)).signatures).toHaveLength(maxCoseSignatures)
    for (const count of [0, maxCoseSignatures + 1]) {
      expect(() => parseCoseSign(many(count))).toThrow(refused('ERR_ENVELOPE_MALFORMED'))
    }
  })
})
