import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError } from '../errors.ts'
import { resolveDidPeer4 } from './did-peer-4.ts'
import { canonicalDid } from './did-url.ts'

/**
 * Where the long forms of did:peer:4 of known contacts are kept, by their short forms. Only the program adds to it, with
 * `keepLongForm`: strangers who send DIDs of their own cannot push a contact out. Where contacts are in a book of an agent, `longFormsOf` finds
 * them there instead.
 */
export interface LongFormStore {
  get(shortDid: string): Promise<string | undefined>
  /** Fails with `ERR_STORE_FULL` rather than forget another one. */
  set(shortDid: string, longDid: string): Promise<void>
  delete(shortDid: string): Promise<void>
}

/**
 * Keeps the long form of a contact, after checking that its hash is that of its document. Call it when somebody becomes a contact.
 *
 * @returns the short form
 * @throws DidCommError `ERR_DID_MALFORMED`, and `ERR_STORE_FULL` from the store
 */
export async function keepLongForm(crypto: Crypto, store: LongFormStore, longDid: string): Promise<string> {
  resolveDidPeer4(crypto, longDid, 'long')
  const short = canonicalDid(longDid)
  await store.set(short, longDid)
  return short
}

/** Makes a `LongFormStore` in memory for at most `maxContacts` contacts, of 8 KiB at most each. */
export function memoryLongForms(maxContacts: number): LongFormStore {
  if (!Number.isSafeInteger(maxContacts) || maxContacts < 1) {
    throw new RangeError(`"maxContacts" expected a positive integer, got ${maxContacts}`)
  }
  const longForms = new Map<string, string>()
  return {
    async get(shortDid) {
      return longForms.get(shortDid)
    },
    async set(shortDid, longDid) {
      if (!longForms.has(shortDid) && longForms.size >= maxContacts) {
        throw new DidCommError('ERR_STORE_FULL', `the long forms of ${maxContacts} contacts are kept already`)
      }
      longForms.set(shortDid, longDid)
    },
    async delete(shortDid) {
      longForms.delete(shortDid)
    },
  }
}
