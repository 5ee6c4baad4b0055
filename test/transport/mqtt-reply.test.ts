import { type AgentOptions, contactBook, firstOf, peerMemory } from 'didcomm-mote'
import { crypto, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import type { IClientPublishOptions } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { inboxTopic, mqtt, sharedInbox, topicTemplate } from '../../transports/mqtt/mqtt.ts'
import { type Party, party } from '../agent/world.ts'
import { hasMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'

const alice = 'dc1/aaaaaaaaaaaaaaaa/in'
const bob = 'dc1/bbbbbbbbbbbbbbbb/in'

describe.skipIf(!hasMosquitto)('answers over mqtt', () => {
  const { broker, client, got, keep, open, packet, texts, uri, watch } = mosquittoRig()
  /** Publishes to Bob as anybody may. */
  const ask = async (properties: NonNullable<IClientPublishOptions['properties']>) => {
    const stranger = client({ clean: true })
    await stranger.publishAsync(bob, 'question', { qos: 1, properties })
    await eventually(() => got.length === 1)
    return got[0]?.reply
  }

  it('go to the Response Topic, which is the inbox of the sender', async () => {
    await open({
      inboxTopics: [bob],
      receive: async (received) => {
        await received.reply?.(packet('answer'))
        return 'accepted'
      },
    })
    const asker = await open({ inboxTopics: [alice, 'another'] })
    await asker.send(uri(bob), packet('question', { wantsReply: true }))
    await eventually(() => got.length === 1)
    expect(texts()).toEqual(['answer'])
    expect(got[0]).not.toHaveProperty('reply')
  })

  it('are asked for only where the message does, there is an inbox, and the protocol is MQTT 5', async () => {
    const seen = await watch(bob)
    const asker = await open({ inboxTopics: [alice] })
    await asker.send(uri(bob), packet('plain'))
    await asker.send(uri(bob), packet('asking', { wantsReply: true }))
    const mute = await open()
    await mute.send(uri(bob), packet('nowhere', { wantsReply: true }))
    const old = await open({ client: client({ protocolVersion: 4 }), inboxTopics: [alice] })
    await old.send(uri(bob), packet('old', { wantsReply: true }))
    await eventually(() => seen.length === 4)
    expect(seen.map(({ text, properties }) => [text, properties])).toEqual([
      ['plain', {}],
      ['asking', { responseTopic: alice }],
      ['nowhere', {}],
      ['old', {}],
    ])
  })

  it('carry the Correlation Data that came, and their own expiry', async () => {
    const seen = await watch(alice)
    await open({ inboxTopics: [bob], now: () => 1_000 })
    const reply = await ask({ responseTopic: alice, correlationData: Buffer.from('mine') })
    await reply?.(packet('answer', { expiresAtMs: 61_000 }))
    await eventually(() => seen.length === 1)
    expect(seen[0]?.properties).toEqual({ correlationData: Buffer.from('mine'), messageExpiryInterval: 60 })
  })

  it('are one for each message, of the size that may be, and none after the end', async () => {
    const receiver = await open({ inboxTopics: [bob], maxPacketBytes: 100 })
    const reply = await ask({ responseTopic: alice })
    expect(reply && (await codeOf(reply(packet('x'.repeat(101)))))).toBe('ERR_TOO_LARGE')
    expect(reply && (await codeOf(reply(packet('x'))))).toMatch(/TypeError/)
    got.length = 0
    const late = await ask({ responseTopic: alice })
    await receiver.close()
    expect(late && (await codeOf(late(packet('x'))))).toBe('ERR_CLOSED')
  })

  it.each([
    'house/door',
    'dc1/aaaaaaaaaaaaaaaa/out',
    'dc1/aaaaaaaaaaaaaaaA/in',
    'dc1/aaaaaaaaaaaaaaa/in',
    `${alice}/`,
    `x/${alice}`,
    'dc1/gw/d/',
    'dc1/gw/d/a b',
    'dc1/gw/u/1/dev',
    '$SYS/broker',
    '$share/g/dc1/aaaaaaaaaaaaaaaa/in',
    `dc1/${'g'.repeat(65)}/d/dev`,
  ])('do not go to "%s", whoever asks for it', async (responseTopic) => {
    await open({ inboxTopics: [bob] })
    expect(await ask({ responseTopic })).toBeUndefined()
  })

  it('do not go back with much that the sender wants to read again', async () => {
    await open({ inboxTopics: [bob] })
    expect(await ask({ responseTopic: alice, correlationData: Buffer.alloc(65) })).toBeUndefined()
  })

  it('go to devices below their gateway, to forms of your own, or to nobody', async () => {
    await open({ inboxTopics: [bob] })
    expect(await ask({ responseTopic: 'dc1/gw-1/d/sensor~7' })).toBeDefined()
    got.length = 0
    await open({ inboxTopics: ['in/b'], answersTo: [topicTemplate('in/{name}')] })
    const stranger = client({ clean: true })
    for (const responseTopic of ['in/a', alice]) {
      await stranger.publishAsync('in/b', responseTopic, { qos: 1, properties: { responseTopic } })
    }
    await eventually(() => got.length === 2)
    expect(got.map(({ reply }) => reply !== undefined)).toEqual([true, false])
    got.length = 0
    await open({ inboxTopics: ['silent'], answersTo: [] })
    await stranger.publishAsync('silent', 'x', { qos: 1, properties: { responseTopic: alice } })
    await eventually(() => got.length === 1)
    expect(got[0]?.reply).toBeUndefined()
  })

  it('come to a topic of one worker where the inbox is shared', async () => {
    await open({ inboxTopics: [bob], receive: async ({ reply }) => (await reply?.(packet('answer'))) ?? 'accepted' })
    const seen = await watch(bob)
    const shared = sharedInbox('workers', 'dc1/gw/d/all')
    const first = await open({ inboxTopics: [shared, alice] })
    const anonymous = await open({ inboxTopics: [shared], receive: async () => 'refused' })
    await first.send(uri(bob), packet('question', { wantsReply: true }))
    await anonymous.send(uri(bob), packet('nowhere to answer', { wantsReply: true }))
    await eventually(() => got.length === 1 && seen.length === 2)
    expect(texts()).toEqual(['answer'])
    expect(seen.map(({ properties }) => properties)).toEqual([{ responseTopic: alice }, {}])
  })

  /** Alice, whose DID has no endpoint, and Bob, both on this broker; Alice knows where Bob is. */
  const agents = async (protocolVersion: 4 | 5, options: Partial<AgentOptions> = {}) => {
    const on = (topic: string) =>
      mqtt({ client: client({ protocolVersion }), broker: broker().url, inboxTopics: [topic] })
    const contacts = contactBook(crypto, firstOf(didKey(crypto)))
    const names = { a: party('a', []).did, b: party('b', []).did }
    const [topicA, topicB] = [names.a, names.b].map((did) => inboxTopic(did, sha256)) as [string, string]
    const a: Party = party('a', [on(topicA)], { contacts })
    const b: Party = party('b', [on(topicB)], { protocols: [trustPing()], ...options })
    await contacts.add({ did: b.did, uri: uri(topicB) })
    await Promise.all([a.agent.start(), b.agent.start()])
    return { a, b, close: async () => void (await Promise.all([a.agent.close(), b.agent.close()])) }
  }

  it('reach an agent that has no endpoint, where its message says return_route [M9]', async () => {
    const { a, b, close } = await agents(5)
    const answer = await a.agent.request(ping(), { to: b.did, timeoutMs: 10_000 })
    expect(answer.message.type).toBe(PING_RESPONSE)
    await eventually(() => b.agent.counters().sent === 1)
    await a.agent.send(ping(), { to: b.did })
    await eventually(() => b.agent.counters().unanswered === 1)
    const unanswered = b.events.find(({ kind }) => kind === 'unanswered')
    expect(unanswered).toMatchObject({ cause: { code: 'ERR_DID_UNUSABLE' } })
    await close()
  })

  it('are none to what nobody could open, whatever topic it names [M9]', async () => {
    const { b, close } = await agents(5, { peers: peerMemory(), envelopes: [compact()] })
    const seen = await watch('dc1/aaaaaaaaaaaaaaaa/in')
    const stranger = client({ clean: true })
    for (const garbage of ['', '{}', '{"protected":"x"}', '\xff']) {
      const options = { qos: 1, properties: { responseTopic: alice } } as const
      await stranger.publishAsync(inboxTopic(b.did, sha256), Buffer.from(garbage, 'latin1'), options)
    }
    await eventually(() => b.events.filter(({ kind }) => kind === 'refused').length === 4)
    await stranger.publishAsync(alice, 'the end', { qos: 1 })
    await eventually(() => seen.length > 0)
    expect(seen.map(({ text }) => text)).toEqual(['the end'])
    await close()
  })

  it('need an endpoint with MQTT 3.1.1', async () => {
    const { a, b, close } = await agents(4)
    await a.agent.send({ ...ping(), return_route: 'all' }, { to: b.did })
    await eventually(() => b.agent.counters().unanswered === 1)
    expect(b.agent.counters().sent).toBe(0)
    await close()
  })

  it('go only over MQTT: what an agent sends says until when it is of use, and where answers may go', async () => {
    const { a, b, close } = await agents(5)
    const seen = await watch('dc1/+/in')
    const expiresTime = Math.floor(Date.now() / 1000) + 600
    // The transports have the clock of the host.
    a.clock.nowMs = b.clock.nowMs = Date.now()
    await a.agent.send({ ...ping({ responseRequested: false }), expires_time: expiresTime }, { to: b.did })
    await a.agent.send({ ...ping(), return_route: 'thread', return_route_thread: 't', thid: 't' }, { to: b.did })
    await eventually(() => seen.length === 3)
    expect(Object.keys(seen[0]?.properties ?? {})).toEqual(['messageExpiryInterval'])
    expect(seen[1]?.properties).toEqual({ responseTopic: inboxTopic(a.did, sha256) })
    expect(seen[2]).toMatchObject({ topic: inboxTopic(a.did, sha256), properties: {} })
    await close()
  })

  it('keep what came before the answer, which the broker sends in order', async () => {
    await open({ inboxTopics: [bob], receive: keep })
    const asker = await open({ inboxTopics: [alice] })
    for (const text of ['1', '2', '3']) await asker.send(uri(bob), packet(text, { wantsReply: true }))
    await eventually(() => got.length === 3)
    expect(texts()).toEqual(['1', '2', '3'])
  })
})
