import { beforeAll, describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { pack, packSignedCompact, pskCache, shortId, unpack } from '../../runtime/envelope/index.ts'
import type { ErrorCode } from '../../runtime/errors.ts'
import type { Packable } from '../../runtime/message/index.ts'
import { publicKeyOf } from './compact-several-parts.ts'
import { codeOf, contextOf, crypto, type Party, party } from './world.ts'

/** Every bit, every length, and every part of another envelope: that nothing of a compact envelope can be changed or moved unnoticed. */

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway', 2)
const cloud = party('did:example:cloud')
const everybody = [sensor, gateway, cloud]
const knownKids = async () => everybody.flatMap(({ keys }) => keys.map(({ kid }) => kid))
const asSensor = contextOf(sensor, everybody, { knownKids })
const asGateway = contextOf(gateway, everybody, { knownKids, pskCache: pskCache(8) })
const asCloud = contextOf(cloud, everybody, { knownKids })

const gatewayKey = publicKeyOf(gateway).kid
const reading: Packable = { type: 'https://didcomm.org/telemetry/1.0/report', body: { t: 21.5 } }
const one = { to: gatewayKey, encoding: 'compact' } as const
const two = { to: [gatewayKey, cloud.did], encoding: 'compact' } as const
const long = { ids: 'long' } as const

const makers: Record<string, () => Promise<{ bytes: Uint8Array }>> = {
  authcrypt: () => pack(reading, { ...one, from: sensor.did }, asSensor),
  'authcrypt, long ids': () => pack(reading, { ...one, from: sensor.did, ...long }, asSensor),
  anoncrypt: () => pack(reading, one, asSensor),
  'anoncrypt, long ids': () => pack(reading, { ...one, ...long }, asSensor),
  signed: () => packSignedCompact(reading, { from: sensor.did }, asSensor),
  'signed, long ids': () => packSignedCompact(reading, { from: sensor.did, ...long }, asSensor),
  'anoncrypt of signed': () => pack(reading, { ...one, sign: sensor.did }, asSensor),
  'authcrypt for two': () => pack(reading, { ...two, from: sensor.did }, asSensor),
  'authcrypt for two, long ids': () => pack(reading, { ...two, from: sensor.did, ...long }, asSensor),
  'anoncrypt for two': () => pack(reading, two, asSensor),
  'anoncrypt for two of signed': () => pack(reading, { ...two, sign: sensor.did }, asSensor),
}

const envelopes: Record<string, Uint8Array> = {}
beforeAll(async () => {
  for (const [name, make] of Object.entries(makers)) envelopes[name] = (await make()).bytes
})
const envelope = (name: string): Uint8Array => envelopes[name] ?? expect.fail(name)

const structural: readonly ErrorCode[] = ['ERR_ENVELOPE_MALFORMED', 'ERR_ENVELOPE_UNSUPPORTED']
/** Of a long id: no DID URL any more, one of somebody else, or one of nobody. */
const ofLongIds: readonly ErrorCode[] = [
  'ERR_RECIPIENT_UNKNOWN',
  'ERR_ENVELOPE_ADDRESSING',
  'ERR_DID_NOT_FOUND',
  'ERR_DID_MALFORMED',
]

/** What may be said where a byte at `index` was changed: by where the byte lies in the structure. */
function expectedCodes(bytes: Uint8Array, name: string): (index: number) => readonly ErrorCode[] {
  const ranges: { start: number; end: number; codes: readonly ErrorCode[] }[] = []
  const mark = (part: unknown, ...codes: ErrorCode[]): void => {
    if (!(part instanceof Uint8Array)) throw new TypeError('expected bytes')
    const start = part.byteOffset - bytes.byteOffset
    ranges.push({ start, end: start + part.length, codes })
  }
  const isLong = name.includes('long')
  const markId = (id: unknown, code: ErrorCode): void =>
    isLong ? mark(id, code, ...structural, ...ofLongIds) : mark(id, code)
  const { tag, value } = decodeCbor(bytes) as Tagged
  const [header, unprotected, content, last] = value as [Uint8Array, Map<number, unknown>, Uint8Array, CborValue]
  const protectedMap = decodeCbor(header) as Map<number, unknown>
  if (tag === 18) {
    markId(protectedMap.get(4), 'ERR_SENDER_UNKNOWN')
    mark(content, 'ERR_ENVELOPE_SIGNATURE')
    mark(last, 'ERR_ENVELOPE_SIGNATURE')
  } else {
    mark(content, 'ERR_ENVELOPE_DECRYPT')
    if (tag === 16) {
      markId(unprotected.get(4), 'ERR_RECIPIENT_UNKNOWN')
      mark(unprotected.get(-4), 'ERR_ENVELOPE_DECRYPT')
      if (protectedMap.has(-5)) markId(protectedMap.get(-5), 'ERR_SENDER_UNKNOWN')
    } else {
      mark(protectedMap.get(5), 'ERR_ENVELOPE_DECRYPT')
      for (const [index, recipient] of (last as CborValue[][]).entries()) markRecipient(recipient, index)
    }
  }
  function markRecipient([recipientHeader, ek, wrapped]: CborValue[], index: number): void {
    const map = decodeCbor(recipientHeader as Uint8Array) as Map<number, unknown>
    // The name of somebody else is only authenticated; our own is also looked for.
    const code = index === 0 ? 'ERR_RECIPIENT_UNKNOWN' : 'ERR_ENVELOPE_DECRYPT'
    markId(map.get(4), code)
    if (map.has(-5)) markId(map.get(-5), 'ERR_ENVELOPE_MALFORMED')
    mark((ek as Map<number, unknown>).get(-4), 'ERR_ENVELOPE_DECRYPT')
    mark(wrapped, 'ERR_ENVELOPE_DECRYPT')
  }
  return (index) => {
    const range = ranges.find(({ start, end }) => index >= start && index < end)
    // The first byte tells what it is: with another, it may be something else altogether.
    return range?.codes ?? (index === 0 ? [...structural, 'ERR_MESSAGE_MALFORMED'] : structural)
  }
}

describe('any single bit that is flipped is noticed, and by the right check', () => {
  for (const name of Object.keys(makers)) {
    test(name, async () => {
      const bytes = envelope(name)
      expect(await codeOf(unpack(bytes, asGateway))).toBeUndefined()
      const codesAt = expectedCodes(bytes, name)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = bytes.slice()
        changed[bit >> 3]! ^= 1 << (bit & 7)
        const code = await codeOf(unpack(changed, asGateway))
        expect(codesAt(bit >> 3), `bit ${bit & 7} of byte ${bit >> 3}: ${code}`).toContain(code)
      }
    })
  }
})

describe('whatever is cut off or added is noticed', () => {
  for (const name of Object.keys(makers)) {
    test(name, async () => {
      const bytes = envelope(name)
      for (let length = 0; length < bytes.length; length++) {
        const code = await codeOf(unpack(bytes.slice(0, length), asGateway))
        expect(code, `${length} bytes`).toBe('ERR_ENVELOPE_MALFORMED')
      }
      for (const more of [[0], [0xff], [0xf6], [...bytes]]) {
        const code = await codeOf(unpack(Uint8Array.of(...bytes, ...more), asGateway))
        expect(code).toBe('ERR_ENVELOPE_MALFORMED')
      }
    })
  }
})

describe('a ciphertext that is moved does not open', () => {
  type Parts = [Uint8Array, Map<number, CborValue>, Uint8Array]
  const partsOf = (bytes: Uint8Array) => (decodeCbor(bytes.slice()) as Tagged).value as unknown as Parts
  const join = (parts: Parts): Uint8Array => encodeCbor(new Tagged(16, parts as unknown as CborValue[]))
  const idOf = (owner: Party, index = 0): Uint8Array => shortId(publicKeyOf(owner, index).kid, crypto)
  const headerOf = (pskId?: Uint8Array): Uint8Array =>
    encodeCbor(new Map<number, CborValue>([[1, 42], ...(pskId ? [[-5, pskId] as const] : [])]))

  test('to another envelope between the same two', async () => {
    const other = partsOf((await pack({ ...reading, body: {} }, { ...one, from: sensor.did }, asSensor)).bytes)
    for (const index of [1, 2] as const) {
      const moved = partsOf(envelope('authcrypt'))
      moved[index] = other[index] as never
      expect(await codeOf(unpack(join(moved), asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    }
  })

  test('to another sender', async () => {
    const [, unprotected, ciphertext] = partsOf(envelope('authcrypt'))
    for (const sender of [cloud, gateway]) {
      const moved = join([headerOf(idOf(sender)), unprotected, ciphertext])
      expect(await codeOf(unpack(moved, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    }
  })

  test('to another recipient, or another key of the same one', async () => {
    for (const name of ['authcrypt', 'anoncrypt']) {
      for (const [kid, reader] of [
        [idOf(cloud), asCloud],
        [idOf(gateway, 1), asGateway],
      ] as const) {
        const [header, unprotected, ciphertext] = partsOf(envelope(name))
        const moved = join([header, new Map(unprotected).set(4, kid), ciphertext])
        expect(await codeOf(unpack(moved, reader))).toBe('ERR_ENVELOPE_DECRYPT')
      }
    }
  })

  test('from the sender to the recipient’s side of the same pair', async () => {
    const [, unprotected, ciphertext] = partsOf(envelope('authcrypt'))
    const reflected = join([headerOf(idOf(gateway)), new Map(unprotected).set(4, idOf(sensor)), ciphertext])
    expect(await codeOf(unpack(reflected, asSensor))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('between authcrypt and anoncrypt', async () => {
    const [, ...anonymous] = partsOf(envelope('anoncrypt'))
    expect(await codeOf(unpack(join([headerOf(idOf(sensor)), ...anonymous]), asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    const [, ...known] = partsOf(envelope('authcrypt'))
    expect(await codeOf(unpack(join([headerOf(), ...known]), asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('from an envelope for several to one for one: the wrapped key is not a message', async () => {
    for (const [name, pskId] of [
      ['authcrypt for two', idOf(sensor)],
      ['anoncrypt for two', undefined],
    ] as const) {
      const parts = (decodeCbor(envelope(name).slice()) as Tagged).value as CborValue[]
      const [[, ek, wrapped]] = parts[3] as unknown as [[Uint8Array, Map<number, Uint8Array>, Uint8Array]]
      const moved = join([headerOf(pskId), new Map(ek as Map<number, CborValue>).set(4, idOf(gateway)), wrapped])
      expect(await codeOf(unpack(moved, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    }
  })

  test('from an envelope for one to one for several: a message is not a wrapped key', async () => {
    // 32 bytes of plaintext make a ciphertext as long as that of a key.
    const long = { ...reading, body: { text: 'x'.repeat(23) } }
    const { bytes } = await pack(long, { ...one, from: sensor.did }, asSensor)
    const [, unprotected, ciphertext] = partsOf(bytes)
    expect(ciphertext).toHaveLength(48)
    const parts = (decodeCbor(envelope('authcrypt for two').slice()) as Tagged).value as CborValue[]
    const [[header], second] = parts[3] as [CborValue[], CborValue]
    parts[3] = [[header!, new Map([[-4, unprotected.get(-4)!]]), ciphertext], second]
    expect(await codeOf(unpack(encodeCbor(new Tagged(96, parts)), asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('from what is signed into what is authenticated: it says who signed, not who sent', async () => {
    const { bytes } = await pack(reading, { ...one, sign: sensor.did }, asSensor)
    const opened = await unpack(bytes, asGateway)
    expect(opened.layers.map(({ kind }) => kind)).toEqual(['anoncrypt', 'signed'])
  })
})
