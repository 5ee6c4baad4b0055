import { encodeHex } from '../bytes/index.ts'
import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Layer, Unpacked } from '../envelope/envelope.ts'
import { shortId } from '../envelope/index.ts'
import { isDidCommError } from '../errors.ts'
import type { Contact, Learned } from './contacts.ts'
import type { PeerWorld } from './peers.ts'

/** What is known of a party. */
export interface Acquaintance extends Learned {
  /** It has written to us, from the DID that it is known by: it answers to the short form of it. */
  readonly hasWritten: boolean
}

/** What messages have shown of those who sent them: noted in the book of contacts, and for a limited number of others in memory. */
export interface Acquaintances {
  of(did: string): Acquaintance
  learn(did: string, change: Learned): Promise<void>
  /** Learns from a message whose sender is proven. */
  met(received: Unpacked & { sender: string }): Promise<void>
  knownKids(shortId: Uint8Array): Promise<readonly string[]>
}

export interface AcquaintancesOptions {
  readonly maxStrangers: number
  readonly onLearned?: (contact: Contact) => void | Promise<void>
}

export function acquaintances(
  { contacts, crypto }: Pick<PeerWorld, 'contacts' | 'crypto'>,
  { maxStrangers, onLearned }: AcquaintancesOptions,
): Acquaintances {
  const strangers = new LruMap<Learned>(maxStrangers)
  const writers = new LruMap<true>(maxStrangers)
  /** Key ids of strangers by their short ids. A second one under the same takes the place of the first. */
  const kids = new LruMap<string>(2 * maxStrangers)

  async function learn(did: string, change: Learned): Promise<void> {
    const name = canonicalDid(did)
    const contact = contacts?.get(name)
    if (!contact) return strangers.set(name, { ...strangers.get(name), ...change })
    const isNews = Object.entries(change).some(([member, value]) => contact[member as keyof Learned] !== value)
    if (!isNews) return
    // Stored before it is known: what could not be stored is still news when the message comes again.
    await onLearned?.({ ...contact, ...change })
    contacts?.update(name, change)
  }

  /** Keeps the long form of a contact that was known by its short one. */
  async function keep(sender: string): Promise<void> {
    const contact = contacts?.get(sender)
    if (!contact || contact.did === sender || canonicalDid(sender) === sender) return
    try {
      const next = { ...contact, did: sender }
      await onLearned?.(next)
      await contacts?.add(next)
    } catch (error) {
      // What cannot be kept now, because a store is full, say, comes again: its sender is asked for it.
      if (!isDidCommError(error)) throw error
    }
  }

  return {
    of(did) {
      const name = canonicalDid(did)
      const known = contacts?.get(name) ?? strangers.get(name) ?? {}
      const { knows, encoding } = known
      return { knows, encoding, hasWritten: knows !== undefined || writers.get(name) === true }
    },
    learn,
    async met({ sender, recipient, encoding, layers }) {
      const name = canonicalDid(sender)
      writers.set(name, true)
      if (!contacts?.get(name)) {
        for (const kid of layers.flatMap(senderKids)) {
          const fragment = kid.slice(kid.indexOf('#'))
          for (const form of [kid, name + fragment]) kids.set(encodeHex(shortId(form, crypto)), form)
        }
      }
      await keep(sender)
      await learn(sender, { encoding, ...(recipient !== undefined && { knows: recipient }) })
    },
    async knownKids(id) {
      const stranger = kids.get(encodeHex(id))
      const known = (await contacts?.knownKids(id)) ?? []
      return stranger === undefined || known.includes(stranger) ? known : [...known, stranger]
    },
  }
}

function senderKids(layer: Layer): readonly string[] {
  if (layer.kind === 'authcrypt') return [layer.senderKid]
  return layer.kind === 'signed' ? layer.signerKids : []
}
