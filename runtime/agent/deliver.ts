import type { Packed } from '../envelope/envelope.ts'
import { isDidCommError } from '../errors.ts'
import type { Draft } from '../message/message.ts'
import type { Packet } from '../transport.ts'
import type { AgentEvent } from './event.ts'
import { packetOf } from './packet.ts'
import type { Route } from './route.ts'

/** One way of a message, with what is to be sent on it. */
export interface Attempt {
  uri: string
  packet: Packet
}

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
  for (const [index, attempt] of attempts.entries()) {
    try {
      return await send(attempt)
    } catch (cause) {
      if (index + 1 === attempts.length || !isOfWay(cause)) throw cause
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

/** How a message is packed for its ways. */
export interface Packing {
  draft: Draft
  direct: () => Promise<Packed>
  mediated: () => Promise<Packed>
  wrap: (packed: Packed, routingKeys: string[]) => Promise<Packed>
}

/**
 * Makes what is sent on each way, the message itself packed once for those with mediators and once for those without. A way that
 * cannot be prepared, such as over a mediator without a key, is left out.
 *
 * @throws DidCommError what the first way failed with, where none is left
 */
export async function attemptsOver(
  routes: readonly Route[],
  { draft, direct, mediated, wrap }: Packing,
): Promise<{ id: string; attempts: [Attempt, ...Attempt[]] }> {
  let alone: Packed | undefined
  let enclosed: Packed | undefined
  const attempts: Attempt[] = []
  let failure: unknown
  let id = ''
  for (const { uri, routingKeys } of routes) {
    const isDirect = routingKeys.length === 0
    if (isDirect) alone ??= await direct()
    else enclosed ??= await mediated()
    const inner = isDirect ? alone : enclosed
    if (!inner) continue
    try {
      const packed = isDirect ? inner : await wrap(inner, routingKeys)
      if (attempts.length === 0) id = inner.id
      attempts.push({ uri, packet: packetOf(packed, draft, isDirect) })
    } catch (error) {
      if (!isDidCommError(error)) throw error
      failure ??= error
    }
  }
  const [first, ...others] = attempts
  if (!first) throw failure
  return { id, attempts: [first, ...others] }
}
