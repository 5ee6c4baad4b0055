import {
  contactBook,
  type DidCommError,
  didKeyIdentity,
  didPeer2Identity,
  didPeer4Identity,
  firstOf,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { shortId } from 'didcomm-mote/envelope'
import { describe, expect, it } from 'vitest'
import { routeTo } from '../../runtime/agent/route.ts'

const resolve = firstOf(didKey(crypto), didPeer(crypto))
const seed = (fill: number) => new Uint8Array(32).fill(fill)
const kidOf = ({ secretKeys }: ReturnType<typeof didKeyIdentity>) => secretKeys[0]?.kid ?? ''

describe('contacts', () => {
  it('are found by their DID and by the short id of their key', async () => {
    const contacts = contactBook(crypto, resolve)
    const alice = didKeyIdentity(crypto, seed(1))
    await contacts.add({ did: alice.did, uri: 'memory:alice' })
    await contacts.add({ did: didKeyIdentity(crypto, seed(2)).did })
    expect(contacts.get(alice.did)).toEqual({ did: alice.did, uri: 'memory:alice' })
    expect(await contacts.knownKids(shortId(kidOf(alice), crypto))).toEqual([kidOf(alice)])
    expect(await contacts.knownKids(new Uint8Array(8))).toEqual([])
  })

  it('are replaced and removed with their short ids', async () => {
    const contacts = contactBook(crypto, resolve)
    const alice = didKeyIdentity(crypto, seed(1))
    await contacts.add({ did: alice.did, uri: 'memory:old' })
    await contacts.add({ did: alice.did, uri: 'memory:new' })
    expect(contacts.get(alice.did)?.uri).toBe('memory:new')
    expect(await contacts.knownKids(shortId(kidOf(alice), crypto))).toHaveLength(1)
    expect(contacts.remove(alice.did)).toBe(true)
    expect(contacts.remove(alice.did)).toBe(false)
    expect(contacts.get(alice.did)).toBeUndefined()
    expect(await contacts.knownKids(shortId(kidOf(alice), crypto))).toEqual([])
  })

  it('with a did:peer:4 are the same in its long and its short form', async () => {
    const contacts = contactBook(crypto, resolve)
    const { did, shortDid } = didPeer4Identity(crypto, seed(1), [])
    await contacts.add({ did, uri: 'memory:alice' })
    expect(contacts.get(shortDid)?.uri).toBe('memory:alice')
    expect(contacts.remove(shortDid)).toBe(true)
  })

  it('are not added where their DID does not resolve', async () => {
    const contacts = contactBook(crypto, resolve)
    await expect(contacts.add({ did: 'did:web:example.org' })).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(contacts.get('did:web:example.org')).toBeUndefined()
  })
})

describe('the way to a party', () => {
  const reach = (scheme: string) => (uri: string) => uri.startsWith(`${scheme}:`)
  const mediator = didPeer2Identity(crypto, seed(9), [
    { uri: 'https://mediator.example', routingKeys: ['did:example:outer#1'] },
  ])

  it('is what the contact says, before anything else', async () => {
    const { did } = didPeer2Identity(crypto, seed(1), [{ uri: 'https://alice.example' }])
    const route = await routeTo(did, { did, uri: 'mqtt://broker/in' }, resolve, reach('https'))
    expect(route).toEqual({ uri: 'mqtt://broker/in', routingKeys: [] })
  })

  it('is the first endpoint that can be reached', async () => {
    const services = [{ uri: 'wss://a.example' }, { uri: 'https://b.example' }, { uri: 'https://c.example' }]
    const { did } = didPeer2Identity(crypto, seed(1), services)
    expect(await routeTo(did, undefined, resolve, reach('https'))).toEqual({
      uri: 'https://b.example',
      routingKeys: [],
    })
  })

  it('leads over a mediator that is named as endpoint, its own mediators first', async () => {
    const { did } = didPeer4Identity(crypto, seed(1), [{ uri: mediator.did, routingKeys: ['did:example:inner#1'] }])
    expect(await routeTo(did, undefined, resolve, reach('https'))).toEqual({
      uri: 'https://mediator.example',
      routingKeys: ['did:example:outer#1', mediator.did, 'did:example:inner#1'],
    })
  })

  it('does not lead from mediator to mediator without end', async () => {
    const second = didPeer2Identity(crypto, seed(8), [{ uri: mediator.did }])
    const { did } = didPeer4Identity(crypto, seed(1), [{ uri: second.did }])
    const error = await routeTo(did, undefined, resolve, reach('https')).catch((cause: DidCommError) => cause)
    expect(error).toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })

  it('is missing where nothing can be reached', async () => {
    const { did } = didKeyIdentity(crypto, seed(1))
    await expect(routeTo(did, undefined, resolve, reach('https'))).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })
})
