import { expect, test } from 'vitest'
import { compact, compactWith, json, plaintext, several, signed, unwrapForward } from '../../runtime/envelope/index.ts'
import { contextOf, party } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob')
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const message = {
  id: '1',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const parties = { to: bob.did, from: alice.did }

const parts = [signed(), several(), plaintext()]
const formats = [
  json(),
  json({ enc: 'XC20P' }),
  compact(),
  compact({ ids: 'long' }),
  compactWith(parts),
  compactWith([]),
]

for (const format of formats) {
  test(`the ${format.encoding} format opens what it packs, and recognizes it by its first byte`, async () => {
    for (const options of [parties, { to: bob.did }]) {
      const { bytes } = await format.pack(message, options, asAlice)
      expect(format.recognizes(bytes[0] ?? 0)).toBe(true)
      expect(await format.unpack(bytes, asBob)).toMatchObject({ message, encoding: format.encoding })
    }
  })

  test(`the ${format.encoding} format says whether it derives ids`, async () => {
    const { id: _, ...unnamed } = message
    const packing = format.pack(unnamed, parties, asAlice)
    if (format.derivesId) expect((await packing).id).toMatch(/^[0-9a-f]{32}$/)
    else await expect(packing).rejects.toThrow(TypeError)
  })
}

test('no two formats recognize the same first byte [A16]', () => {
  const formats = [json(), compact()]
  for (let first = 0; first < 256; first++) {
    expect(formats.filter((format) => format.recognizes(first)).length).toBe(first === 0x7b || first >= 0x80 ? 1 : 0)
  }
})

test('a signed message inside of an encrypted one is packed and opened alike in every format that signs', async () => {
  for (const format of [json(), compactWith(parts)]) {
    const { bytes } = await format.pack(message, { to: bob.did, sign: alice.did }, asAlice)
    const knownKids = async () => alice.keys.map(({ kid }) => kid)
    const opened = await format.unpack(bytes, { ...asBob, knownKids })
    expect(opened).toMatchObject({
      message,
      sender: alice.did,
      recipient: bob.did,
      encrypted: true,
      nonRepudiable: true,
    })
    expect(opened.layers.map(({ kind }) => kind)).toEqual(['anoncrypt', 'signed'])
  }
})

test('each format has a limit of its own', async () => {
  for (const [large, small] of [
    [json(), json({ maxBytes: 50 })],
    [compact(), compact({ maxBytes: 50 })],
    [compactWith(parts), compactWith(parts, { maxBytes: 50 })],
  ] as const) {
    const { bytes } = await large.pack(message, parties, asAlice)
    await expect(small.unpack(bytes, asBob)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  }
})

test('the content encryption of anoncrypt is chosen where the format is made, for forwards too', async () => {
  const encOf = (bytes: Uint8Array): string => {
    const { protected: header } = JSON.parse(new TextDecoder().decode(bytes))
    return JSON.parse(Buffer.from(header, 'base64url').toString()).enc
  }
  const format = json({ enc: 'XC20P' })
  expect(encOf((await format.pack(message, { to: bob.did }, asAlice)).bytes)).toBe('XC20P')
  expect(encOf((await format.pack(message, parties, asAlice)).bytes)).toBe('A256CBC-HS512')
  const packed = await compact().pack(message, parties, asAlice)
  const forwarded = await format.forward?.(packed.bytes, { next: alice.did, routingKeys: [bob.did] }, asAlice)
  expect(encOf(forwarded?.bytes ?? expect.fail())).toBe('XC20P')
  const { message: forward } = await format.unpack(forwarded?.bytes ?? expect.fail(), asBob)
  expect(unwrapForward(forward)).toEqual({ next: alice.did, payloads: [packed.bytes] })
})
