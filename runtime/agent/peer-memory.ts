import { canonicalDid } from '../did/did-url.ts'
import { didcommServices } from '../did/index.ts'
import type { Encoding } from '../envelope/envelope.ts'
import { profiles } from '../envelope/profiles.ts'
import { type ErrorCode, isDidCommError } from '../errors.ts'
import type { Packet } from '../transport.ts'
import { acquaintances } from './acquaintances.ts'
import type { Contact, Learned } from './contacts.ts'
import { digestOf, ENCODING_UNSUPPORTED, LONG_FORM_NEEDED, readHint, writeHint } from './hint.ts'
import type { Peers, PeerWorld } from './peers.ts'
import { byPreference } from './preference.ts'
import { type Again, type AskedPlan, secondTries } from './second-try.ts'
import type { Plan, SendOptions } from './send-options.ts'

export interface PeerMemoryOptions {
  /** Learns of a contact of which something was learned, so that it can be stored. */
  readonly onLearned?: (contact: Contact) => void | Promise<void>
  /** How many parties that are no contacts are remembered. Default: 1024. */
  readonly maxStrangers?: number
  /** How many of the last messages can be said again. They are held in the clear. Default: 32. */
  readonly maxMessages?: number
  /** For how long after saying a message to a party in full, because it was asked for, that is not done again. Default: 10 minutes. */
  readonly windowMs?: number
}

/** What may mean that the names in an envelope are not known here, or not any more. They get the same answer, so that it tells nothing. */
const UNREADABLE: readonly ErrorCode[] = ['ERR_SENDER_UNKNOWN', 'ERR_DID_NOT_FOUND', 'ERR_ENVELOPE_DECRYPT']

/** How many hints go over one connection. */
const MAX_HINTS = 16

/**
 * Remembers how each peer is to be spoken to, and what it knows of us (`docs/envelopes.md`, "Who speaks to whom how"):
 *
 * - A did:peer:4 is its long form, and a compact envelope names its sender in full, until a message from the peer shows that it knows us.
 * - A message goes in the encoding in which the peer wrote last, or in the first that its DID document accepts.
 * - What the peer cannot read is said again, once with the sender in full and once in JSON.
 *
 * Pass it as `peers` to `createAgent`.
 */
export function peerMemory(options: PeerMemoryOptions = {}): (world: PeerWorld) => Peers {
  const { onLearned, maxStrangers = 1024, maxMessages = 32, windowMs = 600_000 } = options
  return (world) => {
    const { did, crypto, resolve, contacts, envelopes, report } = world
    const known = acquaintances(world, { maxStrangers, ...(onLearned && { onLearned }) })
    const tries = secondTries(world, { maxMessages, windowMs })
    const hints = new WeakMap<NonNullable<Packet['reply']>, number>()

    /** The first encoding of ours that an endpoint of the party accepts, among those that can be reached, in the order in which they are tried. */
    async function acceptedBy(to: string): Promise<Encoding | undefined> {
      const endpoints = byPreference(didcommServices(await resolve(to)), world.preferTransports)
      const reachable = endpoints.filter(({ uri }) => uri.startsWith('did:') || world.canReach(uri))
      for (const profile of reachable.flatMap(({ accept }) => accept)) {
        const format = envelopes.find(({ encoding }) => profiles[encoding] === profile)
        if (format) return format.encoding
      }
      return undefined
    }

    async function encodingFor(asked: SendOptions, learned: Encoding | undefined): Promise<Encoding | undefined> {
      const { to, encoding, sign, protectSender } = asked
      if (encoding !== undefined) return encoding
      // These are for all to do in JSON, and not in each of the others.
      const json = sign || protectSender ? envelopes.find((format) => format.encoding === 'json') : undefined
      return json?.encoding ?? learned ?? (await acceptedBy(to)) ?? envelopes[0]?.encoding
    }

    /** Learns what is no message: if it cannot be stored, it is learned again. */
    async function note(to: string, change: Learned): Promise<void> {
      await known.learn(to, change).catch(() => undefined)
    }

    async function sayAgain({ step, draft, to }: Again): Promise<void> {
      if (step === 'introduce') await note(to.to, { knows: undefined })
      report({ kind: 'resent', to: to.to, step })
      await world.send(draft, to)
      if (step === 'json') await note(to.to, { encoding: 'json' })
    }

    return {
      knownKids: known.knownKids,

      async plan(asked) {
        const { to, from } = asked
        const { encoding, hasWritten } = known.of(to)
        const own = canonicalDid(from)
        const readers = asked.together ? (asked.audience ?? [to]) : [to]
        const { introduces = readers.some((reader) => known.of(reader).knows !== own) } = asked
        const long = [from, contacts?.get(to)?.own, did].find(
          (form) => form !== undefined && form !== own && canonicalDid(form) === own,
        )
        const plan: AskedPlan = {
          ...asked,
          to: hasWritten ? canonicalDid(to) : to,
          from: introduces ? (long ?? from) : own,
          introduces,
          encoding: await encodingFor(asked, encoding),
          asked,
        }
        return plan
      },

      packed(draft, plan, packed) {
        if (isAsked(plan)) tries.remember(draft, plan, packed)
      },

      async arrived(received) {
        const { sender } = received
        if (sender !== undefined) await known.met({ ...received, sender })
      },

      unanswered(to) {
        // It may have forgotten us, and have no way to say so.
        world.background(note(to, { knows: undefined }))
      },

      async refused({ bytes }, cause) {
        const again = isDidCommError(cause, 'ERR_TRANSPORT_REJECTED') ? tries.take(digestOf(bytes, crypto)) : undefined
        if (again) await sayAgain(again)
        return again !== undefined
      },

      hinted({ bytes }) {
        const hint = readHint(bytes)
        const again = hint && tries.take(hint.digest, hint.code === ENCODING_UNSUPPORTED ? 'introduce' : 'json')
        if (!again) return false
        const { draft, to } = again
        world.background(
          sayAgain(again).catch((cause) => report({ kind: 'unanswered', to: to.to, type: draft.type, cause })),
        )
        return true
      },

      async unopened({ bytes, reply, persistent }, error) {
        // Over an exchange such as that of HTTP, the refusal itself says enough. A hint is never answered by another.
        if (!reply || !persistent || !isDidCommError(error) || readHint(bytes)) return
        const [first = 0] = bytes
        // Other first bytes begin no envelope of a message, or nothing at all.
        const isForeign =
          (first === 0x7b || first >= 0x80) && !envelopes.some((format) => format.recognizes(first, bytes))
        const count = hints.get(reply) ?? 0
        if (count >= MAX_HINTS || !(isForeign || UNREADABLE.includes(error.code))) return
        hints.set(reply, count + 1)
        const code = isForeign ? ENCODING_UNSUPPORTED : LONG_FORM_NEEDED
        // A connection that has broken needs no hint.
        await reply({ bytes: writeHint({ code, digest: digestOf(bytes, crypto) }, bytes) }).catch(() => undefined)
      },
    }
  }
}

function isAsked(plan: Plan): plan is AskedPlan {
  return 'asked' in plan
}
