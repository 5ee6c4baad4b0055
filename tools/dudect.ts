// Times the operations of each build of the core on secrets of two classes, a fixed one and random ones, and asks whether the times
// tell them apart. Trace equality (check-constant-time.ts) sees the module; this sees what V8 made of it, as far as a clock can.
// `node [--liftoff-only | --no-liftoff] --import tsx tools/dudect.ts [--only REGEX] [--seconds N] [--json]`
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { instantiateCore } from '../runtime/crypto/index.ts'
import { coreBuilds } from './core-builds.ts'
import { type Random, type TimedCase, timedCases, timedControls } from './dudect-cases.ts'
import { LEAKING_T, largestT, type Sample, SUSPICIOUS_T } from './dudect-statistics.ts'

const WARM_UP = 500
const MAX_MEASUREMENTS = 100_000
const MIN_MEASUREMENTS = 4_000

export interface Timing {
  readonly build: string
  readonly name: string
  /** The one that must be above `LEAKING_T`, where it is a control that leaks. */
  readonly expected: 'constant' | 'leaking'
  readonly measurements: number
  readonly medianNs: number
  readonly t: number
  /** The t of the first sample, where that was above `LEAKING_T` and another was taken. */
  readonly firstT?: number
}

/** Tells what must not be. */
export function isFailure({ expected, t }: Timing): boolean {
  return expected === 'leaking' ? Math.abs(t) <= LEAKING_T : Math.abs(t) > LEAKING_T
}

/** Takes a sample. The class of each call is random, and all that is done for a call is done the same way for both. */
function measure(part: TimedCase, seconds: number): Sample {
  const input = new Uint8Array(part.inputBytes)
  const time = (): number => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < part.repeat; i++) part.run(input)
    return Number(process.hrtime.bigint() - start)
  }
  const warmUp = Array.from({ length: WARM_UP }, (_, i) => {
    input.set(part.input(i % 2 === 1))
    return time()
  }).sort((a, b) => a - b)
  const usualNs = warmUp[WARM_UP >> 1] ?? 1
  const count = Math.min(MAX_MEASUREMENTS, Math.max(MIN_MEASUREMENTS, Math.round((seconds * 1e9) / (usualNs + 500))))
  const classes = Array.from(randomBytes(count), (byte) => (byte & 1) === 1)
  // Each has bytes of its own, the fixed one too: else that would be in a nearer cache.
  const inputs = new Uint8Array(count * part.inputBytes)
  for (let i = 0; i < count; i++) inputs.set(part.input(classes[i] === true), i * part.inputBytes)
  const nanoseconds = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    input.set(inputs.subarray(i * part.inputBytes, (i + 1) * part.inputBytes))
    nanoseconds[i] = time()
  }
  return { nanoseconds, classes }
}

function timing(build: string, part: TimedCase, expected: Timing['expected'], seconds: number): Timing {
  const first = measure(part, seconds)
  const result = (sample: Sample): Timing => ({
    build,
    name: part.name,
    expected,
    measurements: sample.nanoseconds.length,
    medianNs: Float64Array.from(sample.nanoseconds).sort()[sample.nanoseconds.length >> 1] ?? 0,
    t: largestT(sample),
  })
  const once = result(first)
  if (!isFailure(once)) return once
  return { ...result(measure(part, 2 * seconds)), firstT: once.t }
}

/** Times everything whose name matches, in this process; `seconds` for each. */
export function timeCore(only: RegExp, seconds: number, report: (timing: Timing) => void): void {
  const random: Random = (length) => new Uint8Array(randomBytes(length))
  for (const { name: build, wasmFile } of coreBuilds) {
    const crypto = instantiateCore(readFileSync(wasmFile))
    const { leaking, sound } = timedControls(crypto, random)
    for (const part of leaking) if (only.test(part.name)) report(timing(build, part, 'leaking', seconds))
    for (const part of [...sound, ...timedCases(crypto, random)]) {
      if (only.test(part.name)) report(timing(build, part, 'constant', seconds))
    }
  }
}

/** One line. */
export function describeTiming(timing: Timing): string {
  const verdict = isFailure(timing) ? 'FAIL' : timing.expected === 'leaking' ? 'seen' : undefined
  const t = timing.t.toFixed(1).padStart(8)
  const first = timing.firstT === undefined ? '' : `, first ${timing.firstT.toFixed(1)}`
  return [
    (verdict ?? (Math.abs(timing.t) > SUSPICIOUS_T ? 'look' : 'ok')).padEnd(5),
    `${timing.build.padEnd(5)}${timing.name.padEnd(42)}t =${t}${first}`,
    `  (${timing.measurements} of ${(timing.medianNs / 1000).toFixed(1)} us)`,
  ].join('')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  })
  timeCore(new RegExp(values.only), Number(values.seconds), (timing) => {
    console.log(values.json ? JSON.stringify(timing) : describeTiming(timing))
    if (isFailure(timing)) process.exitCode = 1
  })
}
