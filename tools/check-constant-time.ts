// Constant time, as a check that can fail: the optimised module is made to hash what its branches and selects depend on and its
// addresses, and runs everything that touches a secret under many secrets. The traces must be equal. What the processor runs is
// made from this module by V8 or a C compiler, and is not seen here (docs/security.md, Time).
// `node --import tsx tools/check-constant-time.ts [--thorough]` does so alone.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { aeadsOver } from '../runtime/crypto/aead.ts'
import { aesOver } from '../runtime/crypto/aes.ts'
import { type Core, type CoreExports, loadCore } from '../runtime/crypto/core.ts'
import type { Crypto } from '../runtime/crypto/crypto.ts'
import { curve25519Over } from '../runtime/crypto/curve25519.ts'
import { hashesOver } from '../runtime/crypto/hash.ts'
import type { Report } from './check-tree.ts'
import { type Case, cases, comparingExports, publicExports } from './constant-time-cases.ts'
import { controlModule, leaks, sound } from './constant-time-controls.ts'
import { describeSite, findDivergence, traceOf } from './constant-time-trace.ts'
import { coreBuilds } from './core-builds.ts'
import { type TracedModule, type TraceGlobals, traceModule } from './wasm-trace.ts'

/** The part of the host's `WebAssembly` that is used here: the types of Node leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

const USUAL_SECRETS = 64
const THOROUGH_SECRETS = 2000
/** A fresh instance for each: what is made at first use must not depend on the secret of that use. */
const FIRST_USES = 3

/** Secrets for a case: bytes at their extremes, one bit set or missing, and then random ones, the same at each run. */
export function secretsFor(name: string, length: number, count: number): Uint8Array[] {
  const zeros = new Uint8Array(length)
  const ones = new Uint8Array(length).fill(0xff)
  const first = zeros.map((_, i) => (i === 0 ? 1 : 0))
  const last = zeros.map((_, i) => (i === length - 1 ? 0x80 : 0))
  const missing = ones.map((byte, i) => (i === length - 1 ? 0x7f : byte))
  const half = zeros.map((_, i) => (i % 32 < 16 ? 0xff : 0))
  const random = Array.from({ length: Math.max(0, count - 6) }, (_, i) => {
    const hash = createHash('shake256', { outputLength: length })
    return new Uint8Array(hash.update(`${name}\0${i}`).digest())
  })
  return [zeros, ones, first, last, missing, half, ...random].slice(0, count)
}

interface TracedCore {
  readonly crypto: Crypto
  readonly globals: TraceGlobals
}

/**
 * Instantiates the wrappers that ship over a traced core; adds the name of each export that they call to `called`. With
 * `chunkBytes`, what is longer goes through in chunks of that many.
 */
function instantiate(traced: TracedModule, called: Set<string>, chunkBytes?: number): TracedCore {
  const core = loadCore(traced.wasm)
  const counted = Object.fromEntries(
    Object.entries(core.wasm).map(([name, value]: [string, unknown]) => {
      if (typeof value !== 'function') return [name, value]
      const counting = (...args: unknown[]): unknown => {
        called.add(name)
        return value(...args)
      }
      return [name, counting]
    }),
  )
  const room = chunkBytes === undefined ? {} : { chunkBytes, end: core.data + chunkBytes }
  const load = (): Core => ({ ...core, ...room, wasm: counted as unknown as CoreExports })
  return {
    crypto: { ...curve25519Over(load), ...aeadsOver(load), ...aesOver(load), ...hashesOver(load) },
    globals: core.wasm as unknown as TraceGlobals,
  }
}

function checkCase(part: Case, traced: TracedModule, count: number, called: Set<string>): Report {
  const failures: string[] = []
  const secrets = secretsFor(part.name, part.secretBytes, count)
  const results = new Set<string>()
  let same = 0

  /** Compares the traces of runs with that of the first; says where one parts from it. */
  function compare(what: string, runs: readonly { core: TracedCore; run: () => void }[]): bigint {
    const [reference, ...others] = runs.map(({ core, run }) => ({ core, run, trace: traceOf(core.globals, run) }))
    const expected = reference?.trace
    const odd = others.find(({ trace }) => trace.hash !== expected?.hash || trace.length !== expected.length)
    if (reference && odd) {
      // Only runs over one instance can be bisected: a first use does not come again.
      const again =
        odd.core === reference.core
          ? findDivergence(odd.core.globals, traced.sites, [reference.run, odd.run])
          : undefined
      const where = again ? `, first at event ${again.event}, ${describeSite(again.site)}` : ''
      failures.push(`${part.name}: the trace${what} depends on the secret${where}`)
    }
    return expected?.length ?? 0n
  }

  const warm = instantiate(traced, called, part.chunkBytes)
  const runs = secrets.map((secret) => ({ core: warm, run: part.prepare(warm.crypto, secret) }))
  for (const { run } of runs) {
    const result = run()
    if (result) results.add(Buffer.from(result).toString('hex'))
    else same++
  }
  // Else the check would look at something that the secret does not reach.
  if (same === 0 && results.size < 2) failures.push(`${part.name}: the result does not depend on the secret`)
  const length = compare('', runs)
  compare(
    ' of the first use',
    secrets.slice(-FIRST_USES).map((secret) => {
      const core = instantiate(traced, called, part.chunkBytes)
      return { core, run: () => void part.prepare(core.crypto, secret)() }
    }),
  )
  if (length === 0n) failures.push(`${part.name}: nothing was traced`)
  return { failures, notes: [`${part.name.padEnd(37)}${count} secrets, ${length.toLocaleString('en')} events each`] }
}

/** Every export must be driven with secrets, or be in the list of those that see public data only. */
function checkExportsCovered(traced: TracedModule, called: ReadonlySet<string>): string[] {
  const all = Object.entries(loadCore(traced.wasm).wasm as unknown as Record<string, unknown>)
  const functions = all.filter(([, value]) => typeof value === 'function').map(([name]) => name)
  const secret = functions.filter((name) => !publicExports.includes(name))
  return [
    ...secret
      .filter((name) => !called.has(name))
      .map((name) => `${name} is in no case and not in publicExports: tools/constant-time-cases.ts`),
    ...publicExports
      .filter((name) => !functions.includes(name) || called.has(name))
      .map((name) => `${name} is in publicExports, and no export or in a case: tools/constant-time-cases.ts`),
  ]
}

/** Returns what the trace of each control parts at for one of `count` secrets, where it does. */
export function traceControls(count: number = USUAL_SECRETS): Map<string, string | undefined> {
  const traced = traceModule(controlModule())
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(traced.wasm))
  const globals = exports as TraceGlobals
  const memory = new Uint8Array((exports as Pick<CoreExports, 'memory'>).memory.buffer)
  const find = (name: string, control: (at: number) => unknown): string | undefined => {
    const [reference, ...others] = secretsFor(name, 16, count).map((secret) => () => {
      memory.set(secret, 64)
      control(64)
    })
    if (!reference) throw new RangeError('no secrets')
    const found = others.map((run) => findDivergence(globals, traced.sites, [reference, run])).find(Boolean)
    if (found && found.site?.exportName !== name) throw new Error(`${name} was traced ${describeSite(found.site)}`)
    return found?.site?.what
  }
  const functions = Object.entries(exports as Record<string, unknown>)
  return new Map(
    functions.flatMap(([name, value]) => (typeof value === 'function' ? [[name, find(name, (at) => value(at))]] : [])),
  )
}

/** Checks that the check sees what it is for, and does not blame what is sound. */
export function checkControls(): Report {
  const caught = traceControls()
  const missed = Object.entries(leaks).filter(([name, what]) => caught.get(name) !== what)
  const blamed = sound.filter((name) => !caught.has(name) || caught.get(name) !== undefined)
  return {
    failures: [
      ...missed.map(([name]) => `the control ${name} was not caught: this check sees nothing`),
      ...blamed.map((name) => `the control ${name} was caught, and is constant-time`),
    ],
    notes: [`controls: ${Object.keys(leaks).length - missed.length} of ${Object.keys(leaks).length} leaks were caught`],
  }
}

export interface ConstantTimeOptions {
  /** How many for each case. */
  readonly secrets?: number
  readonly cases?: readonly Case[]
}

/** Checks a core: that traces do not depend on secrets, and that no export was forgotten. */
export function checkConstantTime(wasm: Uint8Array, options: ConstantTimeOptions = {}): Report {
  const traced = traceModule(wasm, comparingExports)
  const called = new Set<string>()
  const reports = (options.cases ?? cases).map((part) =>
    checkCase(part, traced, options.secrets ?? USUAL_SECRETS, called),
  )
  return {
    failures: [...reports.flatMap(({ failures }) => failures), ...checkExportsCovered(traced, called)],
    notes: reports.flatMap(({ notes }) => notes ?? []),
  }
}

/** Checks the controls, and then every build. */
export function checkConstantTimes(secrets: number = USUAL_SECRETS): Report {
  const reports = [checkControls()]
  for (const { name, fileName, wasmFile } of coreBuilds) {
    if (!existsSync(wasmFile)) {
      reports.push({ failures: [`${fileName} is not built: npm run build:core`] })
      continue
    }
    const { failures, notes = [] } = checkConstantTime(readFileSync(wasmFile), { secrets })
    reports.push({
      failures: failures.map((failure) => `${name}: ${failure}`),
      notes: notes.map((note) => `${name}: ${note}`),
    })
  }
  return {
    failures: reports.flatMap(({ failures }) => failures),
    notes: reports.flatMap(({ notes }) => notes ?? []),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { failures, notes = [] } = checkConstantTimes(
    process.argv.includes('--thorough') ? THOROUGH_SECRETS : USUAL_SECRETS,
  )
  for (const note of notes) console.log(note)
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
}
