import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AgentOptions } from 'didcomm-mote'
import { compact, json } from 'didcomm-mote/envelope'
import { ping } from 'didcomm-mote/protocols/trust-ping'
import { http } from 'didcomm-mote/transports/http'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, test } from 'vitest'
import { note, type PeerOptions, peer } from './peers-world.ts'

const JSON_PROFILE = 'didcomm/v2'
const COMPACT_PROFILE = 'didcomm-mote/c1'

/** Alice, and Bob whose DID document says what he accepts. */
async function pair(accept: string[] | undefined, bobs: PeerOptions = {}, alices: PeerOptions = {}) {
  const network = memoryNetwork()
  const services = [{ uri: 'memory:bob', ...(accept && { accept }) }]
  const alice = await peer('a', network.transport('alice'), { services: [{ uri: 'memory:alice' }], ...alices })
  const bob = await peer('b', network.transport('bob'), { services, ...bobs })
  return { alice, bob, network }
}

describe('the encoding of a first message', () => {
  test.each([
    ['compact', [COMPACT_PROFILE, JSON_PROFILE]],
    ['compact', ['didcomm/aip2;env=rfc587', COMPACT_PROFILE]],
    ['json', [JSON_PROFILE, COMPACT_PROFILE]],
    ['json', ['didcomm/aip2;env=rfc587']],
    ['json', []],
    ['json', undefined],
  ] as const)('is %s where the endpoint accepts %j [L12, L13]', async (encoding, accept) => {
    const { alice, bob } = await pair(accept && [...accept])
    await alice.agent.send(note, { to: bob.did })
    expect(bob.got).toMatchObject([{ encoding }])
  })

  test('is what the call says, whatever the endpoint accepts', async () => {
    const { alice, bob } = await pair([COMPACT_PROFILE])
    await alice.agent.send(note, { to: bob.did, encoding: 'json' })
    expect(bob.got).toMatchObject([{ encoding: 'json' }])
  })

  test('is the first of "envelopes" where nothing else says it', async () => {
    const { alice, bob } = await pair(undefined, {}, { envelopes: [compact(), json()] })
    await alice.agent.send(note, { to: bob.did })
    expect(bob.got).toMatchObject([{ encoding: 'compact' }])
  })

  test('is one that an endpoint accepts which a transport here can reach [L12]', async () => {
    const services = [
      { uri: 'ble:bob', accept: [COMPACT_PROFILE] },
      { uri: 'memory:bob', accept: [JSON_PROFILE] },
    ]
    const { alice, bob } = await pair(undefined, { services })
    await alice.agent.send(note, { to: bob.did })
    expect(bob.got).toMatchObject([{ encoding: 'json' }])
  })

  test('leads to the endpoint that accepts it', async () => {
    const services = [
      { uri: 'memory:bob', accept: [COMPACT_PROFILE] },
      { uri: 'memory:nobody', accept: [JSON_PROFILE] },
    ]
    const { alice, bob } = await pair(undefined, { services })
    expect(await alice.agent.prepare(note, { to: bob.did })).toMatchObject({ uri: 'memory:bob', encoding: 'compact' })
    const other = await alice.agent.prepare(note, { to: bob.did, encoding: 'json' })
    expect(other.uri).toBe('memory:nobody')
  })

  test('is JSON where only JSON can do what is asked', async () => {
    const { alice, bob } = await pair([COMPACT_PROFILE])
    await alice.agent.send(note, { to: bob.did, protectSender: true })
    expect(bob.got).toMatchObject([{ encoding: 'json', layers: [{ kind: 'anoncrypt' }, { kind: 'authcrypt' }] }])
  })
})

test('a message goes in the encoding in which the other side wrote last', async () => {
  const { alice, bob } = await pair([JSON_PROFILE])
  await alice.contacts.add({ did: bob.did, encoding: 'json' })
  for (const encoding of ['compact', 'json'] as const) {
    await bob.agent.send(note, { to: alice.did, encoding })
    expect(alice.contacts.get(bob.did)?.encoding).toBe(encoding)
    await alice.agent.send(note, { to: bob.did })
    expect(bob.got.at(-1)?.encoding).toBe(encoding)
  }
})

test('an anonymous message, which anybody can write, teaches nothing', async () => {
  const { alice, bob } = await pair([JSON_PROFILE])
  await alice.contacts.add({ did: bob.did })
  await bob.agent.send(note, { to: alice.did, encoding: 'compact', anonymous: true })
  expect(alice.got).toHaveLength(1)
  expect(alice.contacts.get(bob.did)).toEqual({ did: bob.did })
})

describe('who does not read compact envelopes', () => {
  const onlyJson: Partial<AgentOptions> = { envelopes: [json()] }

  test('gets the message in JSON, and the next ones at once', async () => {
    const { alice, bob } = await pair([COMPACT_PROFILE], onlyJson)
    const id = await alice.agent.send(note, { to: bob.did })
    expect(bob.got).toMatchObject([{ encoding: 'json', message: { id } }])
    expect(alice.events).toContainEqual({ kind: 'resent', to: bob.did, step: 'json' })
    await alice.agent.send(note, { to: bob.did })
    expect(bob.agent.counters()).toMatchObject({ received: 2, refused: { ERR_ENVELOPE_MALFORMED: 1 } })
  })

  test('gets it in JSON though the message had short names as well', async () => {
    const { alice, bob } = await pair([COMPACT_PROFILE], { ...onlyJson, method: 'key' }, { method: 'key' })
    await alice.contacts.add({ did: bob.did, uri: 'memory:bob', encoding: 'compact', knows: alice.did })
    await alice.agent.request(ping(), { to: bob.did, timeoutMs: 2_000 }).catch(() => undefined)
    expect(alice.events.filter(({ kind }) => kind === 'resent')).toMatchObject([
      { step: 'introduce' },
      { step: 'json' },
    ])
    expect(bob.agent.counters()).toMatchObject({ received: 1, refused: { ERR_ENVELOPE_MALFORMED: 2 } })
    expect(alice.contacts.get(bob.did)).toMatchObject({ encoding: 'json' })
  })

  test('gets nothing where the call says compact, or JSON is not spoken', async () => {
    const { alice, bob, network } = await pair([COMPACT_PROFILE], onlyJson)
    const rejected = { code: 'ERR_TRANSPORT_REJECTED' }
    await expect(alice.agent.send(note, { to: bob.did, encoding: 'compact' })).rejects.toMatchObject(rejected)
    const sensor = await peer('s', network.transport('sensor'), { envelopes: [compact()] })
    await expect(sensor.agent.send(note, { to: bob.did })).rejects.toMatchObject(rejected)
    expect(bob.got).toEqual([])
  })

  test('may say so by HTTP 415', async () => {
    const types: (string | undefined)[] = []
    const server = createServer((request, response) => {
      const type = request.headers['content-type']
      types.push(type)
      request.resume()
      response.writeHead(type === 'application/didcomm-encrypted+json' ? 202 : 415).end()
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const alice = await peer('a', http({ allowPrivateAddresses: true }))
    const { bob } = await pair(undefined)
    await alice.contacts.add({ did: bob.did, uri, encoding: 'compact' })
    await alice.agent.send(note, { to: bob.did })
    await alice.agent.send(note, { to: bob.did })
    const encrypted = 'application/didcomm-encrypted+json'
    expect(types).toEqual(['application/cose; cose-type="cose-encrypt0"', encrypted, encrypted])
    await new Promise((resolve) => server.close(resolve))
  })

  test('is written to in compact again when it writes so itself', async () => {
    const { alice, bob, network } = await pair([COMPACT_PROFILE], onlyJson)
    await alice.contacts.add({ did: bob.did })
    await alice.agent.send(note, { to: bob.did })
    expect(alice.contacts.get(bob.did)?.encoding).toBe('json')
    await bob.agent.close()
    const services = [{ uri: 'memory:bob', accept: [COMPACT_PROFILE] }]
    const newer = await peer('b', network.transport('bob'), { services })
    await newer.agent.send(note, { to: alice.did, encoding: 'compact' })
    await alice.agent.send(note, { to: bob.did })
    expect(newer.got).toMatchObject([{ encoding: 'compact' }])
  })
})
