import type { Receipt, Receive, Transport } from 'didcomm-mote'
import { decodeHex, encodeHex } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import { type FragmentDrop, type FragmentingOptions, fragmenting } from 'didcomm-mote/transports/fragmenting'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { Clock } from './clock.ts'
import { codeOf } from './codes.ts'
import { cut, keeper, never, numbered, settleDown } from './fragment-rig.ts'

const open: Transport[] = []
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close()
})

/** A sender of bare packets, and a receiver that joins them. */
async function receiver(receive: Receive, options: Partial<FragmentingOptions> = {}) {
  const network = memoryNetwork()
  const clock = new Clock()
  const drops: FragmentDrop[] = []
  const [bare, link] = [network.transport('a'), network.transport('b')]
  const joining = fragmenting(link, { sha256, world: clock, onDrop: (reason) => drops.push(reason), ...options })
  open.push(joining, bare)
  await bare.start(never)
  await joining.start(receive)
  /** What became of each packet, in the order in which it was known. */
  const outcomes: string[] = []
  const put = (...packets: Uint8Array[]) => {
    for (const bytes of packets) {
      const index = packets.indexOf(bytes)
      codeOf(bare.send('memory:b', { bytes })).then(
        (code) => outcomes.push(`${index} ${code}`),
        () => undefined,
      )
    }
    return settleDown()
  }
  return { put, outcomes, clock, drops, joining }
}

const message = numbered(200)
const pieces = cut(message)
const hex = encodeHex(message)

describe('the receipt of a fragment', () => {
  it.each<[Receipt, string]>([
    ['accepted', 'no error'],
    ['refused', 'ERR_TRANSPORT_REJECTED'],
    ['too-large', 'ERR_TOO_LARGE'],
  ])('is that of its message once it is whole: %s', async (receipt, code) => {
    const { got, receive } = keeper(receipt)
    const { put, outcomes } = await receiver(receive)
    await put(...pieces.slice(0, -1))
    expect([outcomes, got]).toEqual([[], []])
    await put(...pieces.slice(-1))
    expect(got).toEqual([hex])
    expect(outcomes.map((outcome) => outcome.slice(2))).toEqual(pieces.map(() => code))
  })

  it('tells to come again where the message cannot be received yet, and any piece of it has it tried', async () => {
    const { got, receive } = keeper(new Error('full'), new Error('full'))
    const { put, outcomes, clock } = await receiver(receive)
    await put(...pieces)
    expect(outcomes.map((outcome) => outcome.slice(2))).toEqual(pieces.map(() => 'ERR_TRANSPORT_UNREACHABLE'))
    outcomes.length = 0
    for (const piece of pieces.slice(2, 4)) await put(piece)
    expect(outcomes).toEqual(['0 ERR_TRANSPORT_UNREACHABLE', '0 no error'])
    expect([got, clock.pending]).toEqual([[hex, hex, hex], 0])
  })

  it('is not given before, however slowly the message is received', async () => {
    let finish: (receipt: Receipt) => void = () => undefined
    const { put, outcomes, drops, clock } = await receiver(({ bytes }) =>
      bytes.length < 100
        ? Promise.resolve('accepted')
        : new Promise<Receipt>((resolve) => {
            finish = resolve
          }),
    )
    await put(...pieces)
    await put(...Array.from({ length: 20 }, (_, index) => Uint8Array.of(index)))
    clock.advance(500_000)
    await put(pieces[1] ?? expect.fail())
    expect([outcomes.length, drops]).toEqual([20, []])
    finish('accepted')
    await settleDown()
    expect(outcomes.length).toBe(20 + pieces.length + 1)
    expect(clock.pending).toBe(0)
  })

  it('is given when eight more packets have come, so that nobody stops the others', async () => {
    const { put, outcomes, drops } = await receiver(keeper().receive)
    await put(pieces[0] ?? expect.fail())
    for (let others = 1; others < 8; others += 1) {
      await put(Uint8Array.of(0x80, others))
      expect(outcomes.length).toBe(others)
    }
    await put(Uint8Array.of(0x80, 8))
    expect(outcomes).toEqual(Array(9).fill('0 no error'))
    expect(drops).toEqual([])
  })

  it('is given at once where none may wait', async () => {
    const { got, receive } = keeper('refused')
    const { put, outcomes } = await receiver(receive, { maxHeldReceipts: 0 })
    await put(...pieces)
    expect(outcomes.map((outcome) => outcome.slice(2))).toEqual([
      ...pieces.slice(1).map(() => 'no error'),
      'ERR_TRANSPORT_REJECTED',
    ])
    expect(got).toEqual([hex])
  })

  it('is a refusal when the rest does not come in time', async () => {
    const { put, outcomes, drops, clock } = await receiver(keeper().receive)
    await put(...pieces.slice(0, 2))
    clock.advance(59_999)
    await settleDown()
    expect(outcomes).toEqual([])
    clock.advance(1)
    await settleDown()
    expect(outcomes).toEqual(['0 ERR_TRANSPORT_REJECTED', '1 ERR_TRANSPORT_REJECTED'])
    expect([drops, clock.pending]).toEqual([['timeout'], 0])
    await put(...pieces)
    expect(outcomes.slice(2).every((outcome) => outcome.endsWith('no error'))).toBe(true)
  })

  it('tells to come again where others took the place of the message', async () => {
    const { put, outcomes, drops } = await receiver(keeper().receive, { maxMessages: 1 })
    await put(pieces[0] ?? expect.fail(), cut(numbered(200, 9))[0] ?? expect.fail())
    expect([outcomes, drops]).toEqual([['0 ERR_TRANSPORT_UNREACHABLE'], ['no-room']])
  })

  it('is the same for a copy of what was accepted, for a while, and the message is received once', async () => {
    const { got, receive } = keeper()
    const { put, outcomes, clock } = await receiver(receive)
    await put(...pieces)
    outcomes.length = 0
    clock.advance(59_999)
    await put(...pieces)
    expect(outcomes.map((outcome) => outcome.slice(2))).toEqual(pieces.map(() => 'no error'))
    expect([got, clock.pending]).toEqual([[hex], 0])
    clock.advance(1)
    await put(...pieces)
    expect(got).toEqual([hex, hex])
  })

  it('is asked for again where the message was refused: it may be welcome by now', async () => {
    const { got, receive } = keeper('refused')
    const { put, outcomes } = await receiver(receive)
    await put(...pieces)
    await put(...pieces)
    expect(got).toEqual([hex, hex])
    expect(outcomes.map((outcome) => outcome.slice(-8))).toEqual([
      ...pieces.map(() => 'REJECTED'),
      ...pieces.map(() => 'no error'),
    ])
  })

  it('of what is no fragment is a refusal, and so is that of what is too long', async () => {
    const { put, outcomes, drops } = await receiver(keeper().receive, { maxMessageBytes: 150 })
    await put(decodeHex('3f'), decodeHex('30'), pieces[0] ?? expect.fail())
    expect(outcomes).toEqual(['0 ERR_TRANSPORT_REJECTED', '1 ERR_TRANSPORT_REJECTED', '2 ERR_TOO_LARGE'])
    expect(drops).toEqual(['malformed', 'malformed', 'too-large'])
  })

  it('is a refusal for all where their message is not the one that they name', async () => {
    const { got, receive } = keeper()
    const { put, outcomes, drops } = await receiver(receive)
    const spoilt = pieces.map((piece, index) =>
      index === 2 ? Uint8Array.from(piece, (byte) => byte ^ (byte === 100 ? 1 : 0)) : piece,
    )
    await put(...spoilt)
    expect(outcomes.map((outcome) => outcome.slice(2))).toEqual(pieces.map(() => 'ERR_TRANSPORT_REJECTED'))
    expect([got, drops]).toEqual([[], ['malformed']])
    await put(...pieces)
    expect(got).toEqual([hex])
  })

  it('is remembered for so many fragments, and no more', async () => {
    const { got, receive } = keeper()
    const { put } = await receiver(receive)
    await put(...pieces)
    for (let start = 0; start < 50; start += 1) {
      const others = Array.from({ length: 20 }, (_, index) => Uint8Array.from(message, (byte) => byte ^ index ^ 77))
      await put(...others.flatMap((other) => cut(Uint8Array.of(start, ...other))))
    }
    const before = got.length
    await put(...pieces)
    expect([before, got.length]).toEqual([1_001, 1_002])
  })

  it('tells to come again when the transport closes, which holds nothing then', async () => {
    const { put, outcomes, clock, joining } = await receiver(keeper().receive)
    await put(...pieces.slice(0, 2))
    await joining.close()
    await settleDown()
    expect(outcomes).toEqual(['0 ERR_TRANSPORT_UNREACHABLE', '1 ERR_TRANSPORT_UNREACHABLE'])
    expect(clock.pending).toBe(0)
  })
})

it('a fragment that still comes while the transport closes is not held', async () => {
  let bring: Receive = never
  const link: Transport = {
    schemes: ['x'],
    maxPacketBytes: 51,
    start: async (receive) => {
      bring = receive
    },
    send: async () => undefined,
    close: async () => undefined,
  }
  const clock = new Clock()
  const closing = fragmenting(link, { sha256, world: clock })
  await closing.start(keeper().receive)
  await closing.close()
  expect(await codeOf(bring({ bytes: pieces[0] ?? expect.fail() }))).toBe('ERR_CLOSED')
  expect(clock.pending).toBe(0)
})
