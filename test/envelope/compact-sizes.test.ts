import { describe, expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../runtime/bytes/index.ts'
import { pack, packPlaintextCompact, packSignedCompact, unpack } from '../../runtime/envelope/index.ts'
import { type CompactType, type Packable, typeRegistry } from '../../runtime/message/index.ts'
import { contextOf, party } from './world.ts'

/** The bytes of each kind of envelope on the wire, to the byte: whoever makes one grow says so here. */

const type = 'https://example.com/readings/1.0/raw'
/** A reading whose dense form is its bytes. */
const raw: CompactType = {
  code: 1,
  type,
  body: {
    toCbor: ({ bytes }) => (typeof bytes === 'string' ? decodeBase64url(bytes) : undefined),
    fromCbor: (bytes) => ({ bytes: encodeBase64url(bytes as Uint8Array) }),
  },
}
const types = typeRegistry([raw])
const reading = (bodyBytes: number): Packable => ({ type, body: { bytes: encodeBase64url(new Uint8Array(bodyBytes)) } })

/** DIDs as long as a did:key, of 56 characters; the DID URLs of their keys have 69 and 70. */
const did = (name: string): string => `did:key:z6Mk${name.padEnd(44, 'x')}`
const sensor = party(did('sensor'))
const gateway = party(did('gateway'))
const cloud = party(did('cloud'))
const everybody = [sensor, gateway, cloud]
const knownKids = async () => everybody.flatMap(({ keys }) => keys.map(({ kid }) => kid))
const asSensor = contextOf(sensor, everybody, { types })
const readers = [gateway, cloud].map((reader) => contextOf(reader, everybody, { types, knownKids }))
const third = party(did('third'))

const one = { to: gateway.did, encoding: 'compact' } as const
const two = { to: [gateway.did, cloud.did], encoding: 'compact' } as const
const from = { from: sensor.did } as const
const long = { ids: 'long' } as const
const toOne: Packable = { ...reading(20), to: [gateway.did] }

const kinds: Record<string, (message: Packable) => Promise<{ bytes: Uint8Array }>> = {
  plaintext: async (message) => packPlaintextCompact(message, asSensor),
  authcrypt: (message) => pack(message, { ...one, ...from }, asSensor),
  anoncrypt: (message) => pack(message, one, asSensor),
  signed: (message) => packSignedCompact(message, from, asSensor),
  'authcrypt, long ids': (message) => pack(message, { ...one, ...from, ...long }, asSensor),
  'anoncrypt, long id': (message) => pack(message, { ...one, ...long }, asSensor),
  'signed, long id': (message) => packSignedCompact(message, { ...from, ...long }, asSensor),
}

describe('a reading of 20 bytes', () => {
  test.each([
    ['plaintext', 23],
    ['authcrypt', 104],
    ['anoncrypt', 94],
    ['signed', 107],
    ['authcrypt, long ids', 229],
    ['anoncrypt, long id', 156],
    ['signed, long id', 171],
  ])('as %s has %i bytes', async (kind, size) => {
    const { bytes } = (await kinds[kind]?.(reading(20))) ?? expect.fail()
    expect(bytes).toHaveLength(size)
    expect((await unpack(bytes, readers[0] ?? expect.fail())).message.body).toEqual(reading(20).body)
  })

  test('signed inside of anoncrypt has 241 bytes, 63 of them to say for whom it is', async () => {
    const { bytes } = await pack(toOne, { ...one, sign: sensor.did }, asSensor)
    expect(bytes).toHaveLength(241)
  })

  test('for two DIDs has 427 bytes as authcrypt, and for three 598, since they are named', async () => {
    const sizes: number[] = []
    for (const to of [two.to, [...two.to, third.did]]) {
      const options = { ...two, ...from, to }
      sizes.push((await pack(reading(20), options, contextOf(sensor, [...everybody, third], { types }))).bytes.length)
    }
    expect(sizes).toEqual([427, 598])
  })

  test('for two keys of one DID has 307 bytes as authcrypt and 285 as anoncrypt', async () => {
    const pair = party(did('pair'), 2)
    const context = contextOf(sensor, [pair], { types })
    const to = { to: pair.did, encoding: 'compact' } as const
    expect((await pack(reading(20), { ...to, ...from }, context)).bytes).toHaveLength(307)
    expect((await pack(reading(20), to, context)).bytes).toHaveLength(285)
  })
})

describe('around a body of', () => {
  test.each([
    [4, 87, 77, 91],
    [20, 104, 94, 107],
    [64, 149, 139, 153],
    [256, 343, 333, 347],
    [4096, 4183, 4173, 4187],
  ])('%i bytes, authcrypt has %i, anoncrypt %i and signed %i', async (bodyBytes, ...sizes) => {
    const made = []
    for (const kind of ['authcrypt', 'anoncrypt', 'signed']) made.push(await kinds[kind]?.(reading(bodyBytes)))
    expect(made.map((envelope) => envelope?.bytes.length)).toEqual(sizes)
  })
})
