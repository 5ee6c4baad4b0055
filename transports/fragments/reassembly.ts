import { equalBytes } from '../../runtime/bytes/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { type Fragment, type Sha256, tagOf } from './fragment.ts'

export interface FragmentReassemblyOptions {
  readonly sha256: Sha256
  readonly maxMessageBytes: number
  /** How many messages are put together at the same time. */
  readonly maxMessages: number
  /** How many bytes are held for all of them; each fragment counts 128 more than it carries. */
  readonly maxHeldBytes: number
  /** How long a message may bring nothing new. */
  readonly timeoutMs: number
}

/**
 * Why the fragments of a message were let go. `timeout`: nothing new has come. `no-room`: those of others took its place. `contradicted`: another
 * fragment under the same tag cannot be of the same message.
 */
export type LetGo = 'timeout' | 'no-room' | 'contradicted'

/** What one fragment has led to. */
export interface Taken {
  /** The message, where it is whole. It is kept until `forget`, and comes again with each copy of its fragments. */
  readonly message?: Uint8Array
  /** The tags of messages that were let go for it, its own among them where it contradicted what was here. */
  readonly letGo: readonly { readonly tag: string; readonly reason: LetGo }[]
}

interface Partial {
  readonly parts: Map<number, Uint8Array>
  totalBytes: number | undefined
  payloadBytes: number
  /** The highest number that has come. */
  highest: number
  movedMs: number
}

/** What a fragment takes in memory besides its payload, about. */
const overheadBytes = 128

/**
 * Puts messages together from fragments of any senders, in any order and any number of copies. Messages come out whole and as they were cut, or not
 * at all: strangers can take the place of others here, but the bytes and messages that are held have a bound.
 */
export class FragmentReassembly {
  readonly #options: FragmentReassemblyOptions
  /** By tag, the one that has brought nothing new for the longest time first. */
  readonly #partials = new Map<string, Partial>()
  #heldBytes = 0

  /** @throws RangeError for limits that are not positive */
  constructor(options: FragmentReassemblyOptions) {
    for (const name of ['maxMessageBytes', 'maxMessages', 'maxHeldBytes', 'timeoutMs'] as const) {
      if (!(options[name] > 0)) throw new RangeError(`"${name}" expected more than 0, got ${options[name]}`)
    }
    this.#options = options
  }

  /** How many bytes are held here, with what they cost. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** How many messages are here of which something is missing, or that are not settled. */
  get size(): number {
    return this.#partials.size
  }

  /** When the next message is overdue; `undefined` where there is none. */
  get overdueMs(): number | undefined {
    const [oldest] = this.#partials.values()
    return oldest && oldest.movedMs + this.#options.timeoutMs
  }

  /**
   * Takes over one fragment.
   *
   * @throws DidCommError `ERR_TOO_LARGE`, and `ERR_BYTES_MALFORMED` where the message is not the one that its tag names; it is let go then
   */
  take(fragment: Fragment, nowMs: number): Taken {
    const { tag } = fragment
    const letGo: { tag: string; reason: LetGo }[] = []
    const known = this.#partials.get(tag)
    if (known && contradicts(known, fragment)) {
      this.forget(tag)
      letGo.push({ tag, reason: 'contradicted' })
    }
    const partial = this.#add(fragment, nowMs)
    for (const oldest of this.#crowdedOut(tag)) {
      this.forget(oldest)
      letGo.push({ tag: oldest, reason: 'no-room' })
    }
    return partial.payloadBytes === partial.totalBytes ? { message: this.#joined(tag, partial), letGo } : { letGo }
  }

  /** Lets go of what has brought nothing new for too long, but for what `isUnderWay`, and returns the tags. */
  expire(nowMs: number, isUnderWay: (tag: string) => boolean = () => false): string[] {
    const { timeoutMs } = this.#options
    // A clock that was set back must not keep them for ever.
    const overdue = [...this.#partials].filter(([, { movedMs }]) => Math.abs(nowMs - movedMs) >= timeoutMs)
    const tags = overdue.map(([tag]) => tag)
    for (const tag of tags.filter(isUnderWay)) this.#move(tag, nowMs)
    const gone = tags.filter((tag) => !isUnderWay(tag))
    for (const tag of gone) this.forget(tag)
    return gone
  }

  /** Forgets a message: it was handed on, or given up. */
  forget(tag: string): void {
    const partial = this.#partials.get(tag)
    if (!partial) return
    this.#partials.delete(tag)
    this.#heldBytes -= costOf(partial)
  }

  #add({ tag, number, totalBytes, payload }: Fragment, nowMs: number): Partial {
    const known = this.#partials.get(tag)
    const partial = known ?? { parts: new Map(), totalBytes, payloadBytes: 0, highest: 0, movedMs: nowMs }
    if (partial.parts.has(number)) {
      if (partial.payloadBytes === partial.totalBytes) this.#move(tag, nowMs)
      return partial
    }
    this.forget(tag)
    partial.parts.set(number, payload)
    partial.totalBytes ??= totalBytes
    partial.payloadBytes += payload.length
    partial.highest = Math.max(partial.highest, number)
    partial.movedMs = nowMs
    this.#checkSize(partial)
    this.#partials.set(tag, partial)
    this.#heldBytes += costOf(partial)
    return partial
  }

  #move(tag: string, nowMs: number): void {
    const partial = this.#partials.get(tag)
    if (!partial) return
    this.#partials.delete(tag)
    this.#partials.set(tag, partial)
    partial.movedMs = nowMs
  }

  /** Nothing is reserved for a length that is only said; but it shows soon what cannot become a message. */
  #checkSize(partial: Partial): void {
    const { maxMessageBytes, maxHeldBytes } = this.#options
    const { totalBytes = 0, payloadBytes, highest, parts } = partial
    const bytes = Math.max(totalBytes, leastBytes(payloadBytes, highest, parts.size))
    if (bytes > maxMessageBytes) throw tooLarge(`a message of ${bytes} bytes, of ${maxMessageBytes} at most`)
    const cost = costOf(partial)
    if (cost > maxHeldBytes)
      throw tooLarge(`a message that takes ${cost} bytes in its pieces, of ${maxHeldBytes} at most`)
  }

  /** The tags that have to go, the oldest first, for what is held to be within its bounds. */
  #crowdedOut(newest: string): string[] {
    const { maxMessages, maxHeldBytes } = this.#options
    const tags: string[] = []
    let heldBytes = this.#heldBytes
    for (const [tag, partial] of this.#partials) {
      const isCrowded = this.#partials.size - tags.length > maxMessages || heldBytes > maxHeldBytes
      if (!isCrowded || tag === newest) break
      tags.push(tag)
      heldBytes -= costOf(partial)
    }
    return tags
  }

  #joined(tag: string, { parts, payloadBytes }: Partial): Uint8Array {
    const message = new Uint8Array(payloadBytes)
    let start = 0
    for (let number = 0; number < parts.size; number += 1) {
      const part = parts.get(number) ?? new Uint8Array(0)
      message.set(part, start)
      start += part.length
    }
    if (tagOf(message, this.#options.sha256) === tag) return message
    this.forget(tag)
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the fragments are not of the message that their tag names')
  }
}

/** How long a message is at least: each fragment that is missing before the last one known has a byte. */
function leastBytes(payloadBytes: number, highest: number, count: number): number {
  return payloadBytes + highest + 1 - count
}

function costOf({ parts, payloadBytes }: Partial): number {
  return payloadBytes + overheadBytes * parts.size
}

/** Tells whether a fragment cannot be of the same message, cut in the same way. */
function contradicts(partial: Partial, { number, totalBytes, payload }: Fragment): boolean {
  const { parts, payloadBytes, highest } = partial
  const total = partial.totalBytes ?? totalBytes
  if (totalBytes !== undefined && totalBytes !== total) return true
  const part = parts.get(number)
  if (part) return !equalBytes(part, payload)
  const least = leastBytes(payloadBytes + payload.length, Math.max(highest, number), parts.size + 1)
  return total !== undefined && least > total
}

const tooLarge = (message: string) => new DidCommError('ERR_TOO_LARGE', message)
