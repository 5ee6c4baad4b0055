import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { LruMap } from '../../runtime/did/lru.ts'
import type { Binding } from '../../runtime/envelope/compact-binding.ts'
import { sealCompact } from '../../runtime/envelope/compact-seal.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import {
  type CompactContext,
  compact,
  type EnvelopeContext,
  pack,
  pskCache,
  shortId,
  unpack,
} from '../../runtime/envelope/index.ts'
import { type Packable, serializeCompact } from '../../runtime/message/index.ts'
import { codeOf, contextOf, type Party, party, testSecrets } from './world.ts'

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway', 2)
const stranger = party('did:example:stranger')
const everybody = [sensor, gateway, stranger]
const asSensor = contextOf(sensor, everybody)
const asGateway = contextOf(gateway, everybody)

const reading: Packable = { type: 'https://didcomm.org/telemetry/1.0/report', body: { t: 21.5 } }
/** To one key of the gateway: for its DID, an envelope is for both. */
const gatewayKey = gateway.keys[0]?.kid ?? expect.fail()
const authcrypt = { to: gatewayKey, from: sensor.did, encoding: 'compact' } as const
const anoncrypt = { to: gatewayKey, encoding: 'compact' } as const

/** Replaces the unprotected `kid`, or any of the three parts. */
function rebuilt(
  bytes: Uint8Array,
  change: (parts: CborValue[], unprotected: Map<CborValue, CborValue>) => void,
): Uint8Array {
  const parts = (decodeCbor(bytes) as Tagged).value as CborValue[]
  change(parts, parts[1] as Map<CborValue, CborValue>)
  return encodeCbor(new Tagged(16, parts))
}

function publicKeyOf(owner: Party, index = 0) {
  const key = owner.keys[index] ?? expect.fail()
  return { kid: key.kid, curve: 'X25519' as const, bytes: crypto.x25519.getPublicKey(key.secretKey) }
}

describe('what a compact envelope proves', () => {
  for (const ids of ['short', 'long'] as const) {
    test(`authcrypt with ${ids} ids proves the sender, who need not be named`, async () => {
      const { bytes, mediaType, id } = await pack(reading, { ...authcrypt, ids }, asSensor)
      expect(mediaType).toBe('application/cose; cose-type="cose-encrypt0"')
      expect(await unpack(bytes, asGateway)).toEqual({
        message: { ...reading, id, from: sensor.did, to: [gateway.did] },
        sender: sensor.did,
        recipient: gateway.did,
        encrypted: true,
        nonRepudiable: false,
        encoding: 'compact',
        layers: [
          {
            kind: 'authcrypt',
            enc: 'ChaCha20/Poly1305',
            recipientKid: gateway.keys[0]?.kid,
            senderKid: sensor.keys[0]?.kid,
          },
        ],
      })
    })

    test(`anoncrypt with ${ids} ids proves no sender`, async () => {
      const { bytes, id } = await pack(reading, { ...anoncrypt, ids }, asSensor)
      const opened = await unpack(bytes, asGateway)
      expect(opened).toMatchObject({ message: { ...reading, id, to: [gateway.did] }, encrypted: true })
      expect(opened).not.toHaveProperty('sender')
      expect(opened.message).not.toHaveProperty('from')
    })
  }

  test('a message without id has one that is derived from its ciphertext', async () => {
    const { bytes, id } = await pack(reading, authcrypt, asSensor)
    const [, , ciphertext] = (decodeCbor(bytes) as Tagged).value as [unknown, unknown, Uint8Array]
    expect(id).toBe(Buffer.from(crypto.sha256(ciphertext)).toString('hex').slice(0, 32))
    expect((await unpack(bytes, asGateway)).message.id).toBe(id)
  })

  test('an id, a "from" and a "to" that are given arrive as they are', async () => {
    const full = { ...reading, id: 'abc', from: sensor.did, to: [gateway.did, stranger.did] }
    const { bytes, id } = await pack(full, authcrypt, asSensor)
    expect(id).toBe('abc')
    expect((await unpack(bytes, asGateway)).message).toEqual(full)
  })

  test('a "from" in anoncrypt arrives, and still proves nothing', async () => {
    const { bytes } = await pack({ ...reading, from: stranger.did }, anoncrypt, asSensor)
    const opened = await unpack(bytes, asGateway)
    expect(opened.message.from).toBe(stranger.did)
    expect(opened).not.toHaveProperty('sender')
  })

  test('"from" and "to" take no room where the envelope proves them', async () => {
    const bare = await pack(reading, authcrypt, asSensor)
    const named = await pack({ ...reading, from: sensor.did, to: [gateway.did] }, authcrypt, asSensor)
    expect(named.bytes).toHaveLength(bare.bytes.length)
  })
})

describe('addressing', () => {
  const sealed = async (message: Record<string, unknown>, sender?: Party): Promise<Uint8Array> => {
    const { bytes } = await sealCompact(
      {
        plaintext: serializeCompact({ ...reading, ...message }, { types: asSensor.types, implied: {} }),
        recipients: [publicKeyOf(gateway)],
        ids: 'short',
        ...(sender ? { sender: publicKeyOf(sender) } : {}),
      },
      documentKeys(asSensor),
    )
    return bytes
  }

  test('a "from" or a "to" against what is proven fails with ERR_ENVELOPE_ADDRESSING', async () => {
    expect(await codeOf(unpack(await sealed({ from: stranger.did }, sensor), asGateway))).toBe(
      'ERR_ENVELOPE_ADDRESSING',
    )
    expect(await codeOf(unpack(await sealed({ to: [stranger.did] }, sensor), asGateway))).toBe(
      'ERR_ENVELOPE_ADDRESSING',
    )
    expect(await codeOf(unpack(await sealed({ to: [stranger.did] }), asGateway))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('an envelope for somebody else fails with ERR_RECIPIENT_UNKNOWN', async () => {
    for (const ids of ['short', 'long'] as const) {
      const { bytes } = await pack(reading, { ...authcrypt, ids }, asSensor)
      expect(await codeOf(unpack(bytes, contextOf(stranger, everybody)))).toBe('ERR_RECIPIENT_UNKNOWN')
    }
  })

  test('a short id of a sender who is not known fails with ERR_SENDER_UNKNOWN, and the long one opens', async () => {
    const { knownKids: _, ...nobodyKnown } = asGateway
    const short = await pack(reading, authcrypt, asSensor)
    expect(await codeOf(unpack(short.bytes, nobodyKnown))).toBe('ERR_SENDER_UNKNOWN')
    expect(await codeOf(unpack(short.bytes, { ...asGateway, knownKids: async () => [] }))).toBe('ERR_SENDER_UNKNOWN')
    const long = await pack(reading, { ...authcrypt, ids: 'long' }, asSensor)
    expect(await unpack(long.bytes, nobodyKnown)).toMatchObject({ sender: sensor.did })
  })

  test('a sender key that its DID does not list is not a sender', async () => {
    const revoked = { ...sensor, document: { ...sensor.document, keyAgreement: [] } }
    const context = contextOf(gateway, [revoked], { knownKids: asGateway.knownKids ?? expect.fail() })
    const short = await pack(reading, authcrypt, asSensor)
    expect(await codeOf(unpack(short.bytes, context))).toBe('ERR_SENDER_UNKNOWN')
    const long = await pack(reading, { ...authcrypt, ids: 'long' }, asSensor)
    expect(await codeOf(unpack(long.bytes, context))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('a long id that is no DID URL fails with ERR_ENVELOPE_MALFORMED', async () => {
    const { bytes } = await pack(reading, anoncrypt, asSensor)
    for (const kid of [Uint8Array.of(0xff, 0xfe), new TextEncoder().encode('did:example:gateway'), new Uint8Array(7)]) {
      const changed = rebuilt(bytes, (_, unprotected) => unprotected.set(4, kid))
      expect(await codeOf(unpack(changed, asGateway))).toBe('ERR_ENVELOPE_MALFORMED')
    }
  })
})

describe('what does not open', () => {
  test('an impostor with the sender’s id, but without its key, fails with ERR_ENVELOPE_DECRYPT', async () => {
    const impostor: EnvelopeContext = {
      ...asSensor,
      secrets: {
        ...testSecrets(stranger.keys),
        deriveBits: (_, key) => testSecrets(stranger.keys).deriveBits(stranger.keys[0]?.kid ?? '', key),
        has: async () => true,
      },
    }
    const { bytes } = await pack(reading, authcrypt, impostor)
    expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('the short and the long form of a kid cannot be exchanged', async () => {
    const kid = publicKeyOf(gateway).kid
    const short = await pack(reading, anoncrypt, asSensor)
    const long = await pack(reading, { ...anoncrypt, ids: 'long' }, asSensor)
    const lengthened = rebuilt(short.bytes, (_, map) => map.set(4, new TextEncoder().encode(kid)))
    const shortened = rebuilt(long.bytes, (_, map) => map.set(4, shortId(kid, crypto)))
    expect(await codeOf(unpack(lengthened, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    expect(await codeOf(unpack(shortened, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('an envelope for one of our keys does not open as one for another of them', async () => {
    const { bytes } = await pack(reading, anoncrypt, asSensor)
    const other = rebuilt(bytes, (_, map) => map.set(4, shortId(publicKeyOf(gateway, 1).kid, crypto)))
    expect(await codeOf(unpack(other, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('an ephemeral key of low order fails with ERR_ENVELOPE_DECRYPT', async () => {
    const { bytes } = await pack(reading, authcrypt, asSensor)
    const changed = rebuilt(bytes, (_, map) => map.set(-4, new Uint8Array(32)))
    expect(await codeOf(unpack(changed, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('an authcrypt envelope does not open backwards, for its sender', async () => {
    const { bytes } = await pack(reading, authcrypt, asSensor)
    expect(await codeOf(unpack(bytes, asSensor))).toBe('ERR_RECIPIENT_UNKNOWN')
  })

  test('a failing key store is not hidden behind ERR_ENVELOPE_DECRYPT', async () => {
    const busy = { ...asGateway.secrets, deriveBits: () => Promise.reject(new Error('secure element busy')) }
    const { bytes } = await pack(reading, authcrypt, asSensor)
    await expect(unpack(bytes, { ...asGateway, secrets: busy })).rejects.toThrow('secure element busy')
  })
})

test('a pair of key ids that is too long for the key derivation is refused with a code', async () => {
  const long = (name: string): Party => party(`did:example:${name}${'x'.repeat(8170)}`)
  const [own, peer] = [long('own'), long('peer')]
  const everyone = [own, peer]
  const packed = await pack(reading, { to: own.did, encoding: 'compact', ids: 'long' }, contextOf(peer, everyone))
  const authentic = rebuilt(packed.bytes, (parts) => {
    parts[0] = encodeCbor(
      new Map<CborValue, CborValue>([
        [1, 42],
        [-5, new TextEncoder().encode(publicKeyOf(peer).kid)],
      ]),
    )
  })
  expect(await codeOf(unpack(authentic, contextOf(own, everyone)))).toBe('ERR_TOO_LARGE')
})

describe('the psk cache', () => {
  test('a format has one of its own', async () => {
    const secrets = testSecrets(gateway.keys)
    const to = contextOf(gateway, everybody, { secrets })
    const [atSensor, atGateway] = [compact({ ids: 'long' }), compact()]
    for (let n = 0; n < 3; n++) {
      const { bytes } = await atSensor.pack(reading, { to: gateway.did, from: sensor.did }, asSensor)
      expect(atGateway.recognizes(bytes[0] ?? 0)).toBe(true)
      expect(await atGateway.unpack(bytes, to)).toMatchObject({ sender: sensor.did })
    }
    expect(secrets.derived).toBe(3 + 1)
  })

  test('it saves one scalar multiplication a message at either end', async () => {
    const sensorSecrets = testSecrets(sensor.keys)
    const gatewaySecrets = testSecrets(gateway.keys)
    const from = contextOf(sensor, everybody, { secrets: sensorSecrets, pskCache: pskCache(10) })
    const to = contextOf(gateway, everybody, { secrets: gatewaySecrets, pskCache: pskCache(10) })
    for (let n = 0; n < 3; n++) await unpack((await pack(reading, authcrypt, from)).bytes, to)
    expect({ sensor: sensorSecrets.derived, gateway: gatewaySecrets.derived }).toEqual({ sensor: 1, gateway: 3 + 1 })
  })

  test('what does not open leaves nothing in it', async () => {
    const cache = pskCache(1)
    const to = contextOf(gateway, everybody, { pskCache: cache })
    const honest = await pack(reading, authcrypt, asSensor)
    await unpack(honest.bytes, to)
    const stranded = await pack(reading, { ...authcrypt, from: stranger.did }, contextOf(stranger, everybody))
    await unpack(stranded.bytes.fill(0, -1), to).catch(() => undefined)
    const secrets = testSecrets(gateway.keys)
    await unpack(honest.bytes, { ...to, secrets })
    expect(secrets.derived).toBe(1)
  })

  test('a key that changes under its name is not taken from the cache', async () => {
    const memory = { pskCache: pskCache(10), bindings: new LruMap<Binding>(10) }
    await pack(reading, authcrypt, { ...asSensor, ...memory })
    const renewed = { ...party('did:example:renewed'), did: gateway.did }
    const [key] = renewed.keys
    const document = JSON.parse(JSON.stringify(renewed.document).replaceAll('did:example:renewed', gateway.did))
    const keys = [{ ...key, kid: publicKeyOf(gateway).kid } as (typeof renewed.keys)[number]]
    const newGateway = { did: gateway.did, document, keys }
    const { bytes } = await pack(reading, authcrypt, contextOf(sensor, [newGateway], memory))
    expect(await unpack(bytes, contextOf(newGateway, [sensor]))).toMatchObject({ sender: sensor.did })
  })

  test('what is remembered of a pair changes no envelope, whatever its ids and its kind', async () => {
    const options = [authcrypt, anoncrypt].flatMap((to) => [to, { ...to, ids: 'long' as const }])
    const bindings = new LruMap<Binding>(10)
    const packed = async (memory: Partial<CompactContext>) => {
      const context = contextOf(sensor, everybody, memory)
      const envelopes = []
      for (const one of [...options, ...options]) envelopes.push((await pack(reading, one, context)).bytes)
      return envelopes
    }
    const envelopes = await packed({ bindings })
    expect(envelopes).toEqual(await packed({}))
    const to = contextOf(gateway, everybody, { bindings })
    for (const bytes of envelopes) expect((await unpack(bytes, to)).message.body).toEqual(reading.body)
  })

  test('it forgets the pair that was used least recently', () => {
    const cache = pskCache(2)
    cache.set('a', Uint8Array.of(1))
    cache.set('b', Uint8Array.of(2))
    cache.get('a')
    cache.set('c', Uint8Array.of(3))
    expect(['a', 'b', 'c'].map((pair) => cache.get(pair)?.[0])).toEqual([1, undefined, 3])
    cache.clear()
    expect(cache.get('a')).toBeUndefined()
  })

  test('it hands out copies, so that wiping an entry does not reach a key in use', () => {
    const cache = pskCache(1)
    cache.set('a', Uint8Array.of(1))
    const inUse = cache.get('a')
    cache.set('b', Uint8Array.of(2))
    expect(inUse).toEqual(Uint8Array.of(1))
  })

  test('a size that is no positive integer is a RangeError', () => {
    for (const size of [0, -1, 1.5, Number.NaN]) expect(() => pskCache(size)).toThrow(RangeError)
  })
})
