import { didKeyIdentity, type Packet, type Receive, type Transport } from 'didcomm-mote'
import { encodeHex } from 'didcomm-mote/bytes'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { createDevice } from 'didcomm-mote/device'
import { didKey, keyAgreementKeys } from 'didcomm-mote/did'
import { type FragmentingOptions, fragmenting } from 'didcomm-mote/transports/fragmenting'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { ws } from 'didcomm-mote/transports/ws'
import { world } from 'didcomm-mote/world'
import { afterEach, describe, expect, it } from 'vitest'
import { party } from '../agent/world.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { cut, keeper, never, numbered, settleDown } from './fragment-rig.ts'
import { seeded } from './seeded.ts'

const open: Transport[] = []
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close()
})

const message = numbered(200)
const pieces = cut(message)

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
