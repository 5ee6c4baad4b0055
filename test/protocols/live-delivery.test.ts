import {
  type Agent,
  type AgentOptions,
  contactBook,
  didPeer2Identity,
  firstOf,
  memoryMailbox,
  memorySeenStore,
  type Receive,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { mediator, requestMediation, updateRecipients } from 'didcomm-mote/protocols/coordinate-mediation'
import {
  liveDelivery,
  pickUp,
  pickupMediator,
  pickupRecipient,
  startLiveDelivery,
} from 'didcomm-mote/protocols/messagepickup'
import { routing } from 'didcomm-mote/protocols/routing'
import { type WsTransport, ws } from 'didcomm-mote/transports/ws'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { party } from '../agent/world.ts'
import { NOTE, seed } from './world.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const resolve = firstOf(didKey(crypto), didPeer(crypto))

async function started(letter: string, transport: WsTransport, options: Partial<AgentOptions>): Promise<Agent> {
  const { agent } = party(letter, [transport], { envelopes: [json()], seen: memorySeenStore(), resolve, ...options })
  await agent.start()
  closing.push(() => agent.close())
  return agent
}

/** A mediator that listens on a real WebSocket, a recipient behind it, and a sender. */
async function mediation(version: 3 | 4) {
  const mailbox = memoryMailbox()
  const live = liveDelivery(mailbox)
  const atMediator = ws({ listen: { port: 0 }, allowPrivateAddresses: true })
  // The port is known once it listens; the DID of the mediator holds it.
  let receive: Receive = async () => 'refused'
  await atMediator.start((packet) => receive(packet))
  closing.push(() => atMediator.close())
  const own = didPeer2Identity(crypto, seed('M'), [{ uri: String(atMediator.url), accept: ['didcomm/v2'] }])
  const unstarted = {
    ...atMediator,
    schemes: atMediator.schemes,
    maxPacketBytes: atMediator.maxPacketBytes,
    start: async () => undefined,
  }
  const { agent: theMediator, events } = party(
    'M',
    [{ ...unstarted, send: atMediator.send.bind(atMediator), close: async () => undefined }],
    {
      did: own.did,
      secrets: memorySecrets(crypto, own.secretKeys),
      envelopes: [json()],
      seen: memorySeenStore(),
      resolve,
      protocols: [
        routing({ crypto, mailbox, live }),
        mediator({ routingDids: [own.did], mailbox }),
        pickupMediator({ mailbox, live }),
      ],
    },
  )
  receive = theMediator.receive

  const cloudOwn = didPeer2Identity(crypto, seed('C'), [{ uri: own.did, accept: ['didcomm/v2'] }])
  const got: Unpacked[] = []
  const connect = async (): Promise<{ agent: Agent; transport: WsTransport }> => {
    const transport = ws({ allowPrivateAddresses: true })
    let agent: Agent | undefined
    agent = await started('C', transport, {
      did: cloudOwn.did,
      secrets: memorySecrets(crypto, cloudOwn.secretKeys),
      contacts: contactBook(crypto, resolve),
      protocols: [pickupRecipient({ mediatorDid: own.did, receive: () => agent?.receive ?? receive })],
    })
    agent.on(NOTE, (received) => void got.push(received) as undefined)
    return { agent, transport }
  }
  const cloud = await connect()
  await requestMediation(cloud.agent, own.did)
  await updateRecipients(cloud.agent, own.did, [{ did: cloudOwn.did, action: 'add' }])
  const sender = await started('s', ws({ allowPrivateAddresses: true }), {})
  const send = (text: string) => sender.send({ type: NOTE, body: { text } }, { to: cloudOwn.did })
  const texts = (): unknown[] => got.map(({ message }) => message.body['text'])
  return { version, mailbox, live, own, cloudOwn, cloud, connect, send, texts, events }
}

describe.each([3, 4] as const)('live delivery of version %i over a WebSocket', (version) => {
  it('brings messages as they arrive, and they leave the mailbox once they are confirmed [T7, T8]', async () => {
    const { cloud, own, cloudOwn, mailbox, send, texts } = await mediation(version)
    await send('waits')
    expect(texts()).toEqual([])
    expect(await startLiveDelivery(cloud.agent, own.did, { version })).toBe(true)
    await send('comes')
    await vi.waitFor(() => expect(texts()).toEqual(['comes']))
    await vi.waitFor(async () => expect(await mailbox.count(cloudOwn.did)).toBe(1))
    // What waited before is asked for.
    expect(await pickUp(cloud.agent, own.did, { version })).toBe(1)
    await vi.waitFor(async () => expect(await mailbox.count(cloudOwn.did)).toBe(0))
    expect(texts()).toEqual(['comes', 'waits'])
  })

  it('loses nothing where the connection breaks, and a new one starts without it [T7, T8]', async () => {
    const { cloud, own, cloudOwn, mailbox, connect, send, texts } = await mediation(version)
    await startLiveDelivery(cloud.agent, own.did, { version })
    await cloud.agent.close()
    await send('to nobody')
    expect(await mailbox.count(cloudOwn.did)).toBe(1)
    const again = await connect()
    expect(await pickUp(again.agent, own.did, { version })).toBe(1)
    await send('not pushed')
    expect(texts()).toEqual(['to nobody'])
    expect(await startLiveDelivery(again.agent, own.did, { version })).toBe(true)
    expect(await pickUp(again.agent, own.did, { version })).toBe(1)
    expect(await startLiveDelivery(again.agent, own.did, { version, live: false })).toBe(false)
    await send('off again')
    await vi.waitFor(async () => expect(await mailbox.count(cloudOwn.did)).toBe(1))
    expect(texts()).toEqual(['to nobody', 'not pushed'])
  })
})

describe('version 4.0', () => {
  it('says by an empty delivery that nothing waits, and does not answer a confirmation [T8]', async () => {
    const { cloud, own, send } = await mediation(4)
    const type = (name: string) => `https://didcomm.org/message-pickup/4.0/${name}`
    const ask = (limit: unknown) =>
      cloud.agent.request(
        { type: type('delivery-request'), body: { message_count_limit: limit as number } },
        { to: own.did, timeoutMs: 2000 },
      )
    const nothing = await ask(10)
    expect(nothing.message).toMatchObject({ type: type('delivery'), attachments: [] })
    const status = await cloud.agent.request({ type: type('status-request') }, { to: own.did })
    expect(status.message).toMatchObject({ type: type('status'), thid: expect.any(String), body: { message_count: 0 } })
    for (let i = 0; i < 3; i++) await send(`${i}`)
    const two = await ask(2)
    expect(two.message.attachments).toHaveLength(2)
    const ids = two.message.attachments?.map(({ id }) => id ?? '') ?? []
    await cloud.agent.send({ type: type('messages-received'), body: { message_id_list: ids } }, { to: own.did })
    await vi.waitFor(async () => expect((await ask(10)).message.attachments).toHaveLength(1))
    await expect(
      cloud.agent.request({ type: type('delivery-request'), body: { limit: 1 } }, { to: own.did, timeoutMs: 300 }),
    ).rejects.toHaveProperty('code')
  })
})

describe('a delivery', () => {
  it('that nobody but the mediator may push is refused from others', async () => {
    const { handlers } = pickupRecipient({ mediatorDid: 'did:example:m', receive: () => async () => 'accepted' })
    const received: Unpacked = {
      message: { id: '1', type: 'https://didcomm.org/message-pickup/4.0/delivery', body: {}, attachments: [] },
      sender: 'did:example:other',
      encrypted: true,
      nonRepudiable: false,
      encoding: 'json',
      layers: [],
    }
    const handle = handlers[received.message.type]
    await expect(Promise.resolve().then(() => handle?.(received))).rejects.toMatchObject({ code: 'ERR_SENDER_UNKNOWN' })
    expect(await handle?.({ ...received, sender: 'did:example:m' })).toBeUndefined()
  })
})

describe('a connection that does not last', () => {
  it('cannot be live, and says so [P13, T7, T8]', async () => {
    const { handlers } = pickupMediator({ mailbox: memoryMailbox(), live: liveDelivery(memoryMailbox()) })
    for (const base of ['messagepickup/3.0', 'message-pickup/4.0']) {
      const type = `https://didcomm.org/${base}/live-delivery-change`
      const message = { id: '1', type, body: { live_delivery: true }, return_route: 'all' }
      const received = {
        message,
        sender: 'did:example:a',
        encrypted: true,
        nonRepudiable: false,
        encoding: 'json' as const,
        layers: [],
      }
      const handling = Promise.resolve().then(() => handlers[type]?.(received))
      await expect(handling).rejects.toMatchObject({ code: 'e.m.live-mode-not-supported' })
    }
  })
})
