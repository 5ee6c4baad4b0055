import * as node from 'node:crypto'
import { createECDH, createSign, createVerify, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import { crypto as core, memorySecrets, type SecretJwk, secretKeyFromJwk } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'
import { sharedVectors } from '../vectors.ts'
import { checkEcdh, ecdhCases } from './ecdh-cases.ts'
import { hex, toHex } from './hex.ts'

const crypto = withCurves(core, p256, p384, p521, secp256k1)
const curves = [p256, p384, p521, secp256k1]
const nodeNames = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1', secp256k1: 'secp256k1' } as const
const hashes = { ES256: 'sha256', ES384: 'sha384', ES256K: 'sha256' } as const
const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })

function secretKeyOn(curve: (typeof curves)[number], random: (length: number) => Uint8Array): Uint8Array {
  const secretKey = random(curve.secretKeyBytes)
  if (curve.curve === 'P-521') secretKey[0] = 0
  return secretKey
}

function keyObject(curve: (typeof curves)[number], secretKey: Uint8Array): KeyObject {
  const { x, y } = curve.coordinates(curve.getPublicKey(secretKey))
  const [d, ...point] = [secretKey, x, y].map((bytes) => Buffer.from(bytes).toString('base64url'))
  const jwk = { kty: 'EC', crv: curve.curve, d: String(d), x: String(point[0]), y: String(point[1]) }
  return node.createPrivateKey({ key: jwk, format: 'jwk' })
}

describe.each(curves)('$curve', (curve) => {
  const random = randomFrom(curve.secretKeyBytes).bytes

  it('agrees with node:crypto on public keys and shared secrets, also where they begin with zeros [E5, E6]', () => {
    for (let i = 0; i < 20; i++) {
      const secretKey = secretKeyOn(curve, random)
      // Now and then a short one: full length all the same.
      if (i % 4 === 0) secretKey.fill(0, 0, 9)
      const peer = createECDH(nodeNames[curve.curve])
      peer.generateKeys()
      const ours = curve.getPublicKey(secretKey)
      const { x, y } = curve.coordinates(ours)
      expect([x.length, y.length]).toEqual([curve.secretKeyBytes, curve.secretKeyBytes])
      const shared = curve.getSharedSecret(secretKey, peer.getPublicKey())
      expect(toHex(shared)).toBe(toHex(peer.computeSecret(ours)))
      expect(shared).toHaveLength(curve.secretKeyBytes)
      expect(toHex(curve.getSharedSecret(secretKey, peer.getPublicKey(null, 'compressed')))).toBe(toHex(shared))
    }
  })

  it('refuses keys that are not of the curve [E10]', () => {
    const secretKey = secretKeyOn(curve, random)
    const point = curve.getPublicKey(secretKey)
    const { x, y } = curve.coordinates(point)
    const off = Uint8Array.from(y, (byte, i) => (i === y.length - 1 ? byte ^ 1 : byte))
    expect(toHex(curve.fromCoordinates(x, y))).toBe(toHex(point))
    expect(() => curve.fromCoordinates(x, off)).toThrow(invalid)
    expect(() => curve.fromCoordinates(x.subarray(1), y)).toThrow(invalid)
    const bad = [
      Uint8Array.of(4, ...x, ...off),
      Uint8Array.of(0),
      new Uint8Array(0),
      point.subarray(1),
      Uint8Array.of(5, ...x),
    ]
    for (const publicKey of bad) {
      expect(() => curve.getSharedSecret(secretKey, publicKey), toHex(publicKey)).toThrow(invalid)
      expect(() => curve.coordinates(publicKey), toHex(publicKey)).toThrow(invalid)
    }
    const zero = new Uint8Array(curve.secretKeyBytes)
    for (const scalar of [zero, zero.map(() => 0xff), zero.subarray(1)]) {
      expect(curve.isSecretKey(scalar)).toBe(false)
      expect(() => curve.getPublicKey(scalar)).toThrow(invalid)
    }
  })

  it.skipIf(!curve.alg)('signs for node:crypto and verifies what it signed, with either S [H1, H5]', () => {
    const hash = hashes[curve.alg ?? 'ES256']
    const secretKey = secretKeyOn(curve, random)
    const publicKey = curve.getPublicKey(secretKey)
    const key = keyObject(curve, secretKey)
    let high = 0
    for (let i = 0; i < 12; i++) {
      const message = random(i * 7)
      const ours = curve.sign(message, secretKey)
      expect(createVerify(hash).update(message).verify({ key, dsaEncoding: 'ieee-p1363' }, ours)).toBe(true)
      const theirs = createSign(hash).update(message).sign({ key, dsaEncoding: 'ieee-p1363' })
      expect(curve.verify(theirs, message, publicKey)).toBe(true)
      // Either of them is made by half of all signatures of node:crypto; ours all have the lower one.
      if ((theirs[curve.secretKeyBytes] ?? 0) >= 0x80) high++
      expect(ours[curve.secretKeyBytes]).toBeLessThan(0x80)
      for (const wrong of [
        ours.subarray(1),
        Uint8Array.of(...ours, 0),
        ours.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
      ]) {
        expect(curve.verify(wrong, message, publicKey)).toBe(false)
      }
      expect(curve.verify(ours, Uint8Array.of(...message, 1), publicKey)).toBe(false)
    }
    expect(high).toBeGreaterThan(0)
  })
})

describe.each([
  ['ecdh_secp256r1_webcrypto', p256],
  ['ecdh_secp384r1_webcrypto', p384],
  ['ecdh_secp521r1_webcrypto', p521],
] as const)('wycheproof %s', (file, curve) => {
  const cases = ecdhCases(file)
  // All in test/slow/curves.test.ts: one takes some milliseconds.
  const chosen = cases?.filter(({ result, tcId }) => result === 'invalid' || tcId % 8 === 0) ?? []
  it.skipIf(!cases)('agrees in every eighth case, and every invalid one [E5, E6, E10]', () => {
    for (const test of chosen) checkEcdh(test, curve)
    expect(chosen.length).toBeGreaterThan(40)
  })
})

interface EcdsaGroup {
  publicKey: { uncompressed: string }
  tests: { tcId: number; comment: string; msg: string; sig: string; result: string }[]
}

describe.each([
  ['ecdsa_secp256r1_sha256_p1363', p256],
  ['ecdsa_secp256k1_sha256_p1363', secp256k1],
] as const)('wycheproof %s', (file, curve) => {
  const set = sharedVectors<{ numberOfTests: number; testGroups: EcdsaGroup[] }>(`wycheproof/${file}.json`)
  it.skipIf(!set)('agrees in every case [H1, H5]', () => {
    let cases = 0
    for (const { publicKey, tests } of set?.testGroups ?? []) {
      for (const test of tests) {
        const verified = curve.verify(hex(test.sig), hex(test.msg), hex(publicKey.uncompressed))
        expect(verified, `case ${test.tcId}: ${test.comment}`).toBe(test.result === 'valid')
        cases++
      }
    }
    expect(cases).toBe(set?.numberOfTests)
  })
})

describe('secrets in memory on further curves', () => {
  const secretKey = new Uint8Array(32).fill(7)

  it('derive and sign, each with the key that is meant', async () => {
    const keys = [p256, secp256k1].map(({ curve }) => ({ kid: `did:example:a#${curve}`, curve, secretKey }))
    const secrets = memorySecrets(crypto, keys)
    const message = hex('00ff')
    const peer = p256.getPublicKey(new Uint8Array(32).fill(9))
    expect(toHex(await secrets.deriveBits('did:example:a#P-256', peer))).toBe(
      toHex(p256.getSharedSecret(secretKey, peer)),
    )
    const signature = await secrets.sign('did:example:a#secp256k1', message)
    expect(secp256k1.verify(signature, message, secp256k1.getPublicKey(secretKey))).toBe(true)
    expect(p256.verify(signature, message, p256.getPublicKey(secretKey))).toBe(false)
  })

  it('refuse a key of a curve that crypto does not have, and one that is no scalar', () => {
    const key = { kid: 'did:example:a#1', curve: 'P-256', secretKey } as const
    expect(() => memorySecrets(core, [key])).toThrow(RangeError)
    expect(() => memorySecrets(crypto, [{ ...key, secretKey: new Uint8Array(32) }])).toThrow(RangeError)
    expect(() => memorySecrets(crypto, [{ ...key, secretKey: new Uint8Array(33) }])).toThrow(RangeError)
  })

  it('do not sign with a curve that is for key agreement only', async () => {
    const key = { kid: 'did:example:a#1', curve: 'P-521' as const, secretKey: new Uint8Array(66).fill(1, 1) }
    const signing = memorySecrets(crypto, [key]).sign(key.kid, secretKey)
    await expect(signing).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
  })

  it('come from a JWK at full length only', () => {
    const jwk = { kid: 'did:example:a#1', kty: 'EC', crv: 'P-384', x: '', y: '' }
    const d = (length: number) => Buffer.alloc(length, 3).toString('base64url')
    expect(secretKeyFromJwk({ ...jwk, d: d(48) }).secretKey).toHaveLength(48)
    for (const wrong of [{ d: d(47) }, { d: d(49) }, { d: d(48), kty: 'OKP' }, { d: d(48), crv: 'P-385' }]) {
      expect(() => secretKeyFromJwk({ ...jwk, ...wrong })).toThrow(invalid)
    }
  })

  it('come from a JWK whose public half is theirs, where crypto is given', () => {
    for (const crv of ['prime256v1', 'secp384r1', 'secp521r1', 'secp256k1', 'ed25519', 'x25519'] as const) {
      const jwks = [0, 1].map(() => {
        const pair = crv.endsWith('25519')
          ? node.generateKeyPairSync(crv as 'x25519')
          : node.generateKeyPairSync('ec', { namedCurve: crv })
        return { ...pair.privateKey.export({ format: 'jwk' }), kid: 'did:example:a#1' } as SecretJwk
      })
      const [jwk, other] = jwks as [SecretJwk, SecretJwk]
      const key = secretKeyFromJwk(jwk, crypto)
      expect(Buffer.from(key.secretKey).toString('base64url')).toBe(jwk.d)
      const halves = jwk.kty === 'EC' ? [{ x: other.x }, { y: other.y }, { y: undefined }] : [{ x: other.x }]
      const wrongs: Partial<Record<keyof SecretJwk, unknown>>[] = [...halves, { d: other.d }, { x: undefined }]
      for (const wrong of wrongs) {
        const read = (): unknown => secretKeyFromJwk({ ...jwk, ...wrong } as SecretJwk, crypto)
        expect(read, `${crv} ${Object.keys(wrong).join()}`).toThrow(invalid)
        expect(read).not.toThrow(jwk.d.slice(0, 6))
      }
      if (jwk.kty !== 'EC') continue
      expect(() => secretKeyFromJwk(jwk, core)).toThrow(invalid)
      expect(() =>
        secretKeyFromJwk({ ...jwk, d: Buffer.alloc(key.secretKey.length).toString('base64url') }, crypto),
      ).toThrow(invalid)
    }
  })
})

describe.each(curves)('a secret key that is drawn on $curve', (curve) => {
  it('is one, however large the first draws are, and is a copy', () => {
    let draws = 0
    const given: Uint8Array[] = []
    const randomBytes = (length: number): Uint8Array => {
      draws++
      const bytes = draws <= 2 ? new Uint8Array(length).fill(draws === 1 ? 0xff : 0) : new Uint8Array(length).fill(7)
      given.push(bytes)
      return bytes
    }
    const secretKey = curve.generateSecretKey(randomBytes)
    expect(draws).toBe(3)
    expect(curve.isSecretKey(secretKey)).toBe(true)
    given.at(-1)?.fill(0)
    expect(secretKey.at(-1)).toBe(7)
    const many = Array.from({ length: 50 }, () =>
      curve.generateSecretKey((length) => new Uint8Array(node.randomBytes(length))),
    )
    expect(many.every((key) => curve.isSecretKey(key) && key.length === curve.secretKeyBytes)).toBe(true)
    // The highest bit that there is comes up in about half of them.
    const top = curve.curve === 'P-521' ? 1 : 0x80
    const high = many.filter(([first = 0]) => (first & top) !== 0).length
    expect(high).toBeGreaterThan(5)
    expect(high).toBeLessThan(45)
  })
})
