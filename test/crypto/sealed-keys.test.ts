import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { argon2id } from '@noble/hashes/argon2.js'
import { describe, expect, it } from 'vitest'
import { decodeCbor, encodeCbor } from '../../runtime/bytes/index.ts'
import { crypto, type SecretKey } from '../../runtime/crypto/index.ts'
import { maxCost, openKeysWithPassphrase, sealKeysWithPassphrase } from '../../runtime/crypto/passphrase.ts'
import { openKeys, readSealedKeys, sealKeys } from '../../runtime/crypto/sealed-keys.ts'
import { randomFrom } from '../oracle/random.ts'
import { ownVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

const { bytes: randomBytes } = randomFrom(7)
const keys: SecretKey[] = [
  { kid: 'did:example:a#1', curve: 'X25519', secretKey: randomBytes(32) },
  { kid: 'did:example:a#2', curve: 'P-521', secretKey: randomBytes(66) },
]
const hostKey = randomBytes(32)
const cost = { passes: 1, memoryKib: 32, lanes: 1 }
const context = { crypto, randomBytes }
const wrong = { code: 'ERR_CRYPTO_TAG' }
const malformed = { code: 'ERR_BYTES_MALFORMED' }
const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('keys at rest', () => {
  it('come back under the key of the host, and under no other', () => {
    const record = sealKeys(keys, hostKey, context)
    expect(openKeys(record, hostKey, crypto)).toEqual(keys)
    expect(() => openKeys(record, randomBytes(32), crypto)).toThrow(expect.objectContaining(wrong))
    expect(sealKeys(keys, hostKey, context)).not.toEqual(record)
    expect(openKeys(sealKeys([], hostKey, context), hostKey, crypto)).toEqual([])
    expect(() => sealKeys(keys, hostKey.subarray(1), context)).toThrow(RangeError)
  })

  it('come back under a passphrase, however its letters are composed, and under no other', async () => {
    const record = await sealKeysWithPassphrase(keys, 'Zürich', { ...context, cost })
    expect(await openKeysWithPassphrase(record, 'Zürich', { crypto })).toEqual(keys)
    expect(await codeOf(() => openKeysWithPassphrase(record, 'Zurich', { crypto }))).toMatchObject(wrong)
    expect(await codeOf(() => openKeysWithPassphrase(record, '', { crypto }))).toBeInstanceOf(RangeError)
    expect(await codeOf(() => openKeysWithPassphrase(sealKeys(keys, hostKey, context), 'x', { crypto }))).toMatchObject(
      malformed,
    )
  })

  it('are what the document says, byte by byte, by other libraries', async () => {
    const record = await sealKeysWithPassphrase(keys, 'x', { ...context, cost })
    const [label, kdf, nonce, ciphertext] = decodeCbor(record) as [
      string,
      [string, number, number, number, Uint8Array],
      Uint8Array,
      Uint8Array,
    ]
    const [name, t, m, p, salt] = kdf
    expect([label, name, t, m, p]).toEqual(['didcomm-mote keys 1', 'argon2id', 1, 32, 1])
    const key = argon2id(new TextEncoder().encode('x'), salt, { t, m, p, dkLen: 32 })
    const plaintext = xchacha20poly1305(key, nonce, encodeCbor([label, kdf])).decrypt(ciphertext)
    expect(decodeCbor(plaintext)).toEqual(keys.map(({ kid, curve, secretKey }) => [kid, curve, secretKey]))
  })

  it('do not open after a change of any bit', () => {
    const record = sealKeys(keys, hostKey, context)
    for (let bit = 0; bit < 8 * record.length; bit += 3) {
      const changed = record.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => openKeys(changed, hostKey, crypto), String(bit)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CRYPTO_TAG|BYTES_MALFORMED|TOO_LARGE)$/) }),
      )
    }
  })

  it('that ask for too much are refused before anything is computed', async () => {
    const record = await sealKeysWithPassphrase(keys, 'x', { ...context, cost })
    const [label, kdf, nonce, ciphertext] = decodeCbor(record) as [
      string,
      [string, number, number, number, Uint8Array],
      Uint8Array,
      Uint8Array,
    ]
    const asking = (t: number, m: number, p: number) =>
      encodeCbor([label, ['argon2id', t, m, p, kdf[4]], nonce, ciphertext])
    for (const record of [asking(17, 32, 1), asking(1, 262_145, 1), asking(1, 8192, 17), asking(2 ** 40, 2 ** 40, 1)]) {
      expect(await codeOf(() => openKeysWithPassphrase(record, 'x', { crypto }))).toMatchObject({
        code: 'ERR_TOO_LARGE',
      })
    }
    expect(await codeOf(() => openKeysWithPassphrase(asking(2, 32, 1), 'x', { crypto }))).toMatchObject(wrong)
    expect(await codeOf(() => openKeysWithPassphrase(asking(1, 8, 2), 'x', { crypto }))).toMatchObject(malformed)
    const small = { limit: { ...maxCost, memoryKib: 16 } }
    expect(await codeOf(() => openKeysWithPassphrase(record, 'x', { crypto, ...small }))).toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    for (const bad of [
      { ...cost, passes: 0 },
      { ...cost, memoryKib: 4 },
      { ...cost, lanes: 17 },
    ]) {
      expect(await codeOf(() => sealKeysWithPassphrase(keys, 'x', { ...context, cost: bad }))).toBeInstanceOf(
        RangeError,
      )
    }
  })

  it.each([
    ['no CBOR', Uint8Array.of(0xff)],
    ['another label', encodeCbor(['didcomm-mote keys 2', null, new Uint8Array(24), new Uint8Array(16)])],
    ['a short nonce', encodeCbor(['didcomm-mote keys 1', null, new Uint8Array(23), new Uint8Array(16)])],
    ['one more member', encodeCbor(['didcomm-mote keys 1', null, new Uint8Array(24), new Uint8Array(16), 1])],
    [
      'another derivation',
      encodeCbor([
        'didcomm-mote keys 1',
        ['scrypt', 1, 1, 1, new Uint8Array(16)],
        new Uint8Array(24),
        new Uint8Array(16),
      ]),
    ],
    ['a map', encodeCbor(new Map([['a', 1]]))],
  ])('are not %s', (_, record) => {
    expect(() => readSealedKeys(record)).toThrow(expect.objectContaining(malformed))
  })

  it('hold keys and nothing else', () => {
    const nonce = new Uint8Array(24)
    const holding = (value: Parameters<typeof encodeCbor>[0]) => {
      const aad = encodeCbor(['didcomm-mote keys 1', null])
      const ciphertext = crypto.xchacha20poly1305.seal(hostKey, nonce, encodeCbor(value), aad)
      return encodeCbor(['didcomm-mote keys 1', null, nonce, ciphertext])
    }
    for (const value of [
      7,
      [7],
      [['kid', 'X448', nonce]],
      [['kid', 'X25519', 'text']],
      [['kid', 'X25519', nonce, 1]],
    ]) {
      expect(() => openKeys(holding(value), hostKey, crypto)).toThrow(expect.objectContaining(malformed))
    }
  })
})

interface Vector {
  record: string
  key?: string
  passphrase?: string
  keys: { kid: string; curve: SecretKey['curve']; secretKey: string }[]
}

describe('the vectors of docs/keys-at-rest.md', () => {
  it.each(ownVectors<{ records: Vector[] }>('own/keys-at-rest.json').records)(
    '$record opens',
    async ({ record, key, passphrase, keys: expected }) => {
      const opened =
        key === undefined
          ? await openKeysWithPassphrase(hex(record), passphrase ?? '', { crypto })
          : openKeys(hex(record), hex(key), crypto)
      expect(opened.map(({ secretKey, ...rest }) => ({ ...rest, secretKey: toHex(secretKey) }))).toEqual(expected)
    },
  )
})
