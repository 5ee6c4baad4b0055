// Compares traces of a module that tools/wasm-trace.ts rewrote.
import type { Site, TraceGlobals } from './wasm-trace.ts'

export interface Trace {
  readonly hash: bigint
  /** The number of branches, selects and addresses. */
  readonly length: bigint
}

/** Where two runs part: the ordinal of the first event that differs, from 1, and its site. */
export interface Divergence {
  readonly event: bigint
  readonly site: Site | undefined
}

const NO_LIMIT = -1n // The largest there is: it is compared as unsigned.

/** Runs `run` from an empty trace, and takes into it at most `limit` events. */
export function traceOf(globals: TraceGlobals, run: () => void, limit: bigint = NO_LIMIT): Trace {
  globals.traceHash.value = 0n
  globals.traceLength.value = 0n
  globals.traceLimit.value = limit
  run()
  const trace = { hash: globals.traceHash.value, length: globals.traceLength.value }
  globals.traceLimit.value = 0n
  return trace
}

/** Finds where two runs part, by bisection. Undefined where they do not, or not again. */
export function findDivergence(
  globals: TraceGlobals,
  sites: readonly Site[],
  runs: readonly [() => void, () => void],
): Divergence | undefined {
  const [first, second] = [traceOf(globals, runs[0]), traceOf(globals, runs[1])]
  if (first.hash === second.hash && first.length === second.length) return undefined
  const longer = first.length > second.length ? 0 : 1
  const equalUpTo = (limit: bigint) => traceOf(globals, runs[0], limit).hash === traceOf(globals, runs[1], limit).hash
  let equal = 0n
  let different = longer === 0 ? first.length : second.length
  while (different - equal > 1n) {
    const middle = (equal + different) / 2n
    if (equalUpTo(middle)) equal = middle
    else different = middle
  }
  traceOf(globals, runs[longer], different)
  return { event: different, site: sites[Number(globals.traceSite.value)] }
}

export function describeSite(site: Site | undefined): string {
  if (!site) return 'at no known place'
  const place = site.exportName ?? `function ${site.function}`
  return `at a ${site.what} in ${place}, byte 0x${site.offset.toString(16)} of the file`
}
