import { cborSizes } from './cbor.ts'
import { inParallel, packetSizes } from './operations.ts'
import type { Result, Row } from './result.ts'

const sodium = 'libsodium-wrappers'
const node = 'node:crypto'

/** A ratio that this package aims at: how many times as fast as the peer it is to be. */
export interface Target {
  readonly op: string
  readonly size: number | null
  /** Ours. */
  readonly impl: string
  readonly peer: string
  readonly ratio: number
}

function target(op: string, size: number | null, peer: string, ratio: number, other: Partial<Target> = {}): Target {
  return { op, size, impl: 'didcomm-mote', peer, ratio, ...other }
}

/** Both peers have their key made ready beforehand. */
const ready = { impl: 'didcomm-mote signing key' }

/** What was aimed at when the core, the envelopes, the CBOR codec and the transports were written, on Node 20. */
export const targets: readonly Target[] = [
  target('x25519', null, sodium, 2.2),
  target('x25519', null, node, 0.95),
  target('x25519', null, sodium, 1.3, { impl: 'didcomm-mote/base' }),
  target('x25519-base', null, sodium, 3),
  target('x25519-base', null, node, 2.5),
  target('x25519-base', null, 'node:crypto raw keys', 35),
  target('ed25519-keypair', null, sodium, 3),
  target('ed25519-keypair', null, node, 2.5),
  target('ed25519-keypair', null, 'node:crypto raw keys', 35),
  target('ed25519-sign', 64, sodium, 2.8, ready),
  target('ed25519-sign', 64, node, 2, ready),
  target('ed25519-verify', 64, sodium, 2.1),
  target('ed25519-verify', 64, node, 1.8),
  target('ed25519-verify-batch', 64, sodium, 3.7),
  target('ed25519-verify-batch', 64, node, 3.2),
  target('chacha20-poly1305-seal', 64, sodium, 5, { impl: 'didcomm-mote window' }),
  target('chacha20-poly1305-seal', 64, sodium, 3),
  target('chacha20-poly1305-seal', 64, node, 10),
  target('chacha20-poly1305-seal', 1024, sodium, 2.8),
  target('chacha20-poly1305-seal', 1024, node, 3),
  target('chacha20-poly1305-seal', 16_384, sodium, 2.6),
  target('chacha20-poly1305-seal', 16_384, node, 0.65),
  target('chacha20-poly1305-seal', 1_048_576, sodium, 2.6),
  target('chacha20-poly1305-seal', 1_048_576, node, 0.4),
  target('chacha20-poly1305-open', 1024, sodium, 2.4),
  target('chacha20-poly1305-open', 16_384, sodium, 2.4),
  target('sha512', 64, sodium, 2),
  target('sha512', 64, node, 4),
  target('sha256', 1_048_576, 'libsodium-wrappers-sumo', 1.3),
  target('sha256', 1_048_576, node, 0.25),
  target('aes-256-gcm-seal', 16_384, '@noble', 3),
  ...['cbor-encode', 'cbor-decode'].flatMap((op) => cborSizes.map((size) => target(op, size, 'cborg', 1))),
  ...['mqtt-send', `mqtt-send-${inParallel}`, 'mqtt5-send', `mqtt5-send-${inParallel}`].flatMap((name) =>
    packetSizes.map((size) => target(`transport-${name}`, size, 'mqtt.js', 0.8)),
  ),
  ...(['pack', 'unpack'] as const).flatMap((verb) => [
    target(`didcomm-authcrypt-${verb}`, 64, 'didcomm-node', 6),
    target(`didcomm-authcrypt-${verb}`, 1024, 'didcomm-node', 6),
    target(`didcomm-authcrypt-${verb}-3`, 64, 'didcomm-node', 4),
    target(`didcomm-authcrypt-${verb}-3`, 1024, 'didcomm-node', 4),
    // JSON without what the two parties remember of each other; compact envelopes with it.
    target(`didcomm-authcrypt-${verb}`, 64, 'didcomm-mote new pair', 2, { impl: 'didcomm-mote compact' }),
    target(`didcomm-authcrypt-${verb}`, 1024, 'didcomm-mote new pair', 2, { impl: 'didcomm-mote compact' }),
  ]),
]

/** Finds a row. */
export function findRow({ rows }: Result, op: string, size: number | null, impl: string): Row | undefined {
  return rows.find((row) => row.op === op && row.size === size && row.impl === impl)
}

export interface Outcome {
  readonly target: Target
  /** Times as fast as the peer; absent where one of the two rows is. */
  readonly ratio?: number
  readonly noisy: boolean
}

export function outcomes(result: Result): Outcome[] {
  return targets.map((target) => {
    const ours = findRow(result, target.op, target.size, target.impl)
    const theirs = findRow(result, target.op, target.size, target.peer)
    const noisy = ours?.noisy === true || theirs?.noisy === true
    return ours && theirs ? { target, ratio: theirs.minNs / ours.minNs, noisy } : { target, noisy }
  })
}
