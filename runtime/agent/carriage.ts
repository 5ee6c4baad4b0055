import { DidCommError } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { type Attempt, deliver } from './deliver.ts'
import type { AgentEvent } from './event.ts'
import { schemeOf } from './preference.ts'

/** The transports of one agent, by what they can carry where. */
export interface Carriage {
  /** Tells whether one of them can send there. */
  reaches(uri: string): boolean
  /** Tells whether one of them takes a packet of that size there. */
  fits(attempt: Attempt): boolean
  /**
   * Sends over the first of them that works.
   *
   * @throws DidCommError `ERR_DID_UNUSABLE` where none can, `ERR_TOO_LARGE` where none carries so much, and what the last one failed with
   */
  send(attempt: Attempt): Promise<void>
}

/** Brings the transports of an agent together. Those that serve the same scheme are tried in their order. */
export function carriage(transports: readonly Transport[], report: (event: AgentEvent) => void): Carriage {
  function ableTo(uri: string): Transport[] {
    const scheme = schemeOf(uri)
    return transports.filter(({ schemes }) => schemes.includes(scheme)).filter((one) => one.canReach?.(uri) ?? true)
  }

  function wideEnough({ uri, packet }: Attempt): Transport[] {
    return ableTo(uri).filter(({ maxPacketBytes }) => packet.bytes.length <= maxPacketBytes)
  }

  return {
    reaches: (uri) => ableTo(uri).length > 0,
    fits: (attempt) => wideEnough(attempt).length > 0,
    async send(attempt) {
      const { uri, packet } = attempt
      const able = ableTo(uri)
      if (able.length === 0) throw new DidCommError('ERR_DID_UNUSABLE', `no transport here serves ${uri}`)
      const ways = wideEnough(attempt).map((transport) => ({ uri, transport }))
      if (ways.length === 0) {
        const most = Math.max(...able.map(({ maxPacketBytes }) => maxPacketBytes))
        const { length } = packet.bytes
        throw new DidCommError('ERR_TOO_LARGE', `${length} bytes are more than the ${most} that the transport carries`)
      }
      await deliver(ways, ({ transport }) => transport.send(uri, packet), report)
      report({ kind: 'sent', uri, bytes: packet.bytes.length })
    },
  }
}
