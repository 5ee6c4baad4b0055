import {
  type AgentOptions,
  contactBook,
  DidCommError,
  type Packet,
  type Preference,
  peerMemory,
  type Resolve,
  type Transport,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didcommService, didKey, type ServiceInput } from 'didcomm-mote/did'
import { compactWith, json, several } from 'didcomm-mote/envelope'
import { PING, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it } from 'vitest'
import { party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const small = ping({ responseRequested: false })
const large = { type: NOTE, body: { text: 'x'.repeat(4_000) } }
const keys = didKey(crypto)

/** A transport that keeps what is sent, and its name with it. */
function link(name: string, scheme: string, kept: string[], options: Partial<Transport> & { fails?: string } = {}) {
  const { fails, ...others } = options
  const transport: Transport = {
    schemes: [scheme],
    maxPacketBytes: 10_000,
    start: async () => undefined,
    close: async () => undefined,
    async send(uri: string, _packet: Packet) {
      kept.push(`${name} ${uri}`)
      if (fails !== undefined) throw new DidCommError(fails as 'ERR_CLOSED', 'as the test wants it')
    },
    ...others,
  }
  return transport
}

function documents(endpoints: Record<string, readonly (ServiceInput | string)[]>): Resolve {
  return async (did) => {
    const document = await keys.resolve(did)
    const inputs = endpoints[did] ?? []
    const service = inputs.map((input, i) =>
      didcommService(`#s${i}`, typeof input === 'string' ? { uri: input } : input),
    )
    return { ...document, service }
  }
}

const bob = party('b', [])
const mediator = party('m', [])

/** Alice with some transports, and Bob's document with some endpoints. */
async function alice(
  transports: Transport[],
  endpoints: readonly (ServiceInput | string)[],
  options: Partial<AgentOptions> = {},
) {
  const resolve = documents({ [bob.did]: endpoints, [mediator.did]: ['wide:mediator'] })
  const one = party('a', transports, { resolve, contacts: contactBook(crypto, resolve), ...options })
  await one.agent.start()
  return one
}

describe('the preference of this side', () => {
  const endpoints = ['https:b', 'mqtt:b', 'BLE:b', 'mqtt:b2']
  async function order(preferTransports: Preference | undefined) {
    const transports = ['ble', 'mqtt', 'https'].map((scheme) => link(scheme, scheme, []))
    const { agent } = await alice(transports, endpoints, preferTransports && { preferTransports })
    const { uri, alternatives = [] } = await agent.prepare(small, { to: bob.did })
    return [uri, ...alternatives.map((way) => way.uri)]
  }

  it.each<[string, Preference | undefined, string[]]>([
    ['none: the order is that of the document', undefined, endpoints],
    [
      'schemes: they come in order, and what they do not name after them',
      ['ble', 'mqtt'],
      [...endpoints].slice(2, 3).concat(['mqtt:b', 'mqtt:b2', 'https:b']),
    ],
    ['schemes in capitals', ['MQTT'], ['mqtt:b', 'mqtt:b2', 'https:b', 'BLE:b']],
    [
      'a cost: the lowest comes first, and the same cost keeps the order',
      ({ uri }) => (uri === 'mqtt:b2' ? -1 : 1),
      ['mqtt:b2', 'https:b', 'mqtt:b', 'BLE:b'],
    ],
    [
      'an infinite cost: such a way is not taken',
      ({ uri }) => (uri.startsWith('mqtt') ? Infinity : 0),
      ['https:b', 'BLE:b'],
    ],
  ])('may be %s [L11, L15]', async (_, preference, expected) => {
    expect(await order(preference)).toEqual(expected)
  })

  it('may not be a cost that is no number', async () => {
    await expect(order(() => Number.NaN)).rejects.toThrow(TypeError)
  })

  it('leaves nothing where every way costs too much', async () => {
    await expect(order(() => Infinity)).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })

  it('counts before the bound of four ways, and behind what an endpoint accepts [L12]', async () => {
    const transports = ['a', 'z'].map((scheme) => link(scheme, scheme, []))
    const many = ['a:1', 'a:2', 'a:3', 'a:4', { uri: 'z:old', accept: ['didcomm/aip1'] }, 'z:5']
    const { agent } = await alice(transports, many, { preferTransports: ['z'] })
    const { uri, alternatives } = await agent.prepare(small, { to: bob.did })
    expect([uri, ...(alternatives ?? []).map((way) => way.uri)]).toEqual(['z:5', 'a:1', 'a:2', 'a:3'])
  })

  it('sees for whom a way is wrapped: a mediator may cost more than a direct one', async () => {
    const transports = ['wide', 'mqtt'].map((scheme) => link(scheme, scheme, []))
    const { agent } = await alice(transports, [mediator.did, 'mqtt:b'], {
      preferTransports: ({ routingKeys }) => routingKeys.length,
    })
    const { uri, alternatives } = await agent.prepare(small, { to: bob.did })
    expect([uri, alternatives?.map((way) => way.uri)]).toEqual(['mqtt:b', ['wide:mediator']])
  })

  it('decides the encoding as well, where the endpoints accept different ones', async () => {
    const both = [
      { uri: 'https:b', accept: ['didcomm/v2'] },
      { uri: 'ble:b', accept: ['didcomm-mote/c1'] },
    ]
    const transports = ['ble', 'https'].map((scheme) => link(scheme, scheme, []))
    for (const [preferTransports, expected] of [
      [['https'], ['https:b', 'json']],
      [['ble'], ['ble:b', 'compact']],
    ] as const) {
      const { agent } = await alice(transports, both, { preferTransports, peers: peerMemory() })
      const { uri, encoding } = await agent.prepare(small, { to: bob.did })
      expect([uri, encoding]).toEqual(expected)
    }
  })
})

describe('a packet that a link does not carry', () => {
  it('takes the ways that do first, and the others behind them', async () => {
    const kept: string[] = []
    const transports = [
      link('narrow', 'narrow', kept, { maxPacketBytes: 2_000 }),
      link('wide', 'wide', kept, { maxPacketBytes: 20_000 }),
    ]
    const { agent } = await alice(transports, ['narrow:b', 'wide:b'])
    await agent.send(small, { to: bob.did })
    const { uri, alternatives } = await agent.prepare(large, { to: bob.did })
    await agent.send(large, { to: bob.did })
    expect([uri, alternatives?.map((way) => way.uri)]).toEqual(['wide:b', ['narrow:b']])
    expect(kept).toEqual(['narrow narrow:b', 'wide wide:b'])
    expect(agent.counters().failover).toBe(0)
  })

  it('counts as it is wrapped for a mediator', async () => {
    const kept: string[] = []
    const direct = (await (await alice([link('l', 'l', kept)], ['l:b'])).agent.prepare(small, { to: bob.did })).packet
    const limit = { maxPacketBytes: direct.bytes.length + 200 }
    const transports = [link('narrow', 'narrow', kept, limit), link('wide', 'wide', kept, limit)]
    const { agent } = await alice(transports, [mediator.did, 'narrow:b'])
    const { uri, alternatives } = await agent.prepare(small, { to: bob.did })
    expect([uri, alternatives?.map((way) => way.uri)]).toEqual(['narrow:b', ['wide:mediator']])
  })

  it('and no other does fails with both figures, before anything goes out', async () => {
    const kept: string[] = []
    const { agent } = await alice([link('l', 'l', kept, { maxPacketBytes: 2_000 })], ['l:b'])
    const { bytes } = (await agent.prepare(large, { to: bob.did })).packet
    const sent = agent.send(large, { to: bob.did })
    await expect(sent).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
      message: `${bytes.length} bytes are more than the 2000 that the transport carries`,
    })
    expect(kept).toEqual([])
  })
})

it('a message is packed once for the ways with mediators, and once for those without', async () => {
  const format = json()
  let packs = 0
  const counting = {
    ...format,
    pack: (...parties: Parameters<typeof format.pack>) => {
      packs += 1
      return format.pack(...parties)
    },
  }
  const { agent } = await alice([link('l', 'wide', [])], [mediator.did, 'wide:b', mediator.did, 'wide:c'], {
    envelopes: [counting],
  })
  const { alternatives } = await agent.prepare(small, { to: bob.did })
  expect([alternatives?.length, packs]).toEqual([3, 2])
})

describe('two transports with one scheme', () => {
  it('are tried one after the other', async () => {
    const kept: string[] = []
    const first = link('first', 'mqtt', kept, { fails: 'ERR_TRANSPORT_UNREACHABLE' })
    const { agent, events } = await alice([first, link('second', 'mqtt', kept)], ['mqtt:b'])
    await agent.send(small, { to: bob.did })
    expect(kept).toEqual(['first mqtt:b', 'second mqtt:b'])
    expect(events.map(({ kind }) => kind)).toEqual(['failover', 'sent'])
  })

  it('fail as the last of them does, and then the next endpoint is tried', async () => {
    const kept: string[] = []
    const both = ['ERR_TRANSPORT_UNREACHABLE', 'ERR_TRANSPORT_REJECTED'].map((fails, i) =>
      link(`${i}`, 'mqtt', kept, { fails }),
    )
    const { agent, events } = await alice([...both, link('http', 'http', kept)], ['mqtt:b', 'http:b'])
    await agent.send(small, { to: bob.did })
    expect(kept).toEqual(['0 mqtt:b', '1 mqtt:b', 'http http:b'])
    expect(events).toMatchObject([
      { kind: 'failover', uri: 'mqtt:b', cause: { code: 'ERR_TRANSPORT_UNREACHABLE' } },
      { kind: 'failover', uri: 'mqtt:b', cause: { code: 'ERR_TRANSPORT_REJECTED' } },
      { kind: 'sent', uri: 'http:b' },
    ])
  })

  it('are not all tried where one is closed', async () => {
    const kept: string[] = []
    const first = link('first', 'mqtt', kept, { fails: 'ERR_CLOSED' })
    const { agent } = await alice([first, link('second', 'mqtt', kept)], ['mqtt:b'])
    await expect(agent.send(small, { to: bob.did })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(kept).toEqual(['first mqtt:b'])
  })

  it('are asked whether they can reach a URI, and which is wide enough', async () => {
    const kept: string[] = []
    const only = (host: string) => ({ canReach: (uri: string) => uri.startsWith(`mqtt://${host}/`) })
    const transports = [
      link('one', 'mqtt', kept, only('one')),
      link('two', 'mqtt', kept, { ...only('two'), maxPacketBytes: 2_000 }),
      link('two, wide', 'mqtt', kept, only('two')),
    ]
    const { agent } = await alice(transports, ['mqtt://three/b', 'mqtt://two/b'])
    await agent.send(small, { to: bob.did })
    await agent.send(large, { to: bob.did })
    expect(kept).toEqual(['two mqtt://two/b', 'two, wide mqtt://two/b'])
    const nowhere = agent.transmit({ uri: 'mqtt://three/b', packet: { bytes: new Uint8Array(1) } })
    await expect(nowhere).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })
})

describe('the largest envelope that a party takes', () => {
  const sizes = async () => {
    const { agent } = await alice([link('l', 'wide', [])], ['wide:b'])
    const { bytes } = (await agent.prepare(large, { to: bob.did })).packet
    return bytes.length
  }

  it('fails what is larger with both figures, before anything goes out [M7]', async () => {
    const kept: string[] = []
    const resolve = documents({ [bob.did]: ['wide:b'] })
    const contacts = contactBook(crypto, resolve)
    const size = await sizes()
    const limited = await alice([link('l', 'wide', kept)], ['wide:b'], { contacts })
    await contacts.add({ did: bob.did, maxReceiveBytes: size })
    await limited.agent.send(large, { to: bob.did })
    contacts.update(bob.did, { maxReceiveBytes: size - 1 })
    await expect(limited.agent.send(large, { to: bob.did })).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
      message: `${size} bytes are more than the ${size - 1} that ${bob.did} takes`,
    })
    expect(kept).toHaveLength(1)
  })

  it('is that of each reader of one envelope for several', async () => {
    const resolve = documents({ [bob.did]: ['wide:b'] })
    const contacts = contactBook(crypto, resolve)
    const kept: string[] = []
    const { agent } = await alice([link('l', 'wide', kept)], ['wide:b'], {
      contacts,
      envelopes: [compactWith([several()])],
    })
    await contacts.add({ did: mediator.did, maxReceiveBytes: 100 })
    const audience = [bob.did, mediator.did]
    const sent = agent.send(small, { to: bob.did, audience, together: true })
    await expect(sent).rejects.toThrow(`more than the 100 that ${mediator.did} takes`)
    expect(kept).toEqual([])
  })

  it('is that of a mediator for what is wrapped for it, and another way is taken [M7, L15]', async () => {
    const resolve = documents({ [bob.did]: [mediator.did, 'direct:b'], [mediator.did]: ['wide:mediator'] })
    const contacts = contactBook(crypto, resolve)
    const kept: string[] = []
    const transports = ['wide', 'direct'].map((scheme) => link('l', scheme, kept, { maxPacketBytes: 20_000 }))
    const { agent } = await alice(transports, [mediator.did, 'direct:b'], { contacts })
    await contacts.add({ did: mediator.did, maxReceiveBytes: (await sizes()) + 500 })
    await contacts.add({ did: bob.did, maxReceiveBytes: (await sizes()) + 500 })
    const { uri, alternatives } = await agent.prepare(large, { to: bob.did })
    expect([uri, alternatives]).toEqual(['direct:b', undefined])
    contacts.update(mediator.did, { maxReceiveBytes: 20_000 })
    expect((await agent.prepare(large, { to: bob.did })).uri).toBe('wide:mediator')
  })
})

it('two agents meet over the way that one of them prefers', async () => {
  const [near, far] = [memoryNetwork(), memoryNetwork()]
  const nearby = (transport: Transport): Transport => ({
    schemes: ['near'],
    maxPacketBytes: transport.maxPacketBytes,
    start: (receive) => transport.start(receive),
    close: () => transport.close(),
    send: (uri, packet) => transport.send(uri.replace('near', 'memory'), packet),
  })
  const reader = party('b', [nearby(near.transport('b')), far.transport('b')], { protocols: [trustPing()] })
  await reader.agent.start()
  const writer = await alice([far.transport('a'), nearby(near.transport('a'))], ['memory:b', 'near:b'], {
    preferTransports: ['near'],
  })
  await writer.agent.send(small, { to: bob.did })
  expect(reader.events).toMatchObject([{ kind: 'received', type: PING }])
  expect(writer.events).toMatchObject([{ kind: 'sent', uri: 'near:b' }])
  await Promise.all([reader.agent.close(), writer.agent.close()])
})
