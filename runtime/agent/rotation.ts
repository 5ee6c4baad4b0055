import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { EnvelopeContext, Prior, Unpacked } from '../envelope/envelope.ts'
import { createFromPrior, type FromPriorInput, priorOf } from '../envelope/from-prior.ts'
import { DidCommError } from '../errors.ts'
import type { Draft } from '../message/message.ts'
import { EMPTY } from './acks.ts'
import type { Contacts } from './contacts.ts'

/** Follows contacts to their new DIDs, and knows which ones were left. */
export interface Rotation {
  /** Verifies `from_prior` in compact envelopes. */
  readonly priorOf: NonNullable<EnvelopeContext['priorOf']>
  /** @throws DidCommError `ERR_SENDER_UNKNOWN` where the sender has left its DID, `ERR_MESSAGE_EXPIRED` */
  arrived(received: Unpacked, contacts: Contacts, nowMs: number): Promise<void>
}

export interface RotationOptions {
  /** The DIDs that contacts had left before this program began. */
  readonly left?: Iterable<string>
  /** Learns of a contact that left a DID, for a new one or for good, so that it can be stored. */
  readonly onLeft?: (did: string, next: string | undefined) => void | Promise<void>
  /** How many DIDs that were left are remembered. Default: 10,000. */
  readonly maxLeft?: number
}

/**
 * Follows the rotations of contacts (DIDComm v2.1, "DID Rotation"): the contact moves to its new DID with the first message that proves
 * both, and messages from the old one are refused from then on, whenever they were sent. Rotations of strangers change nothing.
 */
export function didRotation({ left: known = [], onLeft, maxLeft = 10_000 }: RotationOptions = {}): Rotation {
  const left = new LruMap<true>(maxLeft)
  for (const did of known) left.set(canonicalDid(did), true)

  async function leave(contacts: Contacts, did: string, next: string | undefined): Promise<void> {
    // Known as left before it is gone as a contact: in between, nobody else can take its place.
    left.set(did, true)
    await onLeft?.(did, next)
    contacts.remove(did)
  }

  async function follow(prior: Prior, sender: string | undefined, contacts: Contacts): Promise<void> {
    const did = canonicalDid(prior.did)
    const contact = contacts.get(did)
    if (!contact) return
    const { next } = prior
    if (next === undefined) return leave(contacts, did, undefined)
    // The old DID has named the new one; only a message that the new one proves shows that it is used.
    if (sender === undefined || canonicalDid(next) !== sender) return
    await contacts.add({ ...contact, ...contacts.get(next), did: next })
    await leave(contacts, did, next)
  }

  return {
    priorOf,
    async arrived(received, contacts, nowMs) {
      const { prior, recipient } = received
      const sender = received.sender === undefined ? undefined : canonicalDid(received.sender)
      if (sender !== undefined && left.get(sender)) {
        throw new DidCommError('ERR_SENDER_UNKNOWN', 'the sender has left this DID')
      }
      if (prior) {
        expectValid(prior, nowMs)
        await follow(prior, sender, contacts)
      }
      const contact = sender === undefined ? undefined : contacts.get(sender)
      if (contact?.fromPrior === undefined || recipient === undefined || contact.own === undefined) return
      if (canonicalDid(recipient) !== canonicalDid(contact.own)) return
      // They have written to our new DID: they know it.
      const { fromPrior: _, ...settled } = contact
      await contacts.add(settled)
    },
  }
}

/**
 * Uses a new DID with a contact from now on. Each message to them says so, until one of theirs comes to the new DID.
 *
 * @throws TypeError where the contact is unknown
 * @throws DidCommError `ERR_KEY_NOT_FOUND` where no key of the prior DID is here
 */
export async function rotate(
  contacts: Contacts,
  input: FromPriorInput & { readonly contact: string; readonly next: string },
  context: Pick<EnvelopeContext, 'crypto' | 'secrets' | 'resolve'>,
): Promise<void> {
  const { contact: did, ...rotation } = input
  const contact = contacts.get(did)
  if (!contact) throw new TypeError('"contact" expected the DID of a contact')
  const fromPrior = await createFromPrior(rotation, context)
  await contacts.add({ ...contact, own: rotation.next, fromPrior })
}

/**
 * Ends the relationship with a contact: tells them by an anonymous message that the prior DID signs, and forgets them.
 *
 * @throws what `agent.send` throws; the contact is kept then
 */
export async function endRelationship(
  agent: { send(draft: Draft, options: { to: string; anonymous: boolean }): Promise<unknown> },
  contacts: Contacts,
  input: Omit<FromPriorInput, 'next'> & { readonly contact: string },
  context: Pick<EnvelopeContext, 'crypto' | 'secrets' | 'resolve'>,
): Promise<void> {
  const { prior, issuedAt, contact } = input
  const fromPrior = await createFromPrior({ prior, issuedAt }, context)
  await agent.send({ type: EMPTY, from_prior: fromPrior }, { to: contact, anonymous: true })
  contacts.remove(contact)
}

function expectValid({ expiresAt, notBefore }: Prior, nowMs: number): void {
  const expired = expiresAt !== undefined && expiresAt * 1000 <= nowMs
  const early = notBefore !== undefined && notBefore * 1000 > nowMs
  if (expired || early) throw new DidCommError('ERR_MESSAGE_EXPIRED', '"from_prior" does not hold at this time')
}
