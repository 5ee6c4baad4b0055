import { sha256 } from 'didcomm-mote/crypto'
import { type FragmentingOptions, fragmenting } from 'didcomm-mote/transports/fragmenting'
import { Clock } from '../clock.ts'
import type { Pair } from '../compliance/scene.ts'

/** The same ends, with packets that are cut for a link of small ones. */
export function inFragments(pair: Pair, limits: Pick<FragmentingOptions, 'maxPacketBytes' | 'maxMessageBytes'>): Pair {
  const clock = new Clock()
  const options = { sha256, world: clock, ...limits }
  const [a, b] = [fragmenting(pair.a, options), fragmenting(pair.b, options)]
  return {
    ...pair,
    a,
    b,
    uriOf: (end) => pair.uriOf(end === a ? pair.a : pair.b),
    elapse: () => {
      pair.elapse?.()
      clock.advance(1_000)
    },
    held: () => pair.held() + clock.pending,
  }
}
