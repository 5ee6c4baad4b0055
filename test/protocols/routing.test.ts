import {
  type DidCommError,
  type Draft,
  MESSAGE_TOO_BIG,
  memoryMailbox,
  NO_ROOM,
  type Packet,
  PROBLEM_REPORT,
  refusals,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { forwardType } from 'didcomm-mote/envelope'
import { MAX_FORWARDED_BYTES, routing } from 'didcomm-mote/protocols/routing'
import { afterEach, describe, expect, it } from 'vitest'
import { type Mediation, mediation, NOTE } from './world.ts'

const open: Mediation[] = []
const setup = async (options: Parameters<typeof mediation>[0] = {}): Promise<Mediation> => {
  const made = await mediation(options)
  open.push(made)
  return made
}

afterEach(async () => {
  for (const made of open.splice(0)) await made.close()
})

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const base64 = (content: string) => Buffer.from(content).toString('base64')

/** A mediator that serves `did:example:next`, and a party that forwards to it by hand. */
async function byHand(options: Parameters<typeof mediation>[0] = {}) {
  const made = await setup(options)
  await made.mailbox.register('did:example:next', 'did:example:owner')
  const sender = await made.sender('s')
  return {
    ...made,
    async forward(draft: Partial<Draft>) {
      const whole = { type: forwardType, body: { next: 'did:example:next' }, ...draft }
      const { packet } = await sender.agent.prepare(whole, { to: made.mediator.did, anonymous: true })
      return made.mediator.agent.receive(packet)
    },
    async stored() {
      return (await made.mailbox.list('did:example:next', 99)).map(({ bytes }) => text(bytes))
    },
  }
}

describe('a mediator', () => {
  it('keeps what is forwarded once, closed to itself, for the short form of the DID that it was sent to', async () => {
    const { mailbox, mediator, recipient, sender } = await setup()
    const [cloud, gateway] = [await recipient('c'), await sender('g')]
    await mailbox.register(cloud.shortDid, cloud.shortDid)
    const outgoing = await gateway.agent.prepare({ type: NOTE, body: { text: 'secret' } }, { to: cloud.did })
    await gateway.agent.transmit(outgoing)
    await gateway.agent.transmit(outgoing)
    const [kept, ...others] = await mailbox.list(cloud.shortDid, 9)
    expect(others).toEqual([])
    expect(text(kept?.bytes)).not.toContain('secret')
    // It is an envelope, and the mediator has no key for it.
    expect(await mediator.agent.receive({ bytes: kept?.bytes ?? new Uint8Array() })).toBe('refused')
    expect(mediator.agent.counters()).toMatchObject({
      received: 1,
      duplicate: 1,
      refused: { ERR_RECIPIENT_UNKNOWN: 1 },
    })
    expect(await cloud.agent.receive({ bytes: kept?.bytes ?? new Uint8Array() })).toBe('refused')
    expect(cloud.agent.counters().refused).toEqual({ ERR_MESSAGE_UNHANDLED: 1 })
  })

  it('keeps the same envelope once, also when it comes in another forward', async () => {
    const { forward, stored } = await byHand()
    const attachments = [{ data: { json: { ciphertext: 'x' } } }]
    expect(await forward({ attachments })).toBe('accepted')
    expect(await forward({ attachments })).toBe('accepted')
    expect(await stored()).toEqual(['{"ciphertext":"x"}'])
  })

  it('keeps the same envelope for each of its recipients, under names of their own', async () => {
    const { mailbox, forward } = await byHand()
    await mailbox.register('did:example:other', 'did:example:owner')
    const attachments = [{ data: { json: { ciphertext: 'x' } } }]
    await forward({ attachments })
    await forward({ attachments, body: { next: 'did:example:other' } })
    const [one] = await mailbox.list('did:example:next', 9)
    const [other] = await mailbox.list('did:example:other', 9)
    expect(one?.bytes).toEqual(other?.bytes)
    expect(one?.id).not.toBe(other?.id)
  })

  it('takes envelopes in base64 of either alphabet, with padding and without, and in JSON [L2, D5]', async () => {
    const { forward, stored } = await byHand()
    const attachments = [
      { data: { base64: base64('???>>>1') } },
      { data: { base64: base64('???>>>2').replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') } },
      { data: { json: { protected: 'three' } } },
    ]
    expect(await forward({ attachments })).toBe('accepted')
    expect(await stored()).toEqual(['???>>>1', '???>>>2', '{"protected":"three"}'])
  })

  it('finds the mailbox of a key', async () => {
    const { forward, stored } = await byHand()
    const attachments = [{ data: { base64: base64('a') } }]
    expect(await forward({ body: { next: 'did:example:next#key-1' }, attachments })).toBe('accepted')
    expect(await stored()).toEqual(['a'])
  })

  it('takes a forward of a newer minor version', async () => {
    const { forward, stored } = await byHand()
    const type = 'https://didcomm.org/routing/2.1/forward'
    expect(await forward({ type, attachments: [{ data: { base64: base64('a') } }] })).toBe('accepted')
    expect(await stored()).toEqual(['a'])
  })

  it.each([
    ['no next', { body: {} }],
    ['a next that is no DID', { body: { next: 'http://example.org' } }],
    ['a list of nexts', { body: { next: ['did:example:next'] } }],
    ['no attachment', { attachments: [] }],
    ['too many attachments', { attachments: Array(65).fill({ data: { base64: 'YQ' } }) }],
    ['a link', { attachments: [{ data: { links: ['http://a/'], hash: 'zQm' } }] }],
    ['text for JSON', { attachments: [{ data: { json: 'text' } }] }],
    ['no base64', { attachments: [{ data: { base64: 'YQ' } }, { data: { base64: '*' } }] }],
  ])('refuses a forward with %s, and keeps nothing of it [L1]', async (_, draft) => {
    const { mediator, forward, stored } = await byHand()
    expect(await forward({ attachments: [{ data: { base64: 'YQ' } }], ...draft } as Partial<Draft>)).toBe('refused')
    expect(mediator.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
    expect(await stored()).toEqual([])
  })

  it('refuses what is for somebody whom it does not serve, and says so to the sender', async () => {
    const { mediator, mailbox, recipient, sender } = await setup()
    const [cloud, gateway] = [await recipient('c'), await sender('g')]
    await expect(gateway.agent.send({ type: NOTE }, { to: cloud.did })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
    })
    expect(mediator.agent.counters().refused).toEqual({ ERR_RECIPIENT_UNKNOWN: 1 })
    expect(await mailbox.count(cloud.shortDid)).toBe(0)
  })

  it('serves whom it is told to serve', async () => {
    const served = new Set<string>()
    const { recipient, sender, mailbox } = await setup({ mayForward: (did) => served.has(did) })
    const [cloud, gateway] = [await recipient('c'), await sender('g')]
    served.add(cloud.shortDid)
    await gateway.agent.send({ type: NOTE }, { to: cloud.did })
    expect(await mailbox.count(cloud.shortDid)).toBe(1)
    served.clear()
    await expect(gateway.agent.send({ type: NOTE }, { to: cloud.did })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
    })
  })

  it('has the sender try again while the mailbox is full', async () => {
    const { mailbox, forward, stored } = await byHand({ mailbox: memoryMailbox({ maxMailboxEntries: 2 }) })
    const three = ['a', 'b', 'c'].map((content) => ({ data: { base64: base64(content) } }))
    const draft: Partial<Draft> = { id: 'the-same', attachments: three }
    await expect(forward(draft)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
    await expect(forward(draft)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
    expect(await stored()).toEqual(['a', 'b'])
    const kept = await mailbox.list('did:example:next', 9)
    await mailbox.remove('did:example:next', [kept[1]?.id ?? ''])
    await expect(forward(draft)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
    expect(await stored()).toEqual(['a', 'b'])
    await mailbox.remove(
      'did:example:next',
      kept.map(({ id }) => id),
    )
    await expect(forward({ ...draft, attachments: three.slice(2) })).resolves.toBe('accepted')
    expect(await stored()).toEqual(['c'])
  })

  it('tells a sender whose packet was not taken to come again', async () => {
    const { mailbox, recipient, sender } = await setup({ mailbox: memoryMailbox({ maxMailboxEntries: 1 }) })
    const [cloud, gateway] = [await recipient('c'), await sender('g')]
    await mailbox.register(cloud.shortDid, cloud.shortDid)
    await gateway.agent.send({ type: NOTE }, { to: cloud.did })
    const second = await gateway.agent.prepare({ type: NOTE }, { to: cloud.did })
    await expect(gateway.agent.transmit(second)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    await mailbox.remove(cloud.shortDid, [(await mailbox.list(cloud.shortDid, 1))[0]?.id ?? ''])
    await gateway.agent.transmit(second)
    expect(await mailbox.count(cloud.shortDid)).toBe(1)
  })

  it('refuses an envelope that no delivery could carry', async () => {
    const mailbox = memoryMailbox()
    await mailbox.register('did:example:next', 'did:example:owner')
    const handle = routing({ crypto, mailbox }).handlers[forwardType]
    const message = (length: number) => ({
      id: '1',
      type: forwardType,
      body: { next: 'did:example:next' },
      attachments: [{ data: { base64: Buffer.alloc(length).toString('base64') } }],
    })
    const received = { encrypted: true, nonRepudiable: false, encoding: 'json' as const, layers: [] }
    await handle?.({ ...received, message: message(MAX_FORWARDED_BYTES) })
    await expect(async () =>
      handle?.({ ...received, message: message(MAX_FORWARDED_BYTES + 1) }),
    ).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    expect(await mailbox.count('did:example:next')).toBe(1)
  })

  it('says to who is proven that a forward is too large, or that a mailbox is full, and 413 or 503 to anybody [M7, P13]', async () => {
    const mailbox = memoryMailbox({ maxMailboxEntries: 1 })
    const { mediator, sender } = await setup({ mailbox, agent: { refusals: refusals() } })
    await mailbox.register('did:example:next', 'did:example:owner')
    const gateway = await sender('g')
    const codes: unknown[] = []
    gateway.agent.on(PROBLEM_REPORT, ({ message }) => void codes.push(message.body['code']))
    const forwarded = async (length: number, anonymous: boolean): Promise<string> => {
      const attachments = [{ data: { base64: Buffer.alloc(length).toString('base64') } }]
      const draft = { type: forwardType, body: { next: 'did:example:next' }, attachments, return_route: 'all' }
      const { packet } = await gateway.agent.prepare(draft, { to: mediator.did, anonymous })
      const reply = async (back: Packet) => void (await gateway.agent.receive(back))
      return mediator.agent.receive({ ...packet, reply }).catch((error: DidCommError) => error.code)
    }
    expect(await forwarded(1, true)).toBe('accepted')
    for (const isAnonymous of [true, false]) {
      expect(await forwarded(MAX_FORWARDED_BYTES + 1, isAnonymous)).toBe('too-large')
      expect(await forwarded(2, isAnonymous)).toBe('ERR_STORE_FULL')
    }
    expect(codes).toEqual([MESSAGE_TOO_BIG, NO_ROOM])
  })
})
