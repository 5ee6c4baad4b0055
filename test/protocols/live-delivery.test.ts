import { memoryMailbox, type Unpacked } from 'didcomm-mote'
import {
  liveDelivery,
  pickUp,
  pickupMediator,
  pickupRecipient,
  startLiveDelivery,
} from 'didcomm-mote/protocols/messagepickup'
import { describe, expect, it, vi } from 'vitest'
import { liveMediation } from './live-world.ts'

describe.each([3, 4] as const)('live delivery of version %i over a WebSocket', (version) => {
  it('brings messages as they arrive, and they leave the mailbox once they are confirmed [T7, T8]', async () => {
    const { cloud, own, cloudOwn, mailbox, send, texts } = await liveMediation()
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
    const { cloud, own, cloudOwn, mailbox, connect, send, texts } = await liveMediation()
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
    const { cloud, own, send } = await liveMediation()
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
