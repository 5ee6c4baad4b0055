import { contactBook, didKeyIdentity, didPeer4Identity, firstOf, type Resolve } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { authenticationKeys, didKey, didPeer, keyAgreementKeys } from 'didcomm-mote/did'
import { shortId } from 'didcomm-mote/envelope'
import { describe, expect, it } from 'vitest'

const seed = (letter: string) => new Uint8Array(32).fill(letter.charCodeAt(0))
const resolve = firstOf(didKey(crypto), didPeer(crypto))
const kidOf = async (did: string) => keyAgreementKeys(await resolve(did))[0]?.kid ?? ''
const signingKidOf = async (did: string) => authenticationKeys(await resolve(did))[0]?.kid ?? ''

const alice = didKeyIdentity(crypto, seed('a')).did
const bob = didKeyIdentity(crypto, seed('b')).did

describe('a book of contacts', () => {
  it('finds a contact by DID, and its keys by their short ids: those that encrypt and those that sign', async () => {
    const book = contactBook(crypto, resolve)
    await book.add({ did: alice, uri: 'memory:a', encoding: 'compact' })
    await book.add({ did: bob })
    expect(book.get(alice)).toEqual({ did: alice, uri: 'memory:a', encoding: 'compact' })
    for (const did of [alice, bob]) {
      for (const kid of [await kidOf(did), await signingKidOf(did)]) {
        expect(await book.knownKids(shortId(kid, crypto))).toEqual([kid])
      }
    }
    expect(await book.knownKids(new Uint8Array(8))).toEqual([])
    expect(book.get('did:example:nobody')).toBeUndefined()
  })

  it('replaces a contact that is added again', async () => {
    const book = contactBook(crypto, resolve)
    await book.add({ did: alice, uri: 'memory:old' })
    await book.add({ did: alice, uri: 'memory:new' })
    expect(book.get(alice)?.uri).toBe('memory:new')
    const kid = await kidOf(alice)
    expect(await book.knownKids(shortId(kid, crypto))).toEqual([kid])
    expect(book.remove(alice)).toBe(true)
    expect(await book.knownKids(shortId(kid, crypto))).toEqual([])
  })

  it('forgets the keys that a contact has no longer', async () => {
    const documents = [await resolve(alice), await resolve(bob)]
    const changing: Resolve = async () => ({ ...(documents.shift() ?? (await resolve(bob))), id: alice })
    const renamed: Resolve = async (did) => {
      const text = JSON.stringify(await changing(did))
      return JSON.parse(text.replaceAll(bob, alice))
    }
    const book = contactBook(crypto, renamed)
    await book.add({ did: alice })
    const first = shortId(await kidOf(alice), crypto)
    expect(await book.knownKids(first)).toHaveLength(1)
    await book.add({ did: alice })
    expect(await book.knownKids(first)).toEqual([])
  })

  it('keeps what it has where a contact cannot be resolved', async () => {
    let known = true
    const book = contactBook(crypto, async (did) => {
      if (!known) throw new Error('offline')
      return resolve(did)
    })
    await book.add({ did: alice, uri: 'memory:old' })
    known = false
    await expect(book.add({ did: alice, uri: 'memory:new' })).rejects.toThrow('offline')
    expect(book.get(alice)?.uri).toBe('memory:old')
  })

  it('removes a contact, once', async () => {
    const book = contactBook(crypto, resolve)
    await book.add({ did: alice })
    await book.add({ did: bob })
    expect(book.remove(alice)).toBe(true)
    expect(book.remove(alice)).toBe(false)
    expect(book.get(alice)).toBeUndefined()
    expect(await book.knownKids(shortId(await kidOf(alice), crypto))).toEqual([])
    expect(await book.knownKids(shortId(await kidOf(bob), crypto))).toHaveLength(1)
  })

  it('knows a did:peer:4 under both of its forms, and its keys too', async () => {
    const { did, shortDid } = didPeer4Identity(crypto, seed('p'), [])
    const book = contactBook(crypto, firstOf(didPeer(crypto)))
    await book.add({ did, uri: 'memory:p' })
    expect(book.get(shortDid)).toBe(book.get(did))
    for (const kid of [`${did}#key-1`, `${did}#key-2`, `${shortDid}#key-1`, `${shortDid}#key-2`]) {
      expect(await book.knownKids(shortId(kid, crypto))).toEqual([kid])
    }
    expect(book.remove(shortDid)).toBe(true)
    expect(await book.knownKids(shortId(`${did}#key-1`, crypto))).toEqual([])
  })

  it('lists all keys of a short id that fits several, and loses one without the other', async () => {
    // A hash that is the same for everything makes the collision that nobody can make.
    const book = contactBook({ ...crypto, sha256: () => new Uint8Array(32) }, resolve)
    await book.add({ did: alice })
    await book.add({ did: bob })
    const kidsOf = async (did: string) => [await kidOf(did), await signingKidOf(did)]
    expect(await book.knownKids(new Uint8Array(8))).toEqual([...(await kidsOf(alice)), ...(await kidsOf(bob))])
    book.remove(alice)
    expect(await book.knownKids(new Uint8Array(8))).toEqual(await kidsOf(bob))
  })
})
