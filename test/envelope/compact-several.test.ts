import { describe, expect, test } from 'vitest'
import {
  compact,
  compactWith,
  type EnvelopeContext,
  pack,
  pskCache,
  several,
  signed,
  unpack,
} from '../../runtime/envelope/index.ts'
import type { Packable } from '../../runtime/message/index.ts'
import { openParts, publicKeyOf } from './compact-several-parts.ts'
import { codeOf, contextOf, crypto, type Party, party, testSecrets } from './world.ts'

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway', 2)
const cloud = party('did:example:cloud')
const stranger = party('did:example:stranger')
const everybody = [sensor, gateway, cloud, stranger]
const asSensor = contextOf(sensor, everybody)
const asGateway = contextOf(gateway, everybody)
const asCloud = contextOf(cloud, everybody)

const reading: Packable = { type: 'https://didcomm.org/telemetry/1.0/report', body: { t: 21.5 } }
const both = [gateway.did, cloud.did]
const anoncrypt = { to: both, encoding: 'compact' } as const
const authcrypt = { ...anoncrypt, from: sensor.did } as const

/** The context of a party with only one of its keys. */
const withKey = (owner: Party, index: number): EnvelopeContext =>
  contextOf(owner, everybody, { secrets: testSecrets([owner.keys[index] ?? expect.fail()]) })

describe('an envelope for several recipients', () => {
  for (const ids of ['short', 'long'] as const) {
    test(`with ${ids} ids says the same to each of them, and proves the sender to each`, async () => {
      const { bytes, mediaType, id } = await pack(reading, { ...authcrypt, ids }, asSensor)
      expect(mediaType).toBe('application/cose; cose-type="cose-encrypt"')
      expect([...bytes.subarray(0, 2)]).toEqual([0xd8, 0x60])
      for (const [reader, as] of [[gateway, asGateway] as const, [cloud, asCloud] as const]) {
        expect(await unpack(bytes, as)).toEqual({
          message: { ...reading, id, from: sensor.did, to: both },
          sender: sensor.did,
          recipient: reader.did,
          encrypted: true,
          nonRepudiable: false,
          encoding: 'compact',
          layers: [
            {
              kind: 'authcrypt',
              enc: 'ChaCha20/Poly1305',
              recipientKid: reader.keys[0]?.kid,
              senderKid: sensor.keys[0]?.kid,
            },
          ],
        })
      }
      expect(await codeOf(unpack(bytes, contextOf(stranger, everybody)))).toBe('ERR_RECIPIENT_UNKNOWN')
    })
  }

  test('without a sender proves none', async () => {
    const { bytes } = await pack(reading, anoncrypt, asSensor)
    const opened = await unpack(bytes, asCloud)
    expect(opened).not.toHaveProperty('sender')
    expect(opened.message).toMatchObject({ to: both })
    expect(opened.layers).toMatchObject([{ kind: 'anoncrypt', recipientKid: cloud.keys[0]?.kid }])
  })

  test('opens with each of the keys that a DID lists', async () => {
    const { bytes } = await pack(reading, { ...authcrypt, to: gateway.did }, asSensor)
    for (const index of [0, 1]) {
      const opened = await unpack(bytes, withKey(gateway, index))
      expect(opened).toMatchObject({ sender: sensor.did, message: { to: [gateway.did] } })
      expect(opened.layers).toMatchObject([{ recipientKid: gateway.keys[index]?.kid }])
    }
  })

  test('for the keys of one DID takes no room to say so', async () => {
    const kids = [0, 1].map((index) => publicKeyOf(gateway, index).kid)
    const [byDid, byKeys, said] = [
      await pack(reading, { ...authcrypt, to: gateway.did }, asSensor),
      await pack(reading, { ...authcrypt, to: kids }, asSensor),
      await pack({ ...reading, to: [gateway.did] }, { ...authcrypt, to: kids }, asSensor),
    ]
    expect(new Set([byDid, byKeys, said].map(({ bytes }) => bytes.length)).size).toBe(1)
    expect((await unpack(byKeys.bytes, withKey(gateway, 1))).message.to).toEqual([gateway.did])
  })

  test('is an envelope for one where there is one key, without growing by a byte', async () => {
    const [one, list] = [
      await pack(reading, { ...authcrypt, to: cloud.did }, asSensor),
      await pack(reading, { ...authcrypt, to: [cloud.did] }, asSensor),
    ]
    expect([one.bytes[0], list.bytes[0]]).toEqual([0xd0, 0xd0])
    expect(list.bytes).toHaveLength(one.bytes.length)
  })

  test('carries what is signed, whom all its readers can show', async () => {
    const { bytes, id } = await pack(reading, { ...anoncrypt, sign: sensor.did }, asSensorSigning)
    for (const as of [asGateway, asCloud]) {
      const knownKids = async () => sensor.keys.map(({ kid }) => kid)
      expect(await unpack(bytes, { ...as, knownKids })).toMatchObject({
        message: { id, to: both },
        sender: sensor.did,
        nonRepudiable: true,
        layers: [{ kind: 'anoncrypt' }, { kind: 'signed' }],
      })
    }
  })
  const asSensorSigning = contextOf(sensor, everybody)

  test('has one id for all its readers, which is not that of the ciphertext', async () => {
    const { bytes, id } = await pack(reading, authcrypt, asSensor)
    const { ciphertext, cek } = await openParts(bytes, cloud, sensor)
    expect(id).toBe(
      Buffer.from(crypto.hmacSha256(cek, Buffer.from('didcomm-mote/c1 several id'))).toString('hex', 0, 16),
    )
    expect(id).not.toBe(Buffer.from(crypto.sha256(ciphertext)).toString('hex', 0, 16))
    expect((await unpack(bytes, asGateway)).message.id).toBe(id)
  })

  test('uses the psks that are kept', async () => {
    const sensorSecrets = testSecrets(sensor.keys)
    const cloudSecrets = testSecrets(cloud.keys)
    const from = contextOf(sensor, everybody, { secrets: sensorSecrets, pskCache: pskCache(10) })
    const to = contextOf(cloud, everybody, { secrets: cloudSecrets, pskCache: pskCache(10) })
    for (let n = 0; n < 3; n++) await unpack((await pack(reading, authcrypt, from)).bytes, to)
    expect({ sensor: sensorSecrets.derived, cloud: cloudSecrets.derived }).toEqual({ sensor: 3, cloud: 3 + 1 })
  })

  test('names nobody in "to" who does not get it, and everybody who does', async () => {
    const leavesOut = pack({ ...reading, to: [gateway.did] }, authcrypt, asSensor)
    await expect(leavesOut).rejects.toThrow(TypeError)
    const more = await pack({ ...reading, to: [...both, stranger.did] }, authcrypt, asSensor)
    expect((await unpack(more.bytes, asCloud)).message.to).toEqual([...both, stranger.did])
  })

  test('to nobody, or to somebody twice, is a mistake of the program', async () => {
    for (const to of [[], [cloud.did, cloud.did], [gateway.did, publicKeyOf(gateway).kid]]) {
      await expect(pack(reading, { ...authcrypt, to }, asSensor)).rejects.toThrow(TypeError)
    }
  })

  test('is refused by compact(), and read with the part for it', async () => {
    const { bytes } = await pack(reading, authcrypt, asSensor)
    expect(await codeOf(compact().unpack(bytes, asCloud))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    expect(await compactWith([several()]).unpack(bytes, asCloud)).toMatchObject({ sender: sensor.did })
    await expect(compact().pack(reading, { to: both }, asSensor)).rejects.toThrow(TypeError)
    await expect(compactWith([signed()]).pack(reading, { to: both }, asSensor)).rejects.toThrow(TypeError)
  })

  test('from somebody unknown with short ids fails with ERR_SENDER_UNKNOWN, and with long ones opens', async () => {
    const nobodyKnown = { ...asCloud, knownKids: async () => [] }
    const short = await pack(reading, authcrypt, asSensor)
    expect(await codeOf(unpack(short.bytes, nobodyKnown))).toBe('ERR_SENDER_UNKNOWN')
    const long = await pack(reading, { ...authcrypt, ids: 'long' }, asSensor)
    expect(await unpack(long.bytes, nobodyKnown)).toMatchObject({ sender: sensor.did })
  })

  test('a failing key store is not hidden behind ERR_ENVELOPE_DECRYPT', async () => {
    const busy = { ...asCloud.secrets, deriveBits: () => Promise.reject(new Error('secure element busy')) }
    const { bytes } = await pack(reading, authcrypt, asSensor)
    await expect(unpack(bytes, { ...asCloud, secrets: busy })).rejects.toThrow('secure element busy')
  })

  test('is for 64 keys, and not for 65', async () => {
    const crowd = (size: number) => party('did:example:crowd', size)
    const full = crowd(64)
    const { bytes } = await pack(reading, { ...authcrypt, to: full.did }, contextOf(sensor, [full]))
    const last = { secrets: testSecrets([full.keys[63] ?? expect.fail()]) }
    expect(await unpack(bytes, contextOf(full, [sensor], last))).toMatchObject({ sender: sensor.did })
    const over = crowd(65)
    expect(await codeOf(pack(reading, { ...authcrypt, to: over.did }, contextOf(sensor, [over])))).toBe('ERR_TOO_LARGE')
  })
})
