import { isDidCommError } from '../errors.ts'
import type { Attempt } from './agent.ts'
import type { AgentEvent } from './event.ts'

/**
 * Sends over the first way that works (DIDComm v2.1, "Failover"). A way fails by an error of its transport, or because there is none for it; a
 * packet that got no answer may have arrived, and its copy has the same id.
 *
 * @throws DidCommError what the last way failed with
 */
export async function deliver(
  attempts: readonly Attempt[],
  send: (attempt: Attempt) => Promise<void>,
  report: (event: AgentEvent) => void,
): Promise<void> {
  const waysLeft = attempts.slice(1)
  for (const attempt of attempts) {
    try {
      return await send(attempt)
    } catch (cause) {
      if (waysLeft.shift() === undefined || !isOfWay(cause)) throw cause
      report({ kind: 'failover', uri: attempt.uri, cause })
    }
  }
}

function isOfWay(cause: unknown): boolean {
  return isDidCommError(
    cause,
    'ERR_TRANSPORT_UNREACHABLE',
    'ERR_TRANSPORT_REJECTED',
    'ERR_TOO_LARGE',
    'ERR_DID_UNUSABLE',
  )
}

/** Makes a promise when it is first asked for, and the same one from then on. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** For `catch`: a `DidCommError` becomes nothing, and anything else is thrown on. */
export function unlessBug(error: unknown): undefined {
  if (!isDidCommError(error)) throw error
  return undefined
}
