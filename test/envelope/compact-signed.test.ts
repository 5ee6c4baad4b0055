import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { sealCompact } from '../../runtime/envelope/compact-seal.ts'
import { signCose1 } from '../../runtime/envelope/cose/index.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import {
  compact,
  compactWith,
  pack,
  packSignedCompact,
  plaintext,
  shortId,
  signed,
  unpack,
} from '../../runtime/envelope/index.ts'
import { type Packable, serializeCompact } from '../../runtime/message/index.ts'
import { codeOf, contextOf, crypto, type Party, party, testTypes } from './world.ts'

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway')
const stranger = party('did:example:stranger')
const everybody = [sensor, gateway, stranger]
/** Everybody knows everybody's keys, those to sign with as well. */
const knownKids = async () => everybody.flatMap(({ keys }) => keys.map(({ kid }) => kid))
const asSensor = contextOf(sensor, everybody, { knownKids })
const asGateway = contextOf(gateway, everybody, { knownKids })
const asStranger = contextOf(stranger, everybody, { knownKids })

const type = 'https://didcomm.org/telemetry/1.0/report'
const reading: Packable = { type, body: { t: 21.5 } }
const toGateway = { to: gateway.did, encoding: 'compact' } as const

function signingKeyOf({ keys }: Party) {
  const key = keys.find(({ curve }) => curve === 'Ed25519') ?? expect.fail()
  return { ...key, publicKey: crypto.ed25519.getPublicKey(key.secretKey) }
}

/** A COSE_Sign1 of a payload with any header, by the key of `signer`. */
function sign1(signer: Party, payload: Uint8Array, changes: Partial<Parameters<typeof signCose1>[0]> = {}) {
  const { kid, curve, secretKey } = signingKeyOf(signer)
  return signCose1({
    payload,
    curve,
    protectedMap: new Map([[4, shortId(kid, crypto)]]),
    externalAad: encodeCbor(['didcomm-mote/c1 signed', kid]),
    sign: async (data) => crypto.ed25519.sign(data, secretKey),
    ...changes,
  })
}

const partsOf = (bytes: Uint8Array): CborValue[] => [...((decodeCbor(bytes) as Tagged).value as CborValue[])]
const rebuilt = (bytes: Uint8Array, index: number, value: CborValue): Uint8Array => {
  const parts = partsOf(bytes)
  parts[index] = value
  return encodeCbor(new Tagged(18, parts))
}

describe('a signed compact message', () => {
  for (const ids of ['short', 'long'] as const) {
    test(`with a ${ids} id proves to anybody who wrote it, and hides nothing`, async () => {
      const { bytes, mediaType, id } = await packSignedCompact(reading, { from: sensor.did, ids }, asSensor)
      expect(mediaType).toBe('application/cose; cose-type="cose-sign1"')
      expect(bytes[0]).toBe(0xd2)
      for (const reader of [asGateway, asStranger]) {
        expect(await unpack(bytes, reader)).toEqual({
          message: { ...reading, id, from: sensor.did },
          sender: sensor.did,
          encrypted: false,
          nonRepudiable: true,
          encoding: 'compact',
          layers: [{ kind: 'signed', signerKids: [signingKeyOf(sensor).kid] }],
        })
      }
    })
  }

  test('has its id from what was signed, so that it is the same in any envelope', async () => {
    const { bytes, id } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    const [protectedHeader, , payload] = partsOf(bytes)
    const externalAad = encodeCbor(['didcomm-mote/c1 signed', signingKeyOf(sensor).kid])
    const hash = crypto.sha256(encodeCbor(['Signature1', protectedHeader, externalAad, payload]))
    expect(id).toBe(Buffer.from(hash).toString('hex').slice(0, 32))
    const addressed = { ...reading, to: [gateway.did] }
    const bare = await packSignedCompact(addressed, { from: sensor.did }, asSensor)
    const wrapped = await pack(addressed, { ...toGateway, sign: sensor.did }, asSensor)
    expect(wrapped.id).toBe(bare.id)
    expect((await unpack(wrapped.bytes, asGateway)).message.id).toBe(bare.id)
  })

  test('is written with Ed25519 (-19), and read with EdDSA (-8)', async () => {
    const payload = serializeCompact(reading, { types: testTypes, implied: {} })
    const { bytes } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect((decodeCbor(partsOf(bytes)[0] as Uint8Array) as Map<number, number>).get(1)).toBe(-19)
    expect(await unpack(await sign1(sensor, payload, { alg: -8 }), asGateway)).toMatchObject({ sender: sensor.did })
  })

  test('by the key that a DID URL names is by that key', async () => {
    const { kid } = signingKeyOf(sensor)
    const { bytes } = await packSignedCompact(reading, { from: kid }, asSensor)
    expect(await unpack(bytes, asGateway)).toMatchObject({ layers: [{ signerKids: [kid] }] })
  })

  test('is not made in the name of somebody else', async () => {
    const forged = { ...reading, from: stranger.did }
    await expect(packSignedCompact(forged, { from: sensor.did }, asSensor)).rejects.toThrow(TypeError)
    const none = contextOf(sensor, everybody, { secrets: asGateway.secrets })
    expect(await codeOf(packSignedCompact(reading, { from: sensor.did }, none))).toBe('ERR_KEY_NOT_FOUND')
  })

  test('is not made by a key on another curve', async () => {
    const other = party('did:example:p256', 1, { signing: 'P-256' })
    const context = contextOf(other, [])
    expect(await codeOf(packSignedCompact(reading, { from: other.did }, context))).toBe('ERR_KEY_NOT_FOUND')
  })

  test('from somebody unknown with a short id fails with ERR_SENDER_UNKNOWN, and the long one opens', async () => {
    const nobodyKnown = contextOf(gateway, everybody, { knownKids: async () => [] })
    const short = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(short.bytes, nobodyKnown))).toBe('ERR_SENDER_UNKNOWN')
    const long = await packSignedCompact(reading, { from: sensor.did, ids: 'long' }, asSensor)
    expect(await unpack(long.bytes, nobodyKnown)).toMatchObject({ sender: sensor.did })
  })

  test('by a key that its DID does not list for authentication is by nobody', async () => {
    const revoked = { ...sensor, document: { ...sensor.document, authentication: [] } }
    const context = contextOf(gateway, [revoked], { knownKids })
    const short = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(short.bytes, context))).toBe('ERR_SENDER_UNKNOWN')
    const long = await packSignedCompact(reading, { from: sensor.did, ids: 'long' }, asSensor)
    expect(await codeOf(unpack(long.bytes, context))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('that says it is from somebody else than the signer fails with ERR_ENVELOPE_ADDRESSING [C3]', async () => {
    const payload = serializeCompact({ ...reading, from: stranger.did }, { types: testTypes, implied: {} })
    expect(await codeOf(unpack(await sign1(sensor, payload), asGateway))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('whose kid, payload or protected header is that of another does not verify', async () => {
    const { bytes } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    const other = await packSignedCompact({ ...reading, body: {} }, { from: stranger.did }, asStranger)
    for (const index of [0, 2, 3]) {
      const moved = rebuilt(bytes, index, partsOf(other.bytes)[index] ?? null)
      expect(await codeOf(unpack(moved, asGateway)), `part ${index}`).toBe('ERR_ENVELOPE_SIGNATURE')
    }
  })

  test('whose kid was made long or short does not verify', async () => {
    const [short, long] = [
      await packSignedCompact(reading, { from: sensor.did }, asSensor),
      await packSignedCompact(reading, { from: sensor.did, ids: 'long' }, asSensor),
    ]
    expect(await codeOf(unpack(rebuilt(short.bytes, 0, partsOf(long.bytes)[0] ?? null), asGateway))).toBe(
      'ERR_ENVELOPE_SIGNATURE',
    )
    expect(await codeOf(unpack(rebuilt(long.bytes, 0, partsOf(short.bytes)[0] ?? null), asGateway))).toBe(
      'ERR_ENVELOPE_SIGNATURE',
    )
  })

  test('that was signed for another use of the same key does not verify', async () => {
    const payload = serializeCompact(reading, { types: testTypes, implied: {} })
    for (const externalAad of [
      new Uint8Array(0),
      encodeCbor(['didcomm-mote/c1 signed', signingKeyOf(stranger).kid]),
      encodeCbor(['another profile', signingKeyOf(sensor).kid]),
    ]) {
      expect(await codeOf(unpack(await sign1(sensor, payload, { externalAad }), asGateway))).toBe(
        'ERR_ENVELOPE_SIGNATURE',
      )
    }
  })

  test('with anything else in its headers is refused', async () => {
    const payload = serializeCompact(reading, { types: testTypes, implied: {} })
    const kid = shortId(signingKeyOf(sensor).kid, crypto)
    const refused: Partial<Parameters<typeof signCose1>[0]>[] = [
      { protectedMap: new Map() },
      { protectedMap: new Map(), kid },
      { kid: Uint8Array.of(1) },
      {
        protectedMap: new Map<CborValue, CborValue>([
          [4, kid],
          [3, 0],
        ]),
      },
      { protectedMap: new Map<CborValue, CborValue>([[4, 'text']]) },
      { protectedMap: new Map([[4, new Uint8Array(7)]]) },
    ]
    for (const changes of refused) {
      expect(await codeOf(unpack(await sign1(sensor, payload, changes), asGateway))).toBe('ERR_ENVELOPE_MALFORMED')
    }
    const { bytes } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(rebuilt(bytes, 2, null), asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    const critical = new Map<CborValue, CborValue>([
      [2, [4]],
      [4, kid],
    ])
    expect(await codeOf(unpack(await sign1(sensor, payload, { protectedMap: critical }), asGateway))).toBe(
      'ERR_ENVELOPE_UNSUPPORTED',
    )
  })

  test('with an algorithm for another curve is refused', async () => {
    const kid = shortId(signingKeyOf(sensor).kid, crypto)
    const header = encodeCbor(
      new Map<CborValue, CborValue>([
        [1, -9],
        [4, kid],
      ]),
    )
    const { bytes } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(rebuilt(bytes, 0, header), asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
  })

  test('is refused by compact(), and read with the part for it', async () => {
    const { bytes } = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(compact().unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    expect(await compactWith([signed()]).unpack(bytes, asGateway)).toMatchObject({ sender: sensor.did })
  })
})

describe('a signed message inside of an encrypted one', () => {
  const addressed = { ...reading, to: [gateway.did] }
  const bare = () => packSignedCompact(addressed, { from: sensor.did }, asSensor)

  test('proves who wrote it, though nobody authenticated', async () => {
    const { bytes, id, mediaType } = await pack(addressed, { ...toGateway, sign: sensor.did }, asSensor)
    expect(mediaType).toBe('application/cose; cose-type="cose-encrypt0"')
    expect(await unpack(bytes, asGateway)).toEqual({
      message: { ...addressed, id, from: sensor.did },
      sender: sensor.did,
      recipient: gateway.did,
      encrypted: true,
      nonRepudiable: true,
      encoding: 'compact',
      layers: [
        { kind: 'anoncrypt', enc: 'ChaCha20/Poly1305', recipientKid: gateway.keys[0]?.kid },
        { kind: 'signed', signerKids: [signingKeyOf(sensor).kid] },
      ],
    })
  })

  test('names its recipient in what is signed, whether or not the caller does [A15]', async () => {
    const format = compactWith([signed()])
    const { bytes } = await format.pack(reading, { to: gateway.did, sign: sensor.did }, asSensor)
    const opened = await unpack(bytes, asGateway)
    expect(opened.message.to).toEqual([gateway.did])
  })

  /** Encrypts any content for the gateway, as a recipient who passes it on would. */
  const wrapped = async (content: Uint8Array, from?: Party) => {
    const key = (of: Party) => ({
      kid: of.keys[0]?.kid ?? expect.fail(),
      curve: 'X25519' as const,
      bytes: crypto.x25519.getPublicKey(of.keys[0]?.secretKey ?? expect.fail()),
    })
    const options = { plaintext: content, recipients: [key(gateway)] as const, ids: 'short' as const }
    const context = from ? contextOf(from, everybody) : asStranger
    return (await sealCompact({ ...options, sender: from && key(from) }, documentKeys(context))).bytes
  }

  test('for somebody else is not taken from who passes it on [C2]', async () => {
    const forStranger = await packSignedCompact({ ...reading, to: [stranger.did] }, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(await wrapped(forStranger.bytes), asGateway))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('for nobody in particular is not taken from who passes it on [A15]', async () => {
    const forAll = await packSignedCompact(reading, { from: sensor.did }, asSensor)
    expect(await codeOf(unpack(await wrapped(forAll.bytes), asGateway))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('inside of authcrypt is read where both name the same sender, and never written [A11]', async () => {
    const { bytes } = await packSignedCompact(addressed, { from: sensor.did }, asSensor)
    expect(await unpack(await wrapped(bytes, sensor), asGateway)).toMatchObject({
      sender: sensor.did,
      nonRepudiable: true,
      layers: [{ kind: 'authcrypt' }, { kind: 'signed' }],
    })
    expect(await codeOf(unpack(await wrapped(bytes, stranger), asGateway))).toBe('ERR_ENVELOPE_ADDRESSING')
    const both = { ...toGateway, from: sensor.did, sign: sensor.did }
    await expect(pack(addressed, both, asSensor)).rejects.toThrow(TypeError)
  })

  test.each([
    ['a signature of a signature', async () => sign1(sensor, (await bare()).bytes)],
    ['a signature of an encrypted message', async () => sign1(sensor, await wrapped((await bare()).bytes))],
    ['encryption inside of encryption', async () => wrapped(await wrapped((await bare()).bytes))],
  ])('%s is refused [A10, A13]', async (_, make) => {
    expect(await codeOf(unpack(await make(), asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
  })

  test('is not opened by compact(), which has no code for signatures', async () => {
    const { bytes } = await pack(addressed, { ...toGateway, sign: sensor.did }, asSensor)
    expect(await codeOf(compact().unpack(bytes, asGateway))).toBe('ERR_MESSAGE_MALFORMED')
    expect(await codeOf(compactWith([plaintext()]).unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    await expect(compact().pack(addressed, { to: gateway.did, sign: sensor.did }, asSensor)).rejects.toThrow(TypeError)
  })

  test('with protectSender is a mistake of the program', async () => {
    const options = { ...toGateway, from: sensor.did, protectSender: true }
    await expect(pack({ ...reading, from: sensor.did }, options, asSensor)).rejects.toThrow(TypeError)
  })
})
