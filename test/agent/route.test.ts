import { DidCommError, type Resolve } from 'didcomm-mote'
import { didcommService } from 'didcomm-mote/did'
import { describe, expect, it } from 'vitest'
import { routesTo } from '../../runtime/agent/route.ts'

const BOB = 'did:example:bob'
const MEDIATOR = 'did:example:mediator'
const DISTANT = 'did:example:distant'

type Endpoint = { uri: string; accept?: string[]; routingKeys?: string[] }

/** Resolves what is listed, and tells what was asked. */
function book(documents: Record<string, Endpoint[]>): { resolve: Resolve; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    resolve: async (did) => {
      asked.push(did)
      const endpoints = documents[did]
      if (!endpoints) throw new DidCommError('ERR_DID_NOT_FOUND', did)
      return { id: did, service: endpoints.map((endpoint, i) => didcommService(`#s${i}`, endpoint)) }
    },
  }
}

const canReach = (uri: string) => uri.startsWith('memory:')

/** The first of the ways. */
const routeTo = async (...options: Parameters<typeof routesTo>) => (await routesTo(...options))[0]

describe('a route', () => {
  it('is what the contact says, without a look at the DID document', async () => {
    const { resolve, asked } = book({ [BOB]: [{ uri: 'memory:document' }] })
    const route = await routeTo(BOB, { did: BOB, uri: 'memory:contact' }, { resolve, canReach })
    expect(route).toEqual({ uri: 'memory:contact', routingKeys: [] })
    expect(asked).toEqual([])
    expect(await routeTo(BOB, { did: BOB }, { resolve, canReach })).toEqual({ uri: 'memory:document', routingKeys: [] })
  })

  it('is the first endpoint that can be reached, with its own routing keys [L11, L14]', async () => {
    const { resolve } = book({
      [BOB]: [
        { uri: 'ble:a', routingKeys: ['did:example:x#1'] },
        { uri: 'memory:b', routingKeys: ['did:example:y#1', 'did:example:y#2'] },
        { uri: 'memory:c' },
      ],
    })
    expect(await routeTo(BOB, undefined, { resolve, canReach })).toEqual({
      uri: 'memory:b',
      routingKeys: ['did:example:y#1', 'did:example:y#2'],
    })
  })

  it('over a mediator wraps for its routing keys, then for itself, then for those of the recipient [L3, L4]', async () => {
    const { resolve } = book({
      [BOB]: [{ uri: MEDIATOR, routingKeys: ['did:example:inner#1', 'did:example:inner#2'] }],
      [MEDIATOR]: [{ uri: 'http://m/' }, { uri: 'memory:m', routingKeys: ['did:example:outer#1'] }],
    })
    expect(await routeTo(BOB, undefined, { resolve, canReach })).toEqual({
      uri: 'memory:m',
      routingKeys: ['did:example:outer#1', MEDIATOR, 'did:example:inner#1', 'did:example:inner#2'],
    })
  })

  it('does not go on from a mediator to its mediator [L5]', async () => {
    const { resolve, asked } = book({
      [BOB]: [{ uri: MEDIATOR }],
      [MEDIATOR]: [{ uri: DISTANT }, { uri: MEDIATOR }],
      [DISTANT]: [{ uri: 'memory:d' }],
    })
    await expect(routeTo(BOB, undefined, { resolve, canReach })).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
    expect(asked).toEqual([BOB, MEDIATOR])
  })

  it('passes over a mediator that is not known or cannot be reached', async () => {
    const { resolve } = book({
      [BOB]: [{ uri: DISTANT }, { uri: MEDIATOR }, { uri: 'memory:b' }],
      [MEDIATOR]: [{ uri: 'ble:m' }],
    })
    expect(await routeTo(BOB, undefined, { resolve, canReach })).toEqual({ uri: 'memory:b', routingKeys: [] })
  })

  it('has the others behind it, in the order of the document, and at most four in all [L11, L15]', async () => {
    const { resolve } = book({
      [BOB]: [{ uri: 'memory:a' }, { uri: MEDIATOR }, { uri: 'ble:b' }, { uri: 'memory:c' }, { uri: 'memory:d' }],
      [MEDIATOR]: [{ uri: 'memory:m' }],
    })
    const routes = await routesTo(BOB, undefined, { resolve, canReach })
    expect(routes.map(({ uri }) => uri)).toEqual(['memory:a', 'memory:m', 'memory:c', 'memory:d'])
    expect(routes[1]?.routingKeys).toEqual([MEDIATOR])
  })

  it('over a mediator comes last where the recipient accepts other profiles only there, or the mediator does [L12]', async () => {
    const { resolve } = book({
      [BOB]: [{ uri: MEDIATOR, accept: ['didcomm/aip1'] }, { uri: DISTANT }, { uri: 'memory:b' }],
      [MEDIATOR]: [{ uri: 'memory:m' }],
      [DISTANT]: [{ uri: 'memory:old', accept: ['didcomm/aip1'] }],
    })
    const routes = await routesTo(BOB, undefined, { resolve, canReach })
    expect(routes.map(({ uri }) => uri)).toEqual(['memory:b', 'memory:m', 'memory:old'])
  })

  it('looks up four mediators at most, and none that would come too late', async () => {
    const mediators = Array.from({ length: 9 }, (_, i) => ({ uri: `did:example:m${i}` }))
    const { resolve, asked } = book({ [BOB]: [...mediators, { uri: 'memory:b' }] })
    expect(await routeTo(BOB, undefined, { resolve, canReach })).toEqual({ uri: 'memory:b', routingKeys: [] })
    expect(asked).toHaveLength(5)
    const direct = [1, 2, 3, 4].map((i) => ({ uri: `memory:${i}` }))
    const other = book({ [BOB]: [...direct, { uri: MEDIATOR }], [MEDIATOR]: [{ uri: 'memory:m' }] })
    await routesTo(BOB, undefined, { resolve: other.resolve, canReach })
    expect(other.asked).toEqual([BOB])
    const all = await routesTo(BOB, undefined, {
      resolve: other.resolve,
      canReach,
      prefer: ({ uri }) => (uri === 'memory:m' ? 0 : 1),
    })
    expect(all.map(({ uri }) => uri)).toEqual(['memory:m', 'memory:1', 'memory:2', 'memory:3'])
  })

  it('to an endpoint that accepts other profiles only comes last [L12, L13]', async () => {
    const { resolve } = book({
      [BOB]: [
        { uri: 'memory:old', accept: ['didcomm/aip1'] },
        { uri: 'memory:any' },
        { uri: 'memory:both', accept: ['didcomm/aip2;env=rfc587', 'didcomm/v2'] },
      ],
    })
    const routes = await routesTo(BOB, undefined, { resolve, canReach })
    expect(routes.map(({ uri }) => uri)).toEqual(['memory:any', 'memory:both', 'memory:old'])
  })

  it('passes over the queue transport, where messages wait to be picked up [M10]', async () => {
    const { resolve } = book({ [BOB]: [{ uri: 'didcomm:transport/queue' }, { uri: 'memory:b' }] })
    expect((await routesTo(BOB, undefined, { resolve, canReach })).map(({ uri }) => uri)).toEqual(['memory:b'])
  })

  it.each([
    ['no endpoint', []],
    ['an endpoint of another transport', [{ uri: 'http://b/' }]],
    ['a mediator that nobody knows', [{ uri: DISTANT }]],
  ])('is not found to a DID with %s', async (_, endpoints) => {
    const { resolve } = book({ [BOB]: endpoints })
    await expect(routeTo(BOB, undefined, { resolve, canReach })).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })

  it('fails as the resolver does', async () => {
    const { resolve } = book({})
    await expect(routeTo(BOB, undefined, { resolve, canReach })).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    const broken = async () => {
      throw new TypeError('a bug')
    }
    await expect(routeTo(BOB, undefined, { resolve: broken, canReach })).rejects.toThrow('a bug')
  })
})
