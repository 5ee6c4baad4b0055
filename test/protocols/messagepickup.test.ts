import { DidCommError, type Draft, type Mailbox, PROBLEM_REPORT, type Unpacked } from 'didcomm-mote'
import { decodeBase64 } from 'didcomm-mote/bytes'
import {
  DELIVERY,
  DELIVERY_REQUEST,
  LIVE_DELIVERY_CHANGE,
  MESSAGES_RECEIVED,
  pickUp,
  pickupMediator,
  STATUS,
  STATUS_REQUEST,
} from 'didcomm-mote/protocols/messagepickup'
import { MAX_FORWARDED_BYTES } from 'didcomm-mote/protocols/routing'
import { afterEach, describe, expect, it } from 'vitest'
import type { Attachment } from '../../runtime/message/message.ts'
import type { Party } from '../agent/world.ts'
import { type Mediation, mediation, NOTE } from './world.ts'

const open: Mediation[] = []

afterEach(async () => {
  for (const made of open.splice(0)) await made.close()
})

/** A mediator, a recipient that has registered, and a party that writes to it. */
async function setup() {
  const made = await mediation()
  open.push(made)
  const cloud = await made.recipient('c')
  const gateway = await made.sender('g')
  await made.mailbox.register(cloud.shortDid, cloud.shortDid)
  const got: Unpacked[] = []
  cloud.agent.on(NOTE, (received) => void got.push(received) as undefined)
  return {
    ...made,
    cloud,
    gateway,
    got,
    write: (text: string) => gateway.agent.send({ type: NOTE, body: { text } }, { to: cloud.did }),
    texts: () => got.map(({ message }) => message.body['text']),
    waiting: () => made.mailbox.count(cloud.shortDid),
  }
}

const ask = async (party: Party, to: Party, draft: Draft) =>
  (await party.agent.request(draft, { to: to.did, encoding: 'json' })).message

const fill = async (mailbox: Mailbox, did: string, ...sizes: number[]) => {
  for (const [i, size] of sizes.entries()) await mailbox.put(did, `m${i}`, new Uint8Array(size).fill(i))
}

describe('the mediator', () => {
  it('tells how many messages wait, for one recipient and for all [T7]', async () => {
    const { mediator, mailbox, cloud } = await setup()
    await mailbox.register('did:example:b', cloud.shortDid)
    await fill(mailbox, cloud.shortDid, 1, 2)
    await fill(mailbox, 'did:example:b', 3)
    expect(await ask(cloud, mediator, { id: 'question', type: STATUS_REQUEST })).toMatchObject({
      type: STATUS,
      thid: 'question',
      body: { message_count: 3, live_delivery: false },
    })
    const about = (did: string) => ask(cloud, mediator, { type: STATUS_REQUEST, body: { recipient_did: did } })
    expect((await about('did:example:b')).body).toMatchObject({ recipient_did: 'did:example:b', message_count: 1 })
    expect((await about(cloud.did)).body).toMatchObject({ recipient_did: cloud.did, message_count: 2 })
    expect((await about(`${cloud.shortDid}#key-1`)).body['message_count']).toBe(2)
  })

  it('delivers no more than was asked, oldest first, and keeps what it delivers [T7]', async () => {
    const { mediator, mailbox, cloud } = await setup()
    await fill(mailbox, cloud.shortDid, 1, 2, 3)
    for (const _ of [1, 2]) {
      const draft: Draft = { id: `ask-${_}`, type: DELIVERY_REQUEST, body: { limit: 2 } }
      const { type, thid, attachments = [] } = await ask(cloud, mediator, draft)
      expect([type, thid]).toEqual([DELIVERY, draft.id])
      expect(attachments.map(({ id }) => id)).toEqual(['m0', 'm1'])
      expect(decodeBase64(attachments[1]?.data.base64 ?? '')).toEqual(Uint8Array.of(1, 1))
    }
    expect(await mailbox.count(cloud.shortDid)).toBe(3)
  })

  it('delivers from all mailboxes, or from the one that was asked for', async () => {
    const { mediator, mailbox, cloud } = await setup()
    await mailbox.register('did:example:b', cloud.shortDid)
    await fill(mailbox, cloud.shortDid, 1)
    await mailbox.put('did:example:b', 'other', Uint8Array.of(1))
    const ids = async (body: Draft['body']) => {
      const message = await ask(cloud, mediator, { type: DELIVERY_REQUEST, body: { limit: 9, ...body } })
      return { ids: message.attachments?.map(({ id }) => id), about: message.body['recipient_did'] }
    }
    expect((await ids({})).ids?.sort()).toEqual(['m0', 'other'])
    expect(await ids({ recipient_did: 'did:example:b' })).toEqual({ ids: ['other'], about: 'did:example:b' })
  })

  it('answers with a status where nothing waits', async () => {
    const { mediator, cloud } = await setup()
    const { type, body } = await ask(cloud, mediator, { type: DELIVERY_REQUEST, body: { limit: 1 } })
    expect([type, body]).toEqual([STATUS, { message_count: 0, live_delivery: false }])
  })

  it('removes what was received, nothing else, and tells what is left', async () => {
    const { mediator, mailbox, cloud } = await setup()
    await fill(mailbox, cloud.shortDid, 1, 2, 3)
    const body = { message_id_list: ['m0', 'm2', 'unknown', 7] }
    const { type, body: status } = await ask(cloud, mediator, { type: MESSAGES_RECEIVED, body })
    expect([type, status['message_count']]).toEqual([STATUS, 1])
    expect((await mailbox.list(cloud.shortDid, 9)).map(({ id }) => id)).toEqual(['m1'])
  })

  it('shows a mailbox to nobody but its owner', async () => {
    const { mediator, mailbox, cloud, recipient } = await setup()
    const thief = await recipient('t')
    await fill(mailbox, cloud.shortDid, 1)
    const body = { recipient_did: cloud.did, limit: 9, message_id_list: ['m0'] }
    for (const type of [STATUS_REQUEST, DELIVERY_REQUEST, MESSAGES_RECEIVED]) {
      const answer = await ask(thief, mediator, { type, body })
      expect([answer.type, answer.body['message_count'], answer.attachments]).toEqual([STATUS, 0, undefined])
    }
    expect(await mailbox.count(cloud.shortDid)).toBe(1)
  })

  it.each([STATUS_REQUEST, DELIVERY_REQUEST, MESSAGES_RECEIVED])('refuses an anonymous %s', async (type) => {
    const { mediator, mailbox, cloud } = await setup()
    await fill(mailbox, cloud.shortDid, 1)
    const draft = { type, return_route: 'all', body: { limit: 1, message_id_list: ['m0'] } }
    const { packet } = await cloud.agent.prepare(draft, { to: mediator.did, anonymous: true })
    expect(await mediator.agent.receive(packet)).toBe('refused')
    expect(mediator.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
    expect(await mailbox.count(cloud.shortDid)).toBe(1)
  })

  it.each([
    ['no limit', DELIVERY_REQUEST, {}, 'ERR_MESSAGE_MALFORMED'],
    ['a limit of 0', DELIVERY_REQUEST, { limit: 0 }, 'ERR_MESSAGE_MALFORMED'],
    ['half a message', DELIVERY_REQUEST, { limit: 0.5 }, 'ERR_MESSAGE_MALFORMED'],
    ['a limit in text', DELIVERY_REQUEST, { limit: '1' }, 'ERR_MESSAGE_MALFORMED'],
    ['no list', MESSAGES_RECEIVED, { message_id_list: 'm0' }, 'ERR_MESSAGE_MALFORMED'],
    ['a recipient that is no DID', STATUS_REQUEST, { recipient_did: 'me' }, 'ERR_DID_MALFORMED'],
  ])('refuses a request with %s', async (_, type, body, code) => {
    const { mediator, cloud } = await setup()
    const { packet } = await cloud.agent.prepare({ type, return_route: 'all', body } as Draft, { to: mediator.did })
    expect(await mediator.agent.receive(packet)).toBe('refused')
    expect(mediator.agent.counters().refused).toEqual({ [code]: 1 })
  })

  it('never puts a status or a delivery into a mailbox [T7]', async () => {
    const { mediator, cloud, waiting, write } = await setup()
    await write('hello')
    const send = async (type: string, body: Draft['body']) => {
      const { packet } = await cloud.agent.prepare({ type, body: body ?? {} }, { to: mediator.did })
      return mediator.agent.receive(packet)
    }
    expect(await send(STATUS_REQUEST, {})).toBe('refused')
    expect(await send(DELIVERY_REQUEST, { limit: 1 })).toBe('refused')
    expect(await send(LIVE_DELIVERY_CHANGE, { live_delivery: false })).toBe('refused')
    expect(await send(MESSAGES_RECEIVED, { message_id_list: [] })).toBe('accepted')
    await mediator.agent.close()
    expect(await waiting()).toBe(1)
    expect(mediator.agent.counters()).toMatchObject({ sent: 0, unanswered: 0 })
  })

  it('delivers as much as fits into one packet, and the rest later', async () => {
    const { mediator, mailbox, cloud } = await setup()
    const size = MAX_FORWARDED_BYTES / 4
    await fill(mailbox, cloud.shortDid, size, size, size, size, 1, MAX_FORWARDED_BYTES, 1)
    const delivered: (string | undefined)[][] = []
    for (;;) {
      const { attachments } = await ask(cloud, mediator, { type: DELIVERY_REQUEST, body: { limit: 100 } })
      if (!attachments) break
      const ids = attachments.map(({ id }) => id)
      delivered.push(ids)
      await ask(cloud, mediator, { type: MESSAGES_RECEIVED, body: { message_id_list: ids as string[] } })
    }
    expect(delivered).toEqual([['m0', 'm1', 'm2', 'm3'], ['m4'], ['m5'], ['m6']])
  })

  it('does no live delivery, and says so [T7, P13]', async () => {
    const { mediator, cloud } = await setup()
    const off = await ask(cloud, mediator, { type: LIVE_DELIVERY_CHANGE, body: { live_delivery: false } })
    expect([off.type, off.body['live_delivery']]).toEqual([STATUS, false])
    const problems: Unpacked[] = []
    cloud.agent.on(PROBLEM_REPORT, (received) => void problems.push(received) as undefined)
    const draft: Draft = { type: LIVE_DELIVERY_CHANGE, return_route: 'all', body: { live_delivery: true } }
    const id = await cloud.agent.send(draft, { to: mediator.did })
    expect(problems).toMatchObject([
      { message: { pthid: id, body: { code: 'e.m.live-mode-not-supported' } }, sender: mediator.did },
    ])
  })
})

describe('picking up', () => {
  it('brings what was forwarded, its sender proven, and leaves nothing behind', async () => {
    const { cloud, gateway, mediator, write, texts, got, waiting } = await setup()
    await write('one')
    await write('two')
    expect(await pickUp(cloud.agent, mediator.did)).toBe(2)
    expect(texts()).toEqual(['one', 'two'])
    expect(got[0]?.sender).toBe(gateway.did)
    expect(await waiting()).toBe(0)
    expect(await pickUp(cloud.agent, mediator.did)).toBe(0)
  })

  it('asks for no more than its limit, and for one recipient where told', async () => {
    const { cloud, mediator, mailbox, write, waiting } = await setup()
    for (const text of ['one', 'two', 'three']) await write(text)
    expect(await pickUp(cloud.agent, mediator.did, { limit: 2 })).toBe(2)
    expect(await waiting()).toBe(1)
    await mailbox.register('did:example:b', cloud.shortDid)
    expect(await pickUp(cloud.agent, mediator.did, { recipientDid: 'did:example:b' })).toBe(0)
    expect(await pickUp(cloud.agent, mediator.did, { recipientDid: cloud.did })).toBe(1)
  })

  it('leaves with the mediator what failed and may succeed later, and confirms the rest', async () => {
    const { cloud, mediator, write, waiting } = await setup()
    const got: unknown[] = []
    let full = true
    cloud.agent.on(NOTE, ({ message }) => {
      if (full && message.body['text'] === 'two') throw new DidCommError('ERR_STORE_FULL', 'full')
      got.push(message.body['text'])
      return undefined
    })
    for (const text of ['one', 'two', 'three']) await write(text)
    expect(await pickUp(cloud.agent, mediator.did)).toBe(2)
    expect(await waiting()).toBe(1)
    expect(await pickUp(cloud.agent, mediator.did)).toBe(0)
    full = false
    expect(await pickUp(cloud.agent, mediator.did)).toBe(1)
    expect(got).toEqual(['one', 'three', 'two'])
    expect(await waiting()).toBe(0)
  })

  it('confirms what was received before, and what is refused for good', async () => {
    const { cloud, mediator, mailbox, gateway, texts, waiting } = await setup()
    const { packet } = await gateway.agent.prepare({ type: NOTE, body: { text: 'one' } }, { to: cloud.did })
    // The same message in two forwards: the inner envelope is put in by hand under a second id.
    await gateway.agent.transmit({ uri: 'memory:mediator', packet })
    const [inner] = await mailbox.list(cloud.shortDid, 1)
    await mailbox.put(cloud.shortDid, 'again', inner?.bytes ?? new Uint8Array())
    await mailbox.put(cloud.shortDid, 'garbage', Uint8Array.of(1, 2, 3))
    expect(await pickUp(cloud.agent, mediator.did)).toBe(3)
    expect(texts()).toEqual(['one'])
    expect(cloud.agent.counters()).toMatchObject({ duplicate: 1, refused: { ERR_ENVELOPE_MALFORMED: 1 } })
    expect(await waiting()).toBe(0)
  })

  it('reads deliveries of other mediators, and is not stopped by what nobody could read', async () => {
    const { cloud, mediator, write, mailbox, texts } = await setup()
    await write('in json')
    await write('padded')
    const [first, second] = (await mailbox.list(cloud.shortDid, 2)).map(({ bytes }) => Buffer.from(bytes))
    const attachments: Attachment[] = [
      { id: 'bad', data: { base64: '*' } },
      { id: 'linked', data: { links: ['http://a/'], hash: 'zQm' } },
      { data: { base64: 'YQ' } },
      { id: 'one', data: { json: JSON.parse(String(first)) } },
      { id: 'two', data: { base64: second?.toString('base64') ?? '' } },
    ]
    const confirmed: unknown[] = []
    mediator.agent.on(DELIVERY_REQUEST, () => ({ type: DELIVERY, attachments }))
    mediator.agent.on(MESSAGES_RECEIVED, ({ message }) => {
      confirmed.push(message.body['message_id_list'])
      return { type: STATUS, body: { message_count: 0 } }
    })
    expect(await pickUp(cloud.agent, mediator.did)).toBe(4)
    expect(texts()).toEqual(['in json', 'padded'])
    expect(confirmed).toEqual([['bad', 'linked', 'one', 'two']])
    expect(cloud.agent.counters().refused).toEqual({ ERR_ENVELOPE_MALFORMED: 2 })
  })

  it('is safe to repeat where the confirmation was lost', async () => {
    const { cloud, mediator, mailbox, write, texts, waiting } = await setup()
    await write('one')
    let lost = true
    const { handlers } = pickupMediator({ mailbox })
    mediator.agent.on(MESSAGES_RECEIVED, (received) => {
      if (lost) throw new DidCommError('ERR_STORE_FULL', 'come again')
      return handlers[MESSAGES_RECEIVED]?.(received)
    })
    await expect(pickUp(cloud.agent, mediator.did)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    lost = false
    expect(await pickUp(cloud.agent, mediator.did)).toBe(1)
    expect(texts()).toEqual(['one'])
    expect(await waiting()).toBe(0)
  })
})
