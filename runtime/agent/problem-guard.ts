import { LruMap } from '../did/lru.ts'

/** What to do about a problem in a thread: go on, say that there were too many, or say nothing any more. */
export type Verdict = 'go on' | 'too many' | 'silent'

const MAX_THREADS = 1024

/** The problem that ends a thread with too many of them (DIDComm v2.1, "Cascading Problems"). */
export const MAX_ERRORS_EXCEEDED = 'e.p.req.max-errors-exceeded'

/**
 * Counts the errors in each thread, those that come and those that are to go, so that two agents do not report errors about errors
 * for ever. The threads with the latest errors are remembered.
 */
export class ProblemGuard {
  readonly #maxErrors: number
  readonly #counts = new LruMap<number>(MAX_THREADS)

  constructor(maxErrors: number) {
    this.#maxErrors = maxErrors
  }

  /** Counts one more error. */
  count(thread: string): Verdict {
    const count = (this.#counts.get(thread) ?? 0) + 1
    this.#counts.set(thread, count)
    if (count <= this.#maxErrors) return 'go on'
    return count === this.#maxErrors + 1 ? 'too many' : 'silent'
  }

  /** Ends a thread, as the other side does by saying that there were too many. */
  end(thread: string): void {
    this.#counts.set(thread, this.#maxErrors + 1)
  }

  /** Tells whether nothing is said in a thread any more. */
  isSilent(thread: string): boolean {
    return (this.#counts.get(thread) ?? 0) > this.#maxErrors
  }
}
