import { memoryNetwork } from '../../../transports/memory.ts'
import { type Pair, turns } from '../compliance/scene.ts'

/** Time that passes as fast as the event loop turns: a timer of several milliseconds takes as many times around. */
function turningTimer(delayMs: number, run: () => void): () => void {
  let isOver = false
  void turns(Math.ceil(delayMs)).then(() => {
    if (!isOver) run()
  })
  return () => {
    isOver = true
  }
}

/** Both ends on a network in memory, with latency where it is given. */
export async function memoryPair(latencyMs = 0, maxPacketBytes = 10_000): Promise<Pair> {
  let slowness = 1
  const network = memoryNetwork({
    maxPacketBytes,
    timer: (delayMs, run) => turningTimer(delayMs * slowness, run),
    latencyMs,
  })
  const [a, b] = [network.transport('a'), network.transport('b')]
  return {
    a,
    b,
    uriOf: (end) => (end === a ? 'memory:a' : 'memory:b'),
    unreachable: async () => 'memory:nobody',
    interrupt: async () => {
      network.partition(['a'], ['b'])
      await turns(2 * latencyMs + 1)
      network.heal()
    },
    slow: async () => {
      slowness = 50
      return 'memory:b'
    },
    held: () => process.getActiveResourcesInfo().length,
    close: async () => undefined,
  }
}
