import type { Packed } from '../envelope/envelope.ts'
import { isDidCommError } from '../errors.ts'
import type { Draft } from '../message/message.ts'
import type { Packet } from '../transport.ts'
import type { AgentEvent } from './event.ts'
import { packetOf } from './packet.ts'
import type { Route } from './preference.ts'

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
export async function deliver<Way extends { uri: string }>(
  attempts: readonly Way[],
  send: (attempt: Way) => Promise<void>,
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
  /** Tells whether what was made for a way can be carried there. */
  fits: (attempt: Attempt) => boolean
}

/**
 * Makes what is sent on each way, the message itself packed once for those with mediators and once for those without. A way that
 * cannot be prepared, such as over a mediator without a key or to one who takes less, is left out. Ways that do not carry so much come last.
 *
 * @throws DidCommError what the first way failed with, where none is left
 */
export async function attemptsOver(
  routes: readonly Route[],
  { draft, direct, mediated, wrap, fits }: Packing,
): Promise<{ id: string; attempts: [Attempt, ...Attempt[]] }> {
  let alone: Promise<Packed> | undefined
  let enclosed: Promise<Packed> | undefined
  const prepared: { id: string; attempt: Attempt }[] = []
  let failure: unknown
  for (const { uri, routingKeys } of routes) {
    try {
      const isDirect = routingKeys.length === 0
      if (isDirect) alone ??= direct()
      else enclosed ??= mediated()
      const inner = await (isDirect ? alone : enclosed)
      if (!inner) continue
      const packed = isDirect ? inner : await wrap(inner, routingKeys)
      prepared.push({ id: inner.id, attempt: { uri, packet: packetOf(packed, draft, isDirect) } })
    } catch (error) {
      if (!isDidCommError(error)) throw error
      failure ??= error
    }
  }
  const wide = prepared.filter(({ attempt }) => fits(attempt))
  const [first, ...others] = [...wide, ...prepared.filter((one) => !wide.includes(one))]
  if (!first) throw failure
  return { id: first.id, attempts: [first.attempt, ...others.map(({ attempt }) => attempt)] }
}
