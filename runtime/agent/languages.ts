import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { threadId } from '../message/index.ts'
import { ProblemError } from './problem.ts'

/** The languages that the other side of each thread reads (DIDComm v2.1, "accept-lang"). */
export interface Languages {
  /** Takes in a message, and returns what its sender reads in its thread, best first; nothing where they never said. */
  of(received: Unpacked): readonly string[]
}

const MAX_LANGUAGES = 32
/** RFC 5646 §4.4.1: 35 characters are enough for all that a registry knows. */
const MAX_CODE_CHARACTERS = 64

/** Remembers `accept-lang` for each thread, until the thread changes it. It counts for that thread and its sender alone. */
export function languages(maxThreads = 1024): Languages {
  const known = new LruMap<readonly string[]>(maxThreads)
  return {
    of({ message, sender }) {
      const thread = `${canonicalDid(sender ?? '')} ${threadId(message).toLowerCase()}`
      const { 'accept-lang': accepted } = message
      if (Array.isArray(accepted)) {
        const texts = accepted.filter(
          (code): code is string => typeof code === 'string' && code.length <= MAX_CODE_CHARACTERS,
        )
        known.set(thread, texts.slice(0, MAX_LANGUAGES))
      }
      return known.get(thread) ?? []
    },
  }
}

/** The problem that a message is in a language nobody reads here: an error where the language is vital, else a warning. */
export function badLang(lang: string, { isVital = false }: { isVital?: boolean } = {}): ProblemError {
  return new ProblemError(isVital ? 'e.msg.bad-lang' : 'w.msg.bad-lang', 'Nobody here reads {1}', [lang])
}
