import { didKeyIdentity, type Packet, type Receipt, type Receive, type Transport } from 'didcomm-mote'
import { decodeHex, encodeHex } from 'didcomm-mote/bytes'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { createDevice } from 'didcomm-mote/device'
import { didKey, keyAgreementKeys } from 'didcomm-mote/did'
import { type FragmentDrop, type FragmentingOptions, fragment, fragmenting } from 'didcomm-mote/transports/fragmenting'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { ws } from 'didcomm-mote/transports/ws'
import { world } from 'didcomm-mote/world'
import { afterEach, describe, expect, it } from 'vitest'
import { party } from '../agent/world.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { seeded } from './seeded.ts'

const numbered = (lengthBytes: number, start = 0) =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => start + index)
const cut = (message: Uint8Array, maxPacketBytes = 51) => [...fragment(message, maxPacketBytes, sha256)]
const never: Receive = async () => 'refused'
const settleDown = async () => {
  for (let turns = 0; turns < 20; turns += 1) await turn()
}

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

/** Keeps what it is given, and says what it is told to say. */
function keeper(...answers: (Receipt | Error)[]) {
  const got: string[] = []
  const receive: Receive = async ({ bytes }) => {
    got.push(encodeHex(bytes))
    const answer = answers.shift() ?? 'accepted'
    if (answer instanceof Error) throw answer
    return answer
  }
  return { got, receive }
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

describe('a fragment that comes to a transport without fragments', () => {
  it('is refused by an agent, which says why, and by a device', async () => {
    const { agent, events } = party('b', [])
    const { did, secretKeys } = didKeyIdentity(crypto, new Uint8Array(32).fill(7))
    const [key] = keyAgreementKeys(await didKey(crypto).resolve(did))
    const device = createDevice({
      ...world(),
      crypto,
      secrets: memorySecrets(crypto, secretKeys),
      key: key ?? expect.fail(),
      peers: [{ key: key ?? expect.fail(), uri: 'memory:b' }],
      transport: memoryNetwork().transport('a'),
    })
    for (const bytes of pieces) {
      expect(await agent.receive({ bytes })).toBe('refused')
      expect(await device.receive({ bytes })).toBe('refused')
    }
    expect(events[0]).toMatchObject({
      kind: 'refused',
      code: 'ERR_ENVELOPE_MALFORMED',
      reason: 'this is a fragment, which no transport here joins',
    })
    expect(agent.counters().refused).toEqual({ ERR_ENVELOPE_MALFORMED: pieces.length })
  })
})

describe('a transport in fragments', () => {
  const pair = async (options: Partial<FragmentingOptions> & { link?: number } = {}, receive: Receive = never) => {
    const { link = 51, ...others } = options
    const network = memoryNetwork({ maxPacketBytes: link })
    const made = ['a', 'b'].map((name) =>
      fragmenting(network.transport(name), { sha256, world: new Clock(), ...others }),
    )
    open.push(...made)
    const [a, b] = made as [Transport, Transport]
    await b.start(receive)
    return { a, b }
  }

  it('tells what the link tells, and carries more', async () => {
    const inner: Transport = {
      ...memoryNetwork().transport('x'),
      schemes: ['x'],
      maxPacketBytes: 60,
      canReach: (uri) => uri === 'x:y',
    }
    const { schemes, maxPacketBytes, canReach } = fragmenting(inner, { sha256 })
    expect([schemes, maxPacketBytes, canReach?.('x:y'), canReach?.('x:z')]).toEqual([['x'], 65_536, true, false])
    expect(fragmenting(memoryNetwork().transport('x'), { sha256 }).canReach).toBeUndefined()
  })

  it.each([
    [{ maxPacketBytes: 15 }],
    [{ maxHeldReceipts: 9 }],
    [{ maxHeldReceipts: -1 }],
    [{ maxMessages: 0 }],
    [{ timeoutMs: Number.NaN }],
  ])('refuses limits that cannot be: %j', (options) => {
    expect(() => fragmenting(memoryNetwork().transport('x'), { sha256, ...options })).toThrow(RangeError)
  })

  it('refuses a link that carries too little', () => {
    const link = memoryNetwork({ maxPacketBytes: 15 }).transport('x')
    expect(() => fragmenting(link, { sha256, maxPacketBytes: 100 })).toThrow(RangeError)
  })

  it('carries what has hundreds of fragments, though the receipts wait', async () => {
    const { got, receive } = keeper()
    const { a } = await pair({}, receive)
    await a.start(never)
    const large = numbered(20_000)
    await a.send('memory:b', { bytes: large })
    expect(got).toEqual([encodeHex(large)])
  })

  it('carries all sizes around that of a packet, whatever a message begins with', async () => {
    const { got, receive } = keeper()
    const { a } = await pair({}, receive)
    await a.start(never)
    const all = [0x30, 0x7b].flatMap((head) =>
      Array.from({ length: 110 }, (_, length) => new Uint8Array(length).fill(head)),
    )
    for (const bytes of all) await a.send('memory:b', { bytes })
    expect(got).toEqual(all.map(encodeHex))
  })

  it('does not begin more fragments when one has failed', async () => {
    const sent: Packet[] = []
    const link: Transport = {
      schemes: ['x'],
      maxPacketBytes: 20,
      start: async () => undefined,
      close: async () => undefined,
      send: async (_, packet) => {
        sent.push(packet)
        await turn()
        if (sent.length > 3) throw new Error('the link broke')
      },
    }
    const a = fragmenting(link, { sha256 })
    await a.start(never)
    await expect(a.send('x:y', { bytes: numbered(5_000) })).rejects.toThrow('the link broke')
    await settleDown()
    expect(sent.length).toBeLessThan(40)
  })

  it('answers over an exchange in one packet, and with more than that in none', async () => {
    const codes: string[] = []
    const answers: Packet[] = []
    const { a } = await pair({}, async ({ reply }) => {
      if (!reply) return 'refused'
      for (const length of [52, 51]) codes.push(await codeOf(reply({ bytes: new Uint8Array(length).fill(0x30) })))
      codes.push(await codeOf(reply({ bytes: new Uint8Array(50).fill(0x3f) })))
      return 'accepted'
    })
    await a.start(async (packet) => {
      answers.push(packet)
      return 'accepted'
    })
    await a.send('memory:b', { bytes: message })
    expect(codes).toEqual(['ERR_TOO_LARGE', 'ERR_TOO_LARGE', 'no error'])
    expect(answers.map(({ bytes }) => bytes)).toEqual([new Uint8Array(50).fill(0x3f)])
  })

  it('answers over a connection in fragments, and each time with the same function', async () => {
    const options = { sha256, maxPacketBytes: 51 }
    const listening = ws({ listen: { port: 0 }, allowPrivateAddresses: true })
    const [a, b] = [fragmenting(ws({ allowPrivateAddresses: true }), options), fragmenting(listening, options)]
    open.push(a, b)
    const { got, receive } = keeper()
    const replies = new Set<unknown>()
    let count = 0
    await b.start(async ({ reply, persistent }) => {
      replies.add(reply)
      expect(persistent).toBe(true)
      await reply?.({ bytes: numbered(300, ++count) })
      return 'accepted'
    })
    await a.start(receive)
    for (const bytes of [message, numbered(10), numbered(200, 1)]) await a.send(listening.url ?? '', { bytes })
    await eventually(() => got.length === 3)
    expect(new Set(got)).toEqual(new Set([1, 2, 3].map((start) => encodeHex(numbered(300, start)))))
    expect(replies.size).toBe(1)
  })

  it('brings everything over a link that loses, doubles and reorders, where it is sent until it is taken', async () => {
    const clock = new Clock()
    const network = memoryNetwork({
      maxPacketBytes: 51,
      timer: clock.timer,
      random: seeded(7),
      latencyMs: 10,
      lossRate: 0.05,
      duplicateRate: 0.1,
      reorderRate: 0.3,
    })
    const { got, receive } = keeper()
    const [a, b] = ['a', 'b'].map((name) => fragmenting(network.transport(name), { sha256, world: clock }))
    if (!a || !b) expect.fail()
    open.push(a, b)
    await a.start(never)
    await b.start(receive)
    const all = Array.from({ length: 20 }, (_, index) => numbered(60 + 40 * index, index))
    let tries = 0
    const untilTaken = async (bytes: Uint8Array): Promise<void> => {
      tries += 1
      if ((await codeOf(a.send('memory:b', { bytes }))) !== 'no error') await untilTaken(bytes)
    }
    let isDone = false
    const sent = Promise.all(all.map(untilTaken)).then(() => {
      isDone = true
    })
    await eventually(
      () => isDone,
      () => clock.advance(5),
    )
    await sent
    expect(tries).toBeGreaterThan(all.length)
    expect(new Set(got)).toEqual(new Set(all.map(encodeHex)))
  })
})
