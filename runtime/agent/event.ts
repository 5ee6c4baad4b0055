import type { Encoding } from '../envelope/envelope.ts'
import type { ErrorCode } from '../errors.ts'

/** What happens to packets, for counting and logging. No event carries plaintext. */
export type AgentEvent =
  /** Without `uri`: over the connection on which the question came. */
  | { kind: 'sent'; uri?: string; bytes: number }
  /** One way to a party failed, and the next one is tried. */
  | { kind: 'failover'; uri: string; cause: unknown }
  /** A message that could not be read is said again: with its sender in full, or in JSON. */
  | { kind: 'resent'; to: string; step: 'introduce' | 'json' }
  | { kind: 'received'; type: string; sender?: string; bytes: number; encoding: Encoding }
  | { kind: 'duplicate'; type: string; sender?: string; bytes: number }
  /** Refused for good. */
  | { kind: 'refused'; code: ErrorCode; reason: string; bytes: number }
  /** Not settled: the transport will bring it again. */
  | { kind: 'failed'; cause: unknown; bytes: number }
  /** Others say that they have these messages of ours. */
  | { kind: 'acknowledged'; ids: readonly string[]; sender: string }
  /** A reply that could not be sent. */
  | { kind: 'unanswered'; to?: string; type: string; cause: unknown }

/** How many packets met which end, since the agent was made. */
export interface AgentCounters {
  sent: number
  failover: number
  resent: number
  received: number
  duplicate: number
  failed: number
  unanswered: number
  acknowledged: number
  refused: Partial<Record<ErrorCode, number>>
}
