// Rows in which packets are carried from one end to another.
import type { Makers, Work } from './implementation.ts'
import { inParallel } from './operations.ts'

/** Two ends, ready to carry packets in one direction. */
export interface Carrier {
  /** Resolves when the next hop has taken the packet over. */
  send(packet: Uint8Array): Promise<unknown>
  close(): Promise<unknown>
}

/** Opens a carrier that hands what arrives to `arrived`. */
export type OpenCarrier = (arrived: (packet: Uint8Array) => void) => Promise<Carrier>

/** The two rows of a transport: one packet after another, and many at the same time. */
export function carriageMakers(transport: string, open: OpenCarrier): Makers {
  return {
    [`transport-${transport}-send`]: ({ message }) => carriage(open, message, 1),
    [`transport-${transport}-send-${inParallel}`]: ({ message }) => carriage(open, message, inParallel),
  }
}

/** An HTTP client and its server need thousands of packets until all of them is compiled, more than a turn or a short warm-up has. */
const warmUpRounds = 30

async function carriage(open: OpenCarrier, message: Uint8Array, count: number): Promise<Work> {
  let [sent, arrived] = [0, 0]
  let last: Uint8Array = new Uint8Array(0)
  let onArrival: () => void = () => undefined
  let latencies: number[] = []
  const carrier = await open((packet) => {
    arrived += 1
    last = packet
    if (arrived >= sent) onArrival()
  })
  const send = async () => {
    const startMs = performance.now()
    sent += 1
    await carrier.send(message)
    latencies.push((performance.now() - startMs) * 1e6)
  }
  const settle = async () => {
    if (arrived >= sent) return
    await new Promise<void>((resolve) => {
      onArrival = resolve
    })
  }
  const sendMany = (many: number) => Promise.all(Array.from({ length: many }, send))
  for (let round = 0; round < warmUpRounds; round++) await sendMany(inParallel)
  await settle()
  return {
    call: count === 1 ? send : () => sendMany(count),
    async: true,
    settle,
    latencies: () => {
      const taken = latencies
      latencies = []
      return taken
    },
    value: async () => {
      await settle()
      return last
    },
    close: () => carrier.close(),
  }
}
