import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { crypto, memorySecrets, type SecretJwk, secretKeyFromJwk } from '../../runtime/crypto/index.ts'
import { ownVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

const { diffieHellman } = ownVectors<{ diffieHellman: Record<'alicePrivate' | 'bobPublic' | 'shared', string> }>(
  'rfc7748.json',
)
const { tests } = ownVectors<{ tests: Record<'secretKey' | 'message' | 'signature', string>[] }>('rfc8032.json')
const exchange = {
  kid: 'did:example:alice#key-1',
  curve: 'X25519' as const,
  secretKey: hex(diffieHellman.alicePrivate),
}
const signing = { kid: 'did:example:alice#key-2', curve: 'Ed25519' as const, secretKey: hex(tests[1]?.secretKey ?? '') }
const secrets = memorySecrets(crypto, [exchange, signing])
const notFound = expect.objectContaining({ code: 'ERR_KEY_NOT_FOUND' })

describe('secrets in memory', () => {
  it('derive bits and sign', async () => {
    const shared = await secrets.deriveBits(exchange.kid, hex(diffieHellman.bobPublic))
    expect(toHex(shared)).toBe(diffieHellman.shared)
    expect(toHex(await secrets.sign(signing.kid, hex(tests[1]?.message ?? '')))).toBe(tests[1]?.signature)
  })

  it('remember what two lasting keys agree on, and give out a copy of it', async () => {
    const peer = hex(diffieHellman.bobPublic)
    const first = await secrets.deriveBits(exchange.kid, peer, true)
    first.fill(0)
    expect(toHex(await secrets.deriveBits(exchange.kid, peer, true))).toBe(diffieHellman.shared)
    let multiplications = 0
    const counting: typeof crypto = {
      ...crypto,
      x25519: {
        ...crypto.x25519,
        getSharedSecret: (...args) => {
          multiplications += 1
          return crypto.x25519.getSharedSecret(...args)
        },
      },
    }
    const counted = memorySecrets(counting, [exchange])
    for (let i = 0; i < 3; i++) await counted.deriveBits(exchange.kid, peer, true)
    expect(multiplications).toBe(1)
    for (let i = 0; i < 3; i++) await counted.deriveBits(exchange.kid, peer)
    expect(multiplications).toBe(4)
    // 256 others later it is forgotten.
    for (let i = 1; i <= 256; i++)
      await counted.deriveBits(
        exchange.kid,
        new Uint8Array(32)
          .fill(9, 0, 30)
          .fill(i % 251, 30, 31)
          .fill(i >> 4, 31),
        true,
      )
    await counted.deriveBits(exchange.kid, peer, true)
    expect(multiplications).toBe(261)
  })

  it('do not remember a key that no honest party makes', async () => {
    for (let i = 0; i < 2; i++) {
      await expect(secrets.deriveBits(exchange.kid, new Uint8Array(32), true)).rejects.toMatchObject({
        code: 'ERR_KEY_INVALID',
      })
    }
  })

  it('tell which keys there are', async () => {
    expect(await secrets.kids()).toEqual([exchange.kid, signing.kid])
    expect(await secrets.has(exchange.kid)).toBe(true)
    expect(await secrets.has('did:example:alice#key-3')).toBe(false)
  })

  it('reject a key that is not here, or is one for another purpose', async () => {
    await expect(secrets.deriveBits('did:example:bob#key-1', new Uint8Array(32))).rejects.toThrow(notFound)
    await expect(secrets.sign('did:example:bob#key-1', new Uint8Array(32))).rejects.toThrow(notFound)
    await expect(secrets.deriveBits(signing.kid, new Uint8Array(32))).rejects.toThrow(notFound)
    await expect(secrets.sign(exchange.kid, new Uint8Array(32))).rejects.toThrow(notFound)
    await expect(secrets.sign('__proto__', new Uint8Array(32))).rejects.toThrow(notFound)
  })

  it('reject a peer key of low order [E16]', async () => {
    const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })
    await expect(secrets.deriveBits(exchange.kid, new Uint8Array(32))).rejects.toThrow(invalid)
  })

  it('do not show the keys', () => {
    const shown = [
      JSON.stringify(secrets),
      inspect(secrets, { depth: 10, showHidden: true }),
      ...Object.values(secrets).map(String),
    ].join()
    for (const { secretKey } of [exchange, signing]) {
      expect(shown).not.toContain(toHex(secretKey).slice(0, 8))
      expect(shown).not.toContain(secretKey.slice(0, 4).join(', '))
      expect(shown).not.toContain(Buffer.from(secretKey).toString('base64url').slice(0, 8))
    }
  })

  it('keep a copy: the caller may wipe its own', async () => {
    for (const secretKey of [exchange.secretKey.slice(), Buffer.from(exchange.secretKey)]) {
      const copied = memorySecrets(crypto, [{ ...exchange, secretKey }])
      secretKey.fill(0)
      expect(toHex(await copied.deriveBits(exchange.kid, hex(diffieHellman.bobPublic)))).toBe(diffieHellman.shared)
    }
  })

  it('refuse keys of a wrong length, an unknown curve or the same kid twice', () => {
    expect(() => memorySecrets(crypto, [{ ...exchange, secretKey: new Uint8Array(31) }])).toThrow(RangeError)
    expect(() => memorySecrets(crypto, [{ ...exchange, curve: 'P-256' as 'X25519' }])).toThrow('"curve" expected')
    expect(() => memorySecrets(crypto, [exchange, { ...signing, kid: exchange.kid }])).toThrow('two for')
  })
})

describe('a secret key is read from a JWK', () => {
  // RFC 8037 A.1, which is also TEST 1 of RFC 8032.
  const jwk: SecretJwk = {
    kid: 'did:example:alice#key-1',
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }

  it('of RFC 8037 A.1', () => {
    const key = secretKeyFromJwk(jwk)
    expect(key).toEqual({ kid: jwk.kid, curve: 'Ed25519', secretKey: hex(tests[0]?.secretKey ?? '') })
    expect(Buffer.from(crypto.ed25519.getPublicKey(key.secretKey)).toString('base64url')).toBe(jwk.x)
  })

  it('and refused where it is no such key, without showing it', () => {
    const wrong: Partial<Record<keyof SecretJwk, unknown>>[] = [
      { kty: 'EC' },
      { crv: 'P-256' },
      { d: jwk.d.slice(1) },
      { d: `${jwk.d}AA` },
      { d: `${jwk.d.slice(0, -1)}!` },
      { d: undefined },
      { kid: undefined },
    ]
    for (const change of wrong) {
      const read = (): unknown => secretKeyFromJwk({ ...jwk, ...change } as SecretJwk)
      expect(read).toThrow(expect.objectContaining({ code: 'ERR_KEY_INVALID' }))
      expect(read).not.toThrow(/nWGxne/)
    }
  })
})
