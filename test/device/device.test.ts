import {
  type Agent,
  type AgentEvent,
  acks,
  contactBook,
  firstOf,
  memorySeenStore,
  PROBLEM_REPORT,
  ProblemError,
  type Transport,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { createDevice, type Device, type DeviceOptions, type Peer } from 'didcomm-mote/device'
import { didKey, keyAgreementKeys } from 'didcomm-mote/did'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { afterEach, describe, expect, it } from 'vitest'
import { didKeyIdentity } from '../../runtime/identity.ts'
import { party, START_MS } from '../agent/world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const resolve = firstOf(didKey(crypto))
const open: (Agent | Device)[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function keyOf(did: string): Promise<Peer['key']> {
  const [key] = keyAgreementKeys(await resolve(did))
  return key ?? expect.fail()
}

const identityOf = (letter: string) => didKeyIdentity(crypto, new Uint8Array(32).fill(letter.charCodeAt(0)))

async function device(letter: string, transport: Transport, peers: string[], more: Partial<DeviceOptions> = {}) {
  const { did, secretKeys } = identityOf(letter)
  const events: AgentEvent[] = []
  const known = await Promise.all(
    peers.map(async (name) => ({ key: await keyOf(identityOf(name).did), uri: `memory:${name}` })),
  )
  const made = createDevice({
    ...world(),
    now: () => START_MS,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    key: await keyOf(did),
    peers: known as [Peer, ...Peer[]],
    transport,
    onEvent: (event) => events.push(event),
    ...more,
  })
  open.push(made)
  return { device: made, did, events }
}

/** A device `d`, and the agents `g` that it knows and `x` that it does not. */
async function rig(more: Partial<DeviceOptions> = {}) {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, resolve)
  const gateway = party('g', [network.transport('g')], { contacts, protocols: [trustPing()], acks: acks() })
  const stranger = party('x', [network.transport('x')], { contacts, protocols: [trustPing()] })
  const small = await device('d', network.transport('d'), ['g'], more)
  for (const [did, name] of [
    [gateway.did, 'g'],
    [stranger.did, 'x'],
    [small.did, 'd'],
  ] as const) {
    await contacts.add({ did, uri: `memory:${name}`, encoding: 'compact' })
  }
  open.push(gateway.agent, stranger.agent)
  for (const { start } of [gateway.agent, stranger.agent, small.device]) await start()
  return { network, gateway, stranger, small }
}

const noteHandler = (received: Unpacked[]) => ({
  handlers: {
    [NOTE]: (one: Unpacked) => {
      received.push(one)
      return undefined
    },
  },
})

describe('a device', () => {
  it('writes to the first of its peers, who knows it by its short id', async () => {
    const { gateway, small } = await rig()
    const got: Unpacked[] = []
    gateway.agent.on(NOTE, (one) => void got.push(one))
    const id = await small.device.send({ type: NOTE, body: { t: 21.5 } })
    expect(got).toMatchObject([
      {
        message: {
          id,
          type: NOTE,
          from: small.did,
          to: [gateway.did],
          body: { t: 21.5 },
          created_time: START_MS / 1000,
        },
        sender: small.did,
        encoding: 'compact',
      },
    ])
    expect(small.events).toMatchObject([{ kind: 'sent', uri: 'memory:g' }])
  })

  it('costs as many bytes as an agent does', async () => {
    const { gateway, small } = await rig()
    gateway.agent.on(NOTE, () => undefined)
    await small.device.send({ type: NOTE, body: {} })
    const { packet } = await gateway.agent.prepare({ type: NOTE, body: {} }, { to: small.did })
    expect(small.events).toMatchObject([{ kind: 'sent', bytes: packet.bytes.length }])
  })

  it('writes with long ids where its peers do not know it yet', async () => {
    const network = memoryNetwork()
    const gateway = party('g', [network.transport('g')])
    const small = await device('d', network.transport('d'), ['g'], { ids: 'long' })
    open.push(gateway.agent)
    await gateway.agent.start()
    await small.device.start()
    const got: Unpacked[] = []
    gateway.agent.on(NOTE, (one) => void got.push(one))
    await small.device.send({ type: NOTE })
    expect(got).toMatchObject([{ sender: small.did }])
  })

  it('answers its peers as an agent does', async () => {
    const { gateway, small } = await rig({ protocols: [trustPing()] })
    const ping = { type: 'https://didcomm.org/trust-ping/2.0/ping', body: { response_requested: true } }
    const { message, sender } = await gateway.agent.request(ping, { to: small.did, timeoutMs: 5_000 })
    expect(message.type).toBe('https://didcomm.org/trust-ping/2.0/ping-response')
    expect(sender).toBe(small.did)
  })

  it('answers over the connection where it is asked to', async () => {
    const { gateway, small } = await rig({ protocols: [trustPing()] })
    const ping = {
      type: 'https://didcomm.org/trust-ping/2.0/ping',
      body: { response_requested: true },
      return_route: 'all',
    }
    const { packet } = await gateway.agent.prepare(ping, { to: small.did })
    const back: Uint8Array[] = []
    await small.device.receive({ ...packet, reply: async ({ bytes }) => void back.push(bytes) })
    expect(back).toHaveLength(1)
    expect(await gateway.agent.receive({ bytes: back[0] ?? new Uint8Array() })).toBe('accepted')
    expect(gateway.events.at(-1)).toMatchObject({ kind: 'received', sender: small.did })
  })

  it('acknowledges what it is asked to, and learns what others have', async () => {
    const received: Unpacked[] = []
    const { gateway, small } = await rig({ protocols: [noteHandler(received)], acks: acks() })
    const { message } = await gateway.agent.request(
      { type: NOTE },
      { to: small.did, pleaseAck: true, timeoutMs: 5_000 },
    )
    expect(message['ack']).toEqual([received[0]?.message.id])
    gateway.agent.on(NOTE, () => undefined)
    const id = await small.device.send({ type: NOTE }, { pleaseAck: true })
    await expect.poll(() => small.events.find(({ kind }) => kind === 'acknowledged')).toMatchObject({ ids: [id] })
  })

  it('hears nobody but its peers', async () => {
    const received: Unpacked[] = []
    const { stranger, small } = await rig({ protocols: [noteHandler(received)] })
    await stranger.agent.send({ type: NOTE }, { to: small.did }).catch(() => undefined)
    await stranger.agent.send({ type: NOTE }, { to: small.did, anonymous: true }).catch(() => undefined)
    await stranger.agent.send({ type: NOTE }, { to: small.did, encoding: 'json' }).catch(() => undefined)
    expect(received).toEqual([])
    expect(small.events.map((event) => (event.kind === 'refused' ? event.code : event.kind))).toEqual([
      'ERR_SENDER_UNKNOWN',
      'ERR_SENDER_UNKNOWN',
      'ERR_ENVELOPE_MALFORMED',
    ])
  })

  it('handles what comes twice once', async () => {
    const received: Unpacked[] = []
    const { gateway, small } = await rig({ protocols: [noteHandler(received)], seen: memorySeenStore() })
    const { packet } = await gateway.agent.prepare({ type: NOTE }, { to: small.did })
    await small.device.receive(packet)
    await small.device.receive(packet)
    expect(received).toHaveLength(1)
    expect(small.events.map(({ kind }) => kind)).toEqual(['received', 'duplicate'])
  })

  it('refuses what has expired', async () => {
    const received: Unpacked[] = []
    const { gateway, small } = await rig({ protocols: [noteHandler(received)] })
    const { packet } = await gateway.agent.prepare({ type: NOTE, expires_time: START_MS / 1000 }, { to: small.did })
    expect(await small.device.receive(packet)).toBe('refused')
    expect(received).toEqual([])
  })

  it('reports a problem of its handler, and answers no problem report', async () => {
    let asked = 0
    const failing = {
      handlers: {
        [NOTE]: () => {
          throw new ProblemError('e.p.req.no', 'No')
        },
        [PROBLEM_REPORT]: () => {
          asked += 1
          throw new ProblemError('e.p.req.no', 'No')
        },
      },
    }
    const { gateway, small } = await rig({ protocols: [failing] })
    const reports: Unpacked[] = []
    gateway.agent.on(PROBLEM_REPORT, (one) => void reports.push(one))
    await gateway.agent.send({ type: NOTE }, { to: small.did })
    await expect.poll(() => reports).toMatchObject([{ message: { body: { code: 'e.p.req.no' } }, sender: small.did }])
    await gateway.agent.send(
      { type: PROBLEM_REPORT, pthid: '1', body: { code: 'e.p.x', comment: '' } },
      { to: small.did },
    )
    await expect.poll(() => asked).toBe(1)
    expect(small.events.filter(({ kind }) => kind === 'sent')).toHaveLength(1)
  })

  it('has a message brought again whose handler fails for now, and refuses what nobody handles', async () => {
    let fails = true
    const flaky = {
      handlers: {
        [NOTE]: () => {
          if (fails) throw new Error('busy')
          return undefined
        },
      },
    }
    const { gateway, small } = await rig({ protocols: [flaky] })
    const { packet } = await gateway.agent.prepare({ type: NOTE }, { to: small.did })
    await expect(small.device.receive(packet)).rejects.toThrow('busy')
    fails = false
    expect(await small.device.receive(packet)).toBe('accepted')
    const other = await gateway.agent.prepare({ type: 'https://example.org/other/1.0/it' }, { to: small.did })
    expect(await small.device.receive(other.packet)).toBe('refused')
    expect(small.events.at(-1)).toMatchObject({ code: 'ERR_MESSAGE_UNHANDLED' })
  })

  it('tells of a reply that it cannot send', async () => {
    const { gateway, small } = await rig({ protocols: [trustPing()] })
    const ping = { type: 'https://didcomm.org/trust-ping/2.0/ping', body: { response_requested: true } }
    const { packet } = await gateway.agent.prepare(ping, { to: small.did })
    await gateway.agent.close()
    expect(await small.device.receive(packet)).toBe('accepted')
    await expect.poll(() => small.events.at(-1)).toMatchObject({ kind: 'unanswered', to: gateway.did })
  })

  it('refuses to write to those that it does not know, and what its transport does not carry', async () => {
    const { stranger, small } = await rig()
    await expect(small.device.send({ type: NOTE }, { to: stranger.did })).rejects.toMatchObject({
      code: 'ERR_DID_NOT_FOUND',
    })
    const long = { type: NOTE, body: { text: 'x'.repeat(1_100_000) } }
    await expect(small.device.send(long)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })
})
