import { encodeHex } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { DidDocument, PublicKey, Resolve } from '../did/document.ts'
import { authenticationKeys, canonicalDid, keyAgreementKeys } from '../did/index.ts'
import type { LongFormStore } from '../did/long-forms.ts'
import type { Encoding } from '../envelope/envelope.ts'
import { shortId } from '../envelope/index.ts'

/** A party that this one knows. */
export interface Contact {
  did: string
  /** Where to send, in place of what its DID document says. */
  uri?: string
  /** How to write to it. `peerMemory` sets it to how it wrote last. */
  encoding?: Encoding | undefined
  /** The largest envelope that it takes: what it discloses as `max_receive_bytes` (`noteMaxReceiveBytes`). A larger one fails with `ERR_TOO_LARGE`. */
  maxReceiveBytes?: number
  /** The DID to speak to it as, in place of the agent's. */
  own?: string
  /** What tells it that `own` took the place of another DID, for as long as it may not know (`rotate`). */
  fromPrior?: string
  /**
   * The DID of ours that it has written to. Towards it, names can be short; but the long form of a did:peer:4 is no sign that it has kept it.
   * `peerMemory` sets it; set it where both ends were introduced to each other in another way.
   */
  knows?: string | undefined
}

/** What is learned of a contact while messages go to and fro. */
export type Learned = Pick<Contact, 'encoding' | 'knows' | 'maxReceiveBytes'>

/** The parties that one agent knows: it finds them by DID, and by the short key ids of compact envelopes. */
export interface Contacts {
  /** Adds or replaces a contact. Resolves its DID to learn its keys. The long form of a did:peer:4 is kept where it was here. */
  add(contact: Contact): Promise<void>
  /** Changes what was learned of a contact, at once. Returns the contact, or nothing where there is none. */
  update(did: string, change: Learned): Contact | undefined
  /** Forgets a contact. */
  remove(did: string): boolean
  get(did: string): Contact | undefined
  /** Lists the key DID URLs whose short id is `shortId`. */
  knownKids(shortId: Uint8Array): Promise<readonly string[]>
}

interface Entry {
  contact: Contact
  kids: { kid: string; shortId: string }[]
}

/** Makes an empty book of contacts, kept in memory. */
export function contactBook(crypto: Crypto, resolve: Resolve): Contacts {
  const entries = new Map<string, Entry>()
  const kidsByShortId = new Map<string, Set<string>>()

  function remove(did: string): boolean {
    const entry = entries.get(canonicalDid(did))
    for (const { kid, shortId } of entry?.kids ?? []) {
      const kids = kidsByShortId.get(shortId)
      kids?.delete(kid)
      if (kids?.size === 0) kidsByShortId.delete(shortId)
    }
    return entries.delete(canonicalDid(did))
  }

  return {
    async add(contact) {
      const canonical = canonicalDid(contact.did)
      const did = contact.did === canonical ? (entries.get(canonical)?.contact.did ?? canonical) : contact.did
      const keys = namedKeys(await resolve(did))
      // The holder of a did:peer:4 may name its keys under either form.
      if (canonical !== did) keys.push(...namedKeys(await resolve(canonical)))
      remove(canonical)
      const kids = keys.map(({ kid }) => ({ kid, shortId: encodeHex(shortId(kid, crypto)) }))
      for (const { kid, shortId } of kids) {
        const known = kidsByShortId.get(shortId)
        if (known) known.add(kid)
        else kidsByShortId.set(shortId, new Set([kid]))
      }
      entries.set(canonical, { contact: { ...contact, did }, kids })
    },
    update(did, change) {
      const entry = entries.get(canonicalDid(did))
      if (entry) entry.contact = { ...entry.contact, ...change }
      return entry?.contact
    },
    remove,
    get: (did) => entries.get(canonicalDid(did))?.contact,
    knownKids: async (id) => [...(kidsByShortId.get(encodeHex(id)) ?? [])],
  }
}

/**
 * Finds the long forms of did:peer:4 in a book of contacts, for `didPeer`: its own cache can forget them for those of strangers. `own` are the long
 * forms of our own DIDs, under whose short forms others write to us.
 *
 * @param contacts a function, because the book itself is made with the resolver
 */
export function longFormsOf(contacts: () => Pick<Contacts, 'get'>, own: readonly string[]): Pick<LongFormStore, 'get'> {
  const ownForms = new Map(own.map((did) => [canonicalDid(did), did]))
  return {
    async get(shortDid) {
      const did = ownForms.get(shortDid) ?? contacts().get(shortDid)?.did
      return did === shortDid ? undefined : did
    },
  }
}

/** The keys that an envelope may name: those that encrypt, and those that sign. */
function namedKeys(document: DidDocument): PublicKey[] {
  return [...keyAgreementKeys(document), ...authenticationKeys(document)]
}
