import { describe, expect, test } from 'vitest'
import { encodeCbor } from '../../runtime/bytes/index.ts'
import {
  compact,
  compactWith,
  json,
  packPlaintext,
  packPlaintextCompact,
  plaintext,
  unpack,
} from '../../runtime/envelope/index.ts'
import type { Packable } from '../../runtime/message/index.ts'
import { contextOf, crypto, party } from './world.ts'

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway')
const context = contextOf(gateway, [sensor])
const type = 'https://didcomm.org/telemetry/1.0/report'
const reading = { id: 'r-1', type, from: sensor.did, to: [gateway.did], created_time: 1, body: { t: 21.5 } }

describe('a compact plaintext without an envelope', () => {
  test('arrives as what it says, with nothing proven', async () => {
    const { bytes, mediaType, id } = packPlaintextCompact(reading, context)
    expect([mediaType, id]).toEqual(['application/didcomm-plain+cbor', 'r-1'])
    expect(await unpack(bytes, context)).toEqual({
      message: reading,
      encrypted: false,
      nonRepudiable: false,
      encoding: 'compact',
      layers: [],
    })
  })

  test('is the same as its JSON, but for the encoding', async () => {
    const { message, ...rest } = await unpack(packPlaintextCompact(reading, context).bytes, context)
    const { message: fromJson, ...others } = await json().unpack(packPlaintext(reading).bytes, context)
    expect({ ...message, typ: 'application/didcomm-plain+json' }).toEqual(fromJson)
    expect({ ...rest, encoding: 'json' }).toEqual(others)
  })

  test('takes nobody’s word for a sender or a recipient that it does not name', async () => {
    const { message } = await unpack(packPlaintextCompact({ type, body: {} }, context).bytes, context)
    expect(message).not.toHaveProperty('from')
    expect(message).not.toHaveProperty('to')
  })

  test('begins with 0x80 to 0xBF, whatever it holds [A16]', () => {
    const bodies: Packable[] = [reading, { type, body: {} }, { type, body: { a: 1 }, created_time: 5 }]
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`header-${i}`, i]))
    for (const message of [...bodies, { ...reading, ...many }]) {
      const first = packPlaintextCompact(message, context).bytes[0] ?? 0
      expect(first).toBeGreaterThanOrEqual(0x80)
      expect(first).toBeLessThanOrEqual(0xbf)
    }
  })

  test('without an id has the hash of its bytes for one', async () => {
    const { bytes, id } = packPlaintextCompact({ type, body: { t: 1 } }, context)
    expect(id).toBe(Buffer.from(crypto.sha256(bytes)).toString('hex').slice(0, 32))
    expect((await unpack(bytes, context)).message.id).toBe(id)
  })

  test('does not pass from_prior, which only counts where it is encrypted', async () => {
    const { bytes } = packPlaintextCompact({ ...reading, from_prior: 'x' }, context)
    await expect(unpack(bytes, context)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_ADDRESSING' })
  })

  test('is refused by compact(), and read with the part for it', async () => {
    const { bytes } = packPlaintextCompact(reading, context)
    await expect(compact().unpack(bytes, context)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_MALFORMED' })
    const format = compactWith([plaintext()])
    expect(format.recognizes(bytes[0] ?? 0)).toBe(true)
    expect(await format.unpack(bytes, context)).toMatchObject({ message: reading, encrypted: false })
    await expect(compactWith([plaintext()], { maxBytes: 20 }).unpack(bytes, context)).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
  })

  test.each([
    ['the arrays of other things', encodeCbor([1])],
    ['maps without a type', encodeCbor(new Map([[1, 'id']]))],
    ['maps of indefinite length', Uint8Array.of(0xbf, 0xff)],
    ['arrays that end too early', Uint8Array.of(0x82, 0x01)],
    ['trailing bytes', Uint8Array.of(...packPlaintextCompact(reading, context).bytes, 0)],
    [
      'unknown numbers',
      encodeCbor(
        new Map<number, string>([
          [2, type],
          [12, 'x'],
        ]),
      ),
    ],
  ])('refuses %s', async (_, bytes) => {
    await expect(unpack(bytes, context)).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
  })
})
