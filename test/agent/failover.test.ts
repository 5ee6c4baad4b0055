import { DidCommError, memorySeenStore, type Outgoing, type Resolve, type Transport } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didcommService, didKey } from 'didcomm-mote/did'
import { PING, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { expect, test } from 'vitest'
import { party } from './world.ts'

const keys = didKey(crypto)
const endpoints = (did: string, ...uris: string[]): Resolve => {
  return async (asked) => {
    const document = await keys.resolve(asked)
    if (asked !== did) return document
    return { ...document, service: uris.map((uri, index) => didcommService(`#s${index}`, { uri })) }
  }
}

async function world(...uris: string[]) {
  const network = memoryNetwork()
  const bob = party('b', [network.transport('bob')], { protocols: [trustPing()] })
  const alice = party('a', [network.transport('alice')], { resolve: endpoints(bob.did, ...uris) })
  await Promise.all([alice.agent.start(), bob.agent.start()])
  const close = async () => void (await Promise.all([alice.agent.close(), bob.agent.close()]))
  return { alice, bob, close }
}

test('where an endpoint fails the next one is tried, and the message arrives once [L11, L15]', async () => {
  const { alice, bob, close } = await world('memory:nobody', 'memory:bob', 'memory:bob')
  await alice.agent.send(ping({ responseRequested: false }), { to: bob.did })
  expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 0 })
  expect(alice.agent.counters()).toMatchObject({ sent: 1, failover: 1 })
  const failed = alice.events.find(({ kind }) => kind === 'failover')
  expect(failed).toMatchObject({ uri: 'memory:nobody', cause: { code: 'ERR_TRANSPORT_UNREACHABLE' } })
  await close()
})

test('where all endpoints fail the last failure is thrown [L15]', async () => {
  const { alice, bob, close } = await world('memory:nobody', 'memory:noone')
  const sent = alice.agent.send(ping({ responseRequested: false }), { to: bob.did })
  await expect(sent).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  expect(alice.agent.counters()).toMatchObject({ sent: 0, failover: 1 })
  await close()
})

test('what prepare returns can be stored with all its ways, and sent later [L15]', async () => {
  const { alice, bob, close } = await world('memory:nobody', 'MEMORY:bob')
  const outgoing = await alice.agent.prepare(ping({ responseRequested: false }), { to: bob.did })
  expect(outgoing.alternatives?.map(({ uri }) => uri)).toEqual(['MEMORY:bob'])
  const stored: Outgoing = structuredClone(outgoing)
  await alice.agent.transmit(stored)
  expect(bob.events).toMatchObject([{ kind: 'received', type: PING }])
  await close()
})

test('one way leaves nothing behind it to store', async () => {
  const { alice, bob, close } = await world('memory:bob')
  expect(await alice.agent.prepare(ping(), { to: bob.did })).not.toHaveProperty('alternatives')
  await close()
})

test('the message on another way has the same id, so that it is handled once where both arrive [L11]', async () => {
  const network = memoryNetwork()
  /** Delivers, and says that it did not. */
  const lossy: Transport = network.transport('alice')
  const answersLost: Transport = {
    schemes: ['lossy'],
    maxPacketBytes: lossy.maxPacketBytes,
    start: async () => undefined,
    close: async () => undefined,
    async send(uri, packet) {
      await lossy.send(uri.replace('lossy', 'memory'), packet)
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the answer was lost')
    },
  }
  const bob = party('b', [network.transport('bob')], { protocols: [trustPing()], seen: memorySeenStore() })
  const resolve = endpoints(bob.did, 'lossy:bob', 'memory:bob')
  const alice = party('a', [lossy, answersLost], { resolve })
  await Promise.all([alice.agent.start(), bob.agent.start()])
  await alice.agent.send(ping({ responseRequested: false }), { to: bob.did })
  expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 1 })
  await Promise.all([alice.agent.close(), bob.agent.close()])
})

test('a closed transport is no reason to try another way', async () => {
  const { alice, bob, close } = await world('memory:bob', 'memory:bob')
  const outgoing = await alice.agent.prepare(ping(), { to: bob.did })
  await close()
  await expect(alice.agent.transmit(outgoing)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect(alice.agent.counters().failover).toBe(0)
})
