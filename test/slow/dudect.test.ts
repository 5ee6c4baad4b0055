import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeTiming, isFailure, type Timing } from '../../tools/dudect.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Times everything in a process of its own, whose V8 has only this compiler. */
async function timings(compiler: string): Promise<Timing[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [compiler, '--import', 'tsx', '--conditions=didcomm-mote-source', 'tools/dudect.ts', '--json'],
    { cwd: root, maxBuffer: 1 << 24 },
  ).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Timing)
}

it.each(['--liftoff-only', '--no-liftoff'])(
  'under %s no time of the core tells a fixed secret from random ones, and the controls do',
  { timeout: 1_500_000 },
  async (compiler) => {
    const all = await timings(compiler)
    process.stdout.write(`${compiler}\n${all.map((timing) => `${describeTiming(timing)}\n`).join('')}`)
    for (const build of ['base', 'simd']) {
      const names = all.filter((timing) => timing.build === build).map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['X25519 shared secret', 'Ed25519 sign', 'HMAC-SHA-512']))
      expect(all.filter((timing) => timing.build === build && timing.expected === 'leaking')).toHaveLength(3)
    }
    expect(all.filter(isFailure)).toEqual([])
  },
)
