import {
  type Agent,
  DidCommError,
  didPeer2Identity,
  didPeer4Identity,
  type Mailbox,
  memoryMailbox,
  memorySeenStore,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { canonicalDid } from 'didcomm-mote/did'
import {
  MEDIATE_DENY,
  mediator,
  RECIPIENT,
  RECIPIENT_QUERY,
  RECIPIENT_UPDATE,
  requestMediation,
  updateRecipients,
} from 'didcomm-mote/protocols/coordinate-mediation'
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
import { routing } from 'didcomm-mote/protocols/routing'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { type Party, party } from '../agent/world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const agents: Agent[] = []

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close()
})

interface Scene {
  mailbox: Mailbox
  mediatorDid: string
  mediatorAgent: Agent
  /** Sends to bob, whose endpoint is the mediator. */
  alice: Party
  bob: Party
  bobShortDid: string
}

/** Alice, a mediator, and Bob, who can only be reached through it. */
async function scene(
  options: { mayMediate?: (did: string) => boolean; maxMailboxEntries?: number } = {},
): Promise<Scene> {
  const network = memoryNetwork()
  const { maxMailboxEntries, ...granting } = options
  const mailbox = memoryMailbox(maxMailboxEntries === undefined ? {} : { maxMailboxEntries })
  const own = didPeer2Identity(crypto, new Uint8Array(32).fill(1), [{ uri: 'memory:mediator' }])
  const { agent: mediatorAgent } = party('-', [network.transport('mediator')], {
    did: own.did,
    secrets: memorySecrets(crypto, own.secretKeys),
    seen: memorySeenStore(),
    protocols: [
      routing({ crypto, mailbox }),
      mediator({ routingDids: [own.did], mailbox, ...granting }),
      pickupMediator({ mailbox }),
    ],
  })
  const bobs = didPeer4Identity(crypto, new Uint8Array(32).fill(2), [{ uri: own.did }])
  const bob = party('b', [network.transport('bob')], {
    did: bobs.did,
    secrets: memorySecrets(crypto, bobs.secretKeys),
    seen: memorySeenStore(),
  })
  const alice = party('a', [network.transport('alice')])
  agents.push(mediatorAgent, alice.agent, bob.agent)
  for (const agent of agents) await agent.start()
  return {
    mailbox,
    mediatorDid: own.did,
    mediatorAgent,
    alice,
    bob: { ...bob, did: bobs.did },
    bobShortDid: bobs.shortDid,
  }
}

async function registered(options: Parameters<typeof scene>[0] = {}): Promise<Scene> {
  const made = await scene(options)
  await requestMediation(made.bob.agent, made.mediatorDid)
  await updateRecipients(made.bob.agent, made.mediatorDid, [{ did: made.bob.did, action: 'add' }])
  return made
}

const ask = ({ bob, mediatorDid }: Scene, type: string, body = {}) =>
  bob.agent.request({ type, body }, { to: mediatorDid })

describe('coordinate-mediation', () => {
  it('grants mediation with the DID of the mediator', async () => {
    const { bob, mediatorDid } = await scene()
    expect(await requestMediation(bob.agent, mediatorDid)).toEqual([mediatorDid])
  })

  it('denies mediation, and registers nothing then', async () => {
    const made = await scene({ mayMediate: () => false })
    await expect(requestMediation(made.bob.agent, made.mediatorDid)).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
    })
    const updates = [{ recipient_did: made.bob.did, action: 'add' }]
    expect((await ask(made, RECIPIENT_UPDATE, { updates })).message.type).toBe(MEDIATE_DENY)
    expect(await made.mailbox.owner(canonicalDid(made.bob.did))).toBeUndefined()
  })

  it('says of each update what came of it', async () => {
    const made = await scene()
    const { message } = await ask(made, RECIPIENT_UPDATE, {
      updates: [
        { recipient_did: made.bob.did, action: 'add' },
        { recipient_did: made.bobShortDid, action: 'add' },
        { recipient_did: 'did:example:never', action: 'remove' },
        { recipient_did: 'not a DID', action: 'add' },
        { recipient_did: 'did:example:x', action: 'explode' },
        { recipient_did: made.bob.did, action: 'remove' },
        7,
      ],
    })
    const updated = message.body['updated'] as { result: string }[]
    expect(updated.map(({ result }) => result)).toEqual([
      'success',
      'no_change',
      'no_change',
      'client_error',
      'client_error',
      'success',
      'client_error',
    ])
  })

  it('leaves a DID with who registered it first', async () => {
    const made = await scene()
    await made.mailbox.register('did:example:contested', 'did:example:somebody')
    const change = [{ did: 'did:example:contested', action: 'add' as const }]
    await expect(updateRecipients(made.bob.agent, made.mediatorDid, change)).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
    })
    expect(await made.mailbox.owner('did:example:contested')).toBe('did:example:somebody')
  })

  it('lists the registered DIDs page by page', async () => {
    const made = await scene()
    const changes = ['a', 'b', 'c'].map((name) => ({ did: `did:example:${name}`, action: 'add' as const }))
    await updateRecipients(made.bob.agent, made.mediatorDid, changes)
    const { message } = await ask(made, RECIPIENT_QUERY, { paginate: { limit: 2, offset: 0 } })
    expect(message.type).toBe(RECIPIENT)
    expect(message.body).toEqual({
      dids: [{ recipient_did: 'did:example:a' }, { recipient_did: 'did:example:b' }],
      pagination: { count: 2, offset: 0, remaining: 1 },
    })
  })

  it('has nothing to say to an anonymous sender', async () => {
    const { bob, mediatorDid, mediatorAgent } = await scene()
    const draft = { type: RECIPIENT_QUERY, return_route: 'all' }
    await bob.agent.send(draft, { to: mediatorDid, anonymous: true }).catch(() => undefined)
    expect(mediatorAgent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
  })
})

describe('a message for a mediated party', () => {
  it('waits at the mediator until it is picked up, and stays closed there', async () => {
    const made = await registered()
    const got: Unpacked[] = []
    made.bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
    await made.alice.agent.send({ type: NOTE, body: { text: 'for Bob alone' } }, { to: made.bob.did })
    const [waiting] = await made.mailbox.list(canonicalDid(made.bob.did), 9)
    expect(new TextDecoder().decode(waiting?.bytes)).not.toContain('Bob alone')
    expect(await made.mediatorAgent.receive({ bytes: waiting?.bytes ?? new Uint8Array() })).toBe('refused')
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(1)
    expect(got[0]).toMatchObject({ sender: made.alice.did, message: { body: { text: 'for Bob alone' } } })
    expect(await made.mailbox.count(canonicalDid(made.bob.did))).toBe(0)
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(0)
  })

  it('can be a compact envelope', async () => {
    const made = await registered()
    const got: Unpacked[] = []
    made.bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
    await made.alice.agent.send({ type: NOTE }, { to: made.bob.did, encoding: 'compact', anonymous: true })
    await pickUp(made.bob.agent, made.mediatorDid)
    expect(got[0]).toMatchObject({ encoding: 'compact', encrypted: true })
  })

  it('is refused by a mediator that does not serve the party', async () => {
    const made = await scene()
    await expect(made.alice.agent.send({ type: NOTE }, { to: made.bob.did })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
    })
    expect(made.mediatorAgent.counters().refused).toEqual({ ERR_RECIPIENT_UNKNOWN: 1 })
  })

  it('is left with its sender while the mailbox is full', async () => {
    const made = await registered({ maxMailboxEntries: 1 })
    made.bob.agent.on(NOTE, () => undefined)
    await made.alice.agent.send({ type: NOTE }, { to: made.bob.did })
    const second = await made.alice.agent.prepare({ type: NOTE }, { to: made.bob.did })
    await expect(made.alice.agent.transmit(second)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    await pickUp(made.bob.agent, made.mediatorDid)
    await made.alice.agent.transmit(second)
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(1)
    expect(made.bob.agent.counters().duplicate).toBe(0)
  })
})

describe('messagepickup', () => {
  it('tells how many messages wait, of all DIDs or of one', async () => {
    const made = await registered()
    for (let i = 0; i < 3; i++) await made.mailbox.put(made.bobShortDid, `m${i}`, new Uint8Array([i]))
    const { message } = await ask(made, STATUS_REQUEST)
    expect(message.type).toBe(STATUS)
    expect(message.body).toEqual({ message_count: 3, live_delivery: false })
    const other = await ask(made, STATUS_REQUEST, { recipient_did: 'did:example:other' })
    expect(other.message.body).toEqual({ recipient_did: 'did:example:other', message_count: 0, live_delivery: false })
  })

  it('delivers as many as asked, the oldest first, and keeps them', async () => {
    const made = await registered()
    for (let i = 0; i < 5; i++) await made.mailbox.put(made.bobShortDid, `m${i}`, new Uint8Array([i]))
    const { message } = await ask(made, DELIVERY_REQUEST, { limit: 2 })
    expect(message.type).toBe(DELIVERY)
    expect(message.attachments).toEqual([
      { id: 'm0', data: { base64: 'AA' } },
      { id: 'm1', data: { base64: 'AQ' } },
    ])
    expect(await made.mailbox.count(made.bobShortDid)).toBe(5)
  })

  it('divides what is too much for one delivery', async () => {
    const made = await registered()
    for (let i = 0; i < 3; i++) await made.mailbox.put(made.bobShortDid, `m${i}`, new Uint8Array(300_000))
    const { message } = await ask(made, DELIVERY_REQUEST, { limit: 10 })
    expect(message.attachments?.map(({ id }) => id)).toEqual(['m0'])
  })

  it('answers a limit that is none with nothing', async () => {
    const made = await registered()
    for (const limit of [0, -1, 1.5, '3']) {
      const draft = { type: DELIVERY_REQUEST, body: { limit } }
      await expect(made.bob.agent.send(draft, { to: made.mediatorDid })).rejects.toMatchObject({
        code: 'ERR_TRANSPORT_REJECTED',
      })
    }
    expect(made.mediatorAgent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 4 })
  })

  it('has no live delivery, and says so in a problem report', async () => {
    const made = await registered()
    const { message } = await ask(made, LIVE_DELIVERY_CHANGE, { live_delivery: true })
    expect(message.body['code']).toBe('e.m.live-mode-not-supported')
    expect((await ask(made, LIVE_DELIVERY_CHANGE, { live_delivery: false })).message.type).toBe(STATUS)
  })

  it('leaves with the mediator what could not be handled yet', async () => {
    const made = await registered()
    let ready = false
    made.bob.agent.on(NOTE, () => {
      if (!ready) throw new DidCommError('ERR_STORE_FULL', 'no room')
      return undefined
    })
    await made.alice.agent.send({ type: NOTE }, { to: made.bob.did })
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(0)
    expect(await made.mailbox.count(made.bobShortDid)).toBe(1)
    ready = true
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(1)
    expect(await made.mailbox.count(made.bobShortDid)).toBe(0)
  })

  it('confirms an attachment that holds nothing', async () => {
    const other = await scene()
    other.mediatorAgent.on(DELIVERY_REQUEST, () => ({
      type: DELIVERY,
      attachments: [
        { id: 'x', data: { base64: '!' } },
        { id: 'y', data: { json: 7 } },
      ],
    }))
    const confirmed: unknown[] = []
    other.mediatorAgent.on(MESSAGES_RECEIVED, ({ message }) => {
      confirmed.push(message.body['message_id_list'])
      return { type: STATUS }
    })
    expect(await pickUp(other.bob.agent, other.mediatorDid)).toBe(2)
    expect(confirmed).toEqual([['x', 'y']])
  })

  it('confirms what was received before, and what can never be read', async () => {
    const made = await registered()
    made.bob.agent.on(NOTE, () => undefined)
    const outgoing = await made.alice.agent.prepare({ type: NOTE }, { to: made.bob.did })
    await made.alice.agent.transmit(outgoing)
    const [first] = await made.mailbox.list(made.bobShortDid, 1)
    await pickUp(made.bob.agent, made.mediatorDid)
    await made.mailbox.put(made.bobShortDid, 'again', first?.bytes ?? new Uint8Array())
    await made.mailbox.put(made.bobShortDid, 'garbage', new Uint8Array([1, 2, 3]))
    expect(await pickUp(made.bob.agent, made.mediatorDid)).toBe(2)
    expect(await made.mailbox.count(made.bobShortDid)).toBe(0)
    expect(made.bob.agent.counters()).toMatchObject({ duplicate: 1, refused: { ERR_ENVELOPE_MALFORMED: 1 } })
  })
})
