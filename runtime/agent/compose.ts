import type { Draft, Packable } from '../message/message.ts'
import type { Contact } from './contacts.ts'

/** What a draft needs to become a message. */
export interface ComposeOptions {
  /** All recipients that it names. */
  to: readonly string[]
  from: string
  contact: Contact | undefined
  /** NaN where the time is not known. */
  nowMs: number
  anonymous: boolean
  pleaseAck: boolean
}

/** Completes a draft, but for its id: who it is from, for whom, and when it was made. */
export function composed(draft: Draft, options: ComposeOptions): Packable {
  const { to, from, contact, nowMs, anonymous, pleaseAck } = options
  const message: Packable = { ...draft, to: [...to], body: draft.body ?? {} }
  if (!anonymous) message.from = from
  // Until they write to the new DID, every message says where it comes from.
  if (!anonymous && contact?.fromPrior !== undefined && contact.own === from) message.from_prior = contact.fromPrior
  if (draft.created_time === undefined && !Number.isNaN(nowMs)) message.created_time = Math.floor(nowMs / 1000)
  if (pleaseAck) message['please_ack'] = ['']
  return message
}
