import { contactBook, firstOf } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { BASIC_MESSAGE, type BasicMessage, basicMessage, basicMessages } from 'didcomm-mote/protocols/basicmessage'
import {
  PROFILE,
  type Profile,
  type ProfileChange,
  profileMessage,
  REQUEST_PROFILE,
  requestProfile,
  userProfile,
} from 'didcomm-mote/protocols/user-profile'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it, vi } from 'vitest'
import type { Protocol } from '../../runtime/agent/protocol.ts'
import { party, START_MS } from '../agent/world.ts'

const rejected = { code: 'ERR_TRANSPORT_REJECTED' }

async function pair(ofAlice: Protocol, ofBob: Protocol) {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = party('a', [network.transport('alice')], { contacts, protocols: [ofAlice] })
  const bob = party('b', [network.transport('bob')], { contacts, protocols: [ofBob] })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  await alice.agent.start()
  await bob.agent.start()
  return { alice, bob }
}

const picture = { id: 'x', media_type: 'image/png', data: { base64: 'iVBORw0KGgo' } }
const profile: Profile = { displayName: 'Pump 3', displayPicture: picture, description: 'In the cellar' }

describe('user profiles', () => {
  it('are sent, and sent back once where that is asked for [T4]', async () => {
    const seen: [string, ProfileChange][] = []
    const note = (who: string) => (change: ProfileChange) => void seen.push([who, change])
    const { alice, bob } = await pair(
      userProfile({ own: () => ({ displayName: 'Gateway' }), onProfile: note('alice') }),
      userProfile({ own: () => profile, onProfile: note('bob') }),
    )
    const parents: unknown[] = []
    const id = await alice.agent.send(profileMessage({ displayName: 'Gateway' }, { sendBackYours: true }), {
      to: bob.did,
    })
    await vi.waitFor(() => expect(seen).toHaveLength(2))
    expect(seen).toEqual([
      ['bob', { displayName: 'Gateway' }],
      ['alice', { ...profile, displayPicture: { ...picture, id: 'displayPicture' } }],
    ])
    await Promise.all([alice.agent.close(), bob.agent.close()])
    expect([alice.agent.counters().sent, bob.agent.counters().sent]).toEqual([1, 1])
    expect([parents, id.length > 0]).toEqual([[], true])
  })

  it('are sent on request, whole or in part, below the request [T4]', async () => {
    const { alice, bob } = await pair(userProfile({}), userProfile({ own: () => profile }))
    const got: unknown[] = []
    alice.agent.on(PROFILE, ({ message }) => void got.push([message.pthid, message.body]) as undefined)
    const whole = await alice.agent.send(requestProfile(), { to: bob.did })
    const part = await alice.agent.send(requestProfile(['description']), { to: bob.did })
    await vi.waitFor(() => expect(got).toHaveLength(2))
    expect(got).toContainEqual([part, { profile: { description: 'In the cellar' } }])
    expect(got).toContainEqual([
      whole,
      { profile: { displayName: 'Pump 3', displayPicture: '#displayPicture', description: 'In the cellar' } },
    ])
  })

  it('tell a field that is removed from one that stays [T4]', async () => {
    const seen: ProfileChange[] = []
    const { alice, bob } = await pair(userProfile({}), userProfile({ onProfile: (change) => void seen.push(change) }))
    await alice.agent.send(profileMessage({ displayPicture: null, description: '' }), { to: bob.did })
    await vi.waitFor(() => expect(seen).toEqual([{ displayPicture: null, description: null }]))
  })

  it('are for those who prove who they are, and may be denied [T4]', async () => {
    const { alice, bob } = await pair(userProfile({}), userProfile({ own: () => undefined }))
    await alice.agent.send(requestProfile(), { to: bob.did })
    await expect(alice.agent.send(requestProfile(), { to: bob.did, anonymous: true })).rejects.toMatchObject(rejected)
    expect(bob.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ sent: 0, received: 1 })
  })

  it.each([
    ['no profile', { type: PROFILE, body: {} }],
    ['a name that is no text', { type: PROFILE, body: { profile: { displayName: 7 } } }],
    ['a picture that is not attached', { type: PROFILE, body: { profile: { displayPicture: '#none' } } }],
    ['a query that is no list', { type: REQUEST_PROFILE, body: { query: 'all' } }],
  ])('are refused with %s [T4]', async (_, draft) => {
    const { alice, bob } = await pair(userProfile({}), userProfile({ own: () => profile }))
    await expect(alice.agent.send(draft, { to: bob.did })).rejects.toMatchObject(rejected)
    expect(bob.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
  })
})

describe('basic messages', () => {
  it('arrive with their text, time and language [T3, R3]', async () => {
    const seen: BasicMessage[] = []
    const { alice, bob } = await pair(
      basicMessages(() => undefined),
      basicMessages((message) => void seen.push(message)),
    )
    await alice.agent.send(basicMessage('Grüezi', { lang: 'de' }), { to: bob.did })
    await alice.agent.send(basicMessage(''), { to: bob.did })
    await vi.waitFor(() => expect(seen).toHaveLength(2))
    expect(seen).toContainEqual({ content: 'Grüezi', createdTime: START_MS / 1000, lang: 'de' })
    expect(seen).toContainEqual({ content: '', createdTime: START_MS / 1000 })
  })

  it('without a text are refused [T3]', async () => {
    const { alice, bob } = await pair(
      basicMessages(() => undefined),
      basicMessages(() => expect.fail('it was taken')),
    )
    await expect(
      alice.agent.send({ type: BASIC_MESSAGE, body: { content: ['x'] } }, { to: bob.did }),
    ).rejects.toMatchObject(rejected)
    expect(bob.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
  })
})
