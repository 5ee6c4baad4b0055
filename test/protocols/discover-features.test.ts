import { contactBook, firstOf } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import {
  askFeatures,
  DISCLOSE,
  type DiscoverFeaturesOptions,
  disclose,
  discoverFeatures,
  type Feature,
  maxReceiveBytes,
  maxReceiveBytesOf,
  noteMaxReceiveBytes,
  protocolFeatures,
  QUERIES,
  queries,
} from 'didcomm-mote/protocols/discover-features'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it, vi } from 'vitest'
import { party } from '../agent/world.ts'

const features: Feature[] = [
  ...protocolFeatures([trustPing(), discoverFeatures({ features: [] })]),
  { type: 'goal-code', id: 'org.didcomm.sell.goods' },
  { type: 'header', id: 'return_route' },
  { type: 'protocol', id: 'https://didcomm.org/tictactoe/1.0', roles: ['player'] },
  maxReceiveBytes(65_536),
]

const rejected = { code: 'ERR_TRANSPORT_REJECTED' }

async function pair(options: Partial<DiscoverFeaturesOptions> = {}) {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = party('a', [network.transport('alice')], { contacts, protocols: [discoverFeatures({ features: [] })] })
  const bob = party('b', [network.transport('bob')], {
    contacts,
    protocols: [discoverFeatures({ features, ...options })],
  })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  await alice.agent.start()
  await bob.agent.start()
  return { alice, bob, contacts }
}

const ids = (found: readonly Feature[]): string[] => found.map(({ id }) => id)

describe('a question for features', () => {
  it('is answered with what matches it, whole or by wildcards [K4, K6]', async () => {
    const { alice, bob } = await pair()
    const ask = async (type: string, match: string) => ids(await askFeatures(alice.agent, bob.did, [{ type, match }]))
    expect(await ask('protocol', 'https://didcomm.org/trust-ping/2.0')).toEqual(['https://didcomm.org/trust-ping/2.0'])
    expect(await ask('protocol', 'https://didcomm.org/*')).toHaveLength(3)
    expect(await ask('protocol', '*tic*toe*')).toEqual(['https://didcomm.org/tictactoe/1.0'])
    expect(await ask('protocol', '*')).toHaveLength(3)
    expect(await ask('goal-code', 'org.didcomm.*')).toEqual(['org.didcomm.sell.goods'])
    expect(await ask('header', 'return_route')).toEqual(['return_route'])
    for (const match of [
      'https://didcomm.org/trust-ping',
      '',
      '*x',
      'toe*tic',
      '.*',
      'https://didcomm.org/trust-ping/2.0*0',
    ]) {
      expect(await ask('protocol', match), match).toEqual([])
    }
  })

  it('for several types is answered once; a type that nobody knows is ignored [K4, K5]', async () => {
    const { alice, bob } = await pair()
    const asked = ['goal-code', 'colour', 'protocol', 'protocol'].map((type) => ({ type, match: '*' }))
    const found = await askFeatures(alice.agent, bob.did, asked)
    expect(new Set(found.map(({ type }) => type))).toEqual(new Set(['goal-code', 'protocol']))
    expect(found).toContainEqual({ type: 'protocol', id: 'https://didcomm.org/tictactoe/1.0', roles: ['player'] })
    expect(new Set(ids(found)).size).toBe(found.length)
  })

  it('is answered with what the asker may know [K6, K7]', async () => {
    const { alice, bob } = await pair({ mayDisclose: ({ type }, asker) => asker === alice0 && type === 'header' })
    const alice0 = alice.did
    expect(ids(await askFeatures(alice.agent, bob.did, [{ type: 'header', match: '*' }]))).toEqual(['return_route'])
    expect(await askFeatures(alice.agent, bob.did, [{ type: 'protocol', match: '*' }])).toEqual([])
  })

  it.each([
    ['no list', { queries: 'all' }],
    ['too many', { queries: Array(33).fill({ 'feature-type': 'protocol', match: '*' }) }],
    ['no type', { queries: [{ match: '*' }] }],
    ['a pattern without end', { queries: [{ 'feature-type': 'protocol', match: '*a'.repeat(200) }] }],
  ])('with %s is refused', async (_, body) => {
    const { alice, bob } = await pair()
    await expect(alice.agent.send({ type: QUERIES, body }, { to: bob.did })).rejects.toMatchObject(rejected)
    expect(bob.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
    expect(queries([{ type: 'protocol', match: '*' }]).body).toEqual({
      queries: [{ 'feature-type': 'protocol', match: '*' }],
    })
  })
})

describe('a disclosure', () => {
  it('comes unasked as well, with the largest message that a party takes [K6, M7]', async () => {
    const learned: [readonly Feature[], string][] = []
    const { alice, bob } = await pair({ onDisclosed: (found, by) => void learned.push([found, by]) })
    await alice.agent.send(disclose([maxReceiveBytes(1024)]), { to: bob.did })
    await vi.waitFor(() =>
      expect(learned).toEqual([[[{ type: 'constraint', id: 'max_receive_bytes', value: '1024' }], alice.did]]),
    )
    expect(maxReceiveBytesOf(learned[0]?.[0] ?? [])).toBe(1024)
    expect(disclose([maxReceiveBytes(1024)]).body).toEqual({
      disclosures: [{ 'feature-type': 'constraint', id: 'max_receive_bytes', value: '1024' }],
    })
  })

  it('is noted with the contact, who then gets nothing larger [M7]', async () => {
    const { alice, bob, contacts } = await pair({ features: [maxReceiveBytes(3_000)] })
    const note = noteMaxReceiveBytes(contacts)
    const large = { ...queries([]), body: { queries: [], padding: 'x'.repeat(3_000) } }
    await alice.agent.send(large, { to: bob.did })
    note(await askFeatures(alice.agent, bob.did, [{ type: 'constraint', match: '*' }]), bob.did)
    expect(contacts.get(bob.did)?.maxReceiveBytes).toBe(3_000)
    await expect(alice.agent.send(large, { to: bob.did })).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
      message: expect.stringMatching(`^\\d+ bytes are more than the 3000 that ${bob.did} takes$`),
    })
    note([{ type: 'protocol', id: 'x' }], bob.did)
    note([maxReceiveBytes(9_000)], alice.did)
    note([maxReceiveBytes(1)], 'did:example:stranger')
    expect(contacts.get(bob.did)?.maxReceiveBytes).toBe(3_000)
    expect(contacts.get(alice.did)?.maxReceiveBytes).toBe(9_000)
  })

  it('of nobody in particular is refused', async () => {
    const { alice, bob } = await pair({ onDisclosed: () => expect.fail('it was taken') })
    await expect(
      alice.agent.send({ type: DISCLOSE, body: { disclosures: [] } }, { to: bob.did, anonymous: true }),
    ).rejects.toMatchObject(rejected)
    expect(bob.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
  })

  it.each(['0', '-1', '1e3', '12x', '', '9'.repeat(20)])('of %s bytes says nothing', (value) => {
    expect(maxReceiveBytesOf([{ type: 'constraint', id: 'max_receive_bytes', value }])).toBeUndefined()
    expect(maxReceiveBytesOf([{ type: 'constraint', id: 'max_receive_bytes' }])).toBeUndefined()
  })
})
