import { type Draft, memoryMailbox } from 'didcomm-mote'
import {
  KEYLIST,
  KEYLIST_QUERY,
  KEYLIST_UPDATE,
  KEYLIST_UPDATE_RESPONSE,
  MEDIATE_DENY,
  MEDIATE_GRANT,
  MEDIATE_REQUEST,
  queryRecipients,
  RECIPIENT,
  RECIPIENT_QUERY,
  RECIPIENT_UPDATE,
  RECIPIENT_UPDATE_RESPONSE,
  requestMediation,
  updateRecipients,
} from 'didcomm-mote/protocols/coordinate-mediation'
import { afterEach, describe, expect, it } from 'vitest'
import type { Json } from '../../runtime/message/message.ts'
import type { Party } from '../agent/world.ts'
import { type Mediation, mediation } from './world.ts'

const open: Mediation[] = []
const setup = async (options: Parameters<typeof mediation>[0] = {}): Promise<Mediation> => {
  const made = await mediation(options)
  open.push(made)
  return made
}

afterEach(async () => {
  for (const made of open.splice(0)) await made.close()
})

const ask = async (party: Party, to: Party, draft: Draft) =>
  (await party.agent.request(draft, { to: to.did, encoding: 'json' })).message

const update = async (party: Party, to: Party, ...updates: Json[]) => {
  const { type, body } = await ask(party, to, { type: RECIPIENT_UPDATE, body: { updates } })
  expect(type).toBe(RECIPIENT_UPDATE_RESPONSE)
  return (body['updated'] as { result: string }[]).map(({ result }) => result)
}

describe('asking for mediation', () => {
  it('is granted, with the DIDs to name as an endpoint [T6, Z17]', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    expect(await requestMediation(cloud.agent, mediator.did)).toEqual([mediator.did])
    const grant = await ask(cloud, mediator, { type: MEDIATE_REQUEST })
    // Version 3 has a list here; version 2 had a string.
    expect(grant).toMatchObject({ type: MEDIATE_GRANT, body: { routing_did: [mediator.did] } })
    expect(grant.thid).toBeDefined()
  })

  it('is denied to whom the mediator does not serve, in every way', async () => {
    const denied = new Set<string>()
    const { mediator, mailbox, recipient } = await setup({ mayMediate: (did) => !denied.has(did) })
    const cloud = await recipient('c')
    await updateRecipients(cloud.agent, mediator.did, [{ did: 'did:example:kept', action: 'add' }])
    denied.add(cloud.shortDid)
    expect(await ask(cloud, mediator, { type: MEDIATE_REQUEST })).toMatchObject({ type: MEDIATE_DENY })
    await expect(requestMediation(cloud.agent, mediator.did)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    await expect(
      updateRecipients(cloud.agent, mediator.did, [{ did: cloud.did, action: 'add' }]),
    ).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    expect(await mailbox.registered(cloud.shortDid)).toEqual(['did:example:kept'])
  })

  it.each([MEDIATE_REQUEST, RECIPIENT_UPDATE, RECIPIENT_QUERY])('is for proven senders: %s', async (type) => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const draft = { type, body: { updates: [{ recipient_did: cloud.did, action: 'add' }] } }
    const { packet } = await cloud.agent.prepare(draft, { to: mediator.did, anonymous: true })
    expect(await mediator.agent.receive(packet)).toBe('refused')
    expect(mediator.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
  })

  it('asks for the answer on the same connection', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const headers: unknown[] = []
    for (const type of [MEDIATE_REQUEST, RECIPIENT_UPDATE]) {
      mediator.agent.on(type, ({ message }) => {
        headers.push(message['return_route'])
        return { type: MEDIATE_DENY }
      })
    }
    await expect(requestMediation(cloud.agent, mediator.did)).rejects.toThrow()
    const none = updateRecipients(cloud.agent, mediator.did, [{ did: 'did:example:a', action: 'remove' }])
    await expect(none).rejects.toThrow()
    expect(headers).toEqual(['all', 'all'])
  })

  it.each([
    [
      'another type',
      { type: 'https://didcomm.org/coordinate-mediation/3.0/other', body: { routing_did: ['did:a:b'] } },
    ],
    ['no list', { type: MEDIATE_GRANT, body: { routing_did: 'did:a:b' } }],
  ])('takes an answer of %s for no grant', async (_, answer) => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    mediator.agent.on(MEDIATE_REQUEST, () => answer)
    await expect(requestMediation(cloud.agent, mediator.did)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
  })
})

describe('version 2.0', () => {
  it('grants one DID, and has keylists in the place of recipients [T5, Z17]', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const types: string[] = []
    const version = { version: 2 } as const
    const grant = await ask(cloud, mediator, { type: 'https://didcomm.org/coordinate-mediation/2.0/mediate-request' })
    expect(grant).toMatchObject({
      type: 'https://didcomm.org/coordinate-mediation/2.0/mediate-grant',
      body: { routing_did: mediator.did },
    })
    expect(await requestMediation(cloud.agent, mediator.did, version)).toEqual([mediator.did])
    const updates = [{ recipient_did: cloud.did, action: 'add' }]
    const updated = await ask(cloud, mediator, { type: KEYLIST_UPDATE, body: { updates } })
    types.push(updated.type)
    expect(updated.body).toEqual({ updated: [{ ...updates[0], result: 'success' }] })
    await updateRecipients(cloud.agent, mediator.did, [{ did: 'did:example:kept', action: 'add' }], version)
    const list = await ask(cloud, mediator, { type: KEYLIST_QUERY, body: { paginate: { limit: 1, offset: 0 } } })
    expect(list).toMatchObject({ type: KEYLIST, body: { pagination: { count: 1, offset: 0, remaining: 1 } } })
    expect(list.body['keys']).toHaveLength(1)
    expect(new Set(await queryRecipients(cloud.agent, mediator.did, version))).toEqual(
      new Set([cloud.shortDid, 'did:example:kept']),
    )
    expect(types).toEqual([KEYLIST_UPDATE_RESPONSE])
  })

  it('takes no list for its one DID [Z17]', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const type = 'https://didcomm.org/coordinate-mediation/2.0/mediate-request'
    mediator.agent.on(type, () => ({ type: type.replace('request', 'grant'), body: { routing_did: ['did:a:b'] } }))
    const asked = requestMediation(cloud.agent, mediator.did, { version: 2 })
    await expect(asked).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
  })
})

describe('many recipients', () => {
  it('are told and listed a hundred at a time [T6]', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const dids = Array.from({ length: 250 }, (_, i) => `did:example:${i}`)
    await updateRecipients(
      cloud.agent,
      mediator.did,
      dids.map((did) => ({ did, action: 'add' })),
    )
    expect((await queryRecipients(cloud.agent, mediator.did)).sort()).toEqual([...dids].sort())
    expect(await queryRecipients((await recipient('d')).agent, mediator.did)).toEqual([])
  })
})

describe('the list of recipients', () => {
  const add = (did: Json) => ({ recipient_did: did, action: 'add' })
  const remove = (did: Json) => ({ recipient_did: did, action: 'remove' })

  it('takes DIDs in, knows them under both of their forms, and lets them go', async () => {
    const { mediator, mailbox, recipient } = await setup()
    const cloud = await recipient('c')
    expect(await update(cloud, mediator, add(cloud.did))).toEqual(['success'])
    expect(await mailbox.owner(cloud.shortDid)).toBe(cloud.shortDid)
    expect(await update(cloud, mediator, add(cloud.did), add(cloud.shortDid))).toEqual(['no_change', 'no_change'])
    expect(await update(cloud, mediator, remove(cloud.shortDid), remove(cloud.did))).toEqual(['success', 'no_change'])
    expect(await mailbox.owner(cloud.shortDid)).toBeUndefined()
  })

  it('drops what waits for a DID that is let go', async () => {
    const { mediator, mailbox, recipient } = await setup()
    const cloud = await recipient('c')
    await update(cloud, mediator, add('did:example:old'))
    await mailbox.put('did:example:old', 'm', Uint8Array.of(1))
    await updateRecipients(cloud.agent, mediator.did, [{ did: 'did:example:old', action: 'remove' }])
    expect(await mailbox.count('did:example:old')).toBe(0)
  })

  it('answers each update with its DID, its action and its result, in order [T6]', async () => {
    const { mediator, recipient } = await setup()
    const cloud = await recipient('c')
    const updates = [add('did:example:a'), remove('did:example:b'), { recipient_did: 'did:example:c', action: 'burn' }]
    const { body, thid } = await ask(cloud, mediator, { id: 'question', type: RECIPIENT_UPDATE, body: { updates } })
    expect(thid).toBe('question')
    expect(body).toEqual({
      updated: [
        { ...updates[0], result: 'success' },
        { ...updates[1], result: 'no_change' },
        { ...updates[2], result: 'client_error' },
      ],
    })
  })

  it.each([
    ['no DID', add('nobody')],
    ['a key', add('did:example:a#key-1')],
    ['a number', add(7)],
    ['nothing', { action: 'add' } as Json],
    ['no action', { recipient_did: 'did:example:a' }],
    ['text', 'did:example:a'],
    ['null', null],
    ['a DID longer than any', add(`did:example:${'a'.repeat(9000)}`)],
  ])('refuses %s, and takes what stands beside it', async (_, wrong) => {
    const { mediator, mailbox, recipient } = await setup()
    const cloud = await recipient('c')
    expect(await update(cloud, mediator, wrong, add('did:example:z'))).toEqual(['client_error', 'success'])
    expect(await mailbox.registered(cloud.shortDid)).toEqual(['did:example:z'])
  })

  it('lets nobody take or remove a DID of another', async () => {
    const { mediator, mailbox, recipient } = await setup()
    const [cloud, thief] = [await recipient('c'), await recipient('t')]
    await update(cloud, mediator, add(cloud.did))
    expect(await update(thief, mediator, add(cloud.did), add(cloud.shortDid), remove(cloud.did))).toEqual(
      Array(3).fill('client_error'),
    )
    expect(await mailbox.owner(cloud.shortDid)).toBe(cloud.shortDid)
    const failed = updateRecipients(thief.agent, mediator.did, [
      { did: thief.did, action: 'add' },
      { did: cloud.did, action: 'add' },
    ])
    await expect(failed).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
  })

  it('has an end', async () => {
    const { mediator, recipient } = await setup({ mailbox: memoryMailbox({ maxRecipients: 2 }) })
    const cloud = await recipient('c')
    const updates = ['a', 'b', 'c'].map((name) => add(`did:example:${name}`))
    expect(await update(cloud, mediator, ...updates)).toEqual(['success', 'success', 'client_error'])
  })

  it('takes 100 updates at once, and refuses 101', async () => {
    const { mediator, mailbox, recipient } = await setup()
    const cloud = await recipient('c')
    const dids = Array.from({ length: 101 }, (_, i) => add(`did:example:${i}`))
    expect(await update(cloud, mediator, ...dids.slice(0, 100))).toEqual(Array(100).fill('success'))
    for (const updates of [dids, 'all', { 0: add('did:example:a') }]) {
      const draft: Draft = { type: RECIPIENT_UPDATE, body: { updates } }
      const { packet } = await cloud.agent.prepare(draft, { to: mediator.did })
      expect(await mediator.agent.receive(packet)).toBe('refused')
    }
    expect(mediator.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 3 })
    expect(await mailbox.registered(cloud.shortDid)).toHaveLength(100)
  })

  it('is shown page by page, to its owner alone', async () => {
    const { mediator, mailbox, recipient } = await setup()
    const [cloud, other] = [await recipient('c'), await recipient('o')]
    const dids = Array.from({ length: 150 }, (_, i) => `did:example:${i}`)
    for (const did of dids) await mailbox.register(did, cloud.shortDid)
    const query = async (party: Party, paginate?: Json) => {
      const draft = { type: RECIPIENT_QUERY, body: paginate === undefined ? {} : { paginate } }
      const { type, body } = await ask(party, mediator, draft)
      expect(type).toBe(RECIPIENT)
      return {
        dids: (body['dids'] as { recipient_did: string }[]).map((entry) => entry.recipient_did),
        pagination: body['pagination'],
      }
    }
    expect(await query(cloud)).toEqual({
      dids: dids.slice(0, 100),
      pagination: { count: 100, offset: 0, remaining: 50 },
    })
    expect(await query(cloud, { limit: 40, offset: 120 })).toEqual({
      dids: dids.slice(120),
      pagination: { count: 30, offset: 120, remaining: 0 },
    })
    expect((await query(cloud, { limit: 5000, offset: -1 })).pagination).toEqual({
      count: 100,
      offset: 0,
      remaining: 50,
    })
    expect((await query(cloud, { limit: 10, offset: 1000 })).pagination).toEqual({
      count: 0,
      offset: 1000,
      remaining: 0,
    })
    expect((await query(cloud, 'everything')).dids).toHaveLength(100)
    expect(await query(other)).toEqual({ dids: [], pagination: { count: 0, offset: 0, remaining: 0 } })
  })
})
