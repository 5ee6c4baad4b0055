// Breaks one line of the core at a time and asks whether the tests notice: first a few questions in a process that is kept
// (test/crypto/mutant-judge.ts), then, of those that pass, the tests of test/crypto in a copy of the tree. What passes them too is
// either as good as what stands there, and then tools/equivalent-mutants.json says why, or shows what nobody tests.
// `npm run mutate -- [--count N | --all] [--seed N] [--file REGEX] [--quick]`
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type CoreBuild, coreBuilds } from './core-builds.ts'
import { compileCore, coreSources, type Sources } from './mutation-compiler.ts'
import { type Mutation, mutated, mutationsOf, sampled } from './mutations.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const JUDGE_MS = 15_000

interface Equivalent {
  readonly file: string
  readonly before: string
  readonly after: string
  readonly reason: string
}

interface Mutant {
  readonly mutation: Mutation
  /** The builds whose module it changes. */
  readonly modules: ReadonlyMap<CoreBuild['name'], Uint8Array>
}

/** A process that judges modules, one at a time. One that does not answer is ended, and another takes its place. */
class Judge {
  #process: ChildProcess | undefined

  async #started(): Promise<ChildProcess> {
    if (this.#process) return this.#process
    const judge = fork(join(root, 'test/crypto/mutant-judge.ts'), { serialization: 'advanced', stdio: 'inherit' })
    await new Promise((resolve) => judge.once('message', resolve))
    this.#process = judge
    return judge
  }

  /** Returns what caught a module, if something did. */
  async caughtBy(wasm: Uint8Array): Promise<string | undefined> {
    const judge = await this.#started()
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => {
        this.end()
        resolve(`no answer in ${JUDGE_MS} ms`)
      }, JUDGE_MS)
      judge.once('message', ({ caught }: { caught?: string }) => {
        clearTimeout(giveUp)
        resolve(caught)
      })
      judge.send(wasm)
    })
  }

  end(): void {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }
}

const equal = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0

async function compileAll(sources: Sources, optimize: 0 | 3): Promise<Map<CoreBuild['name'], Uint8Array>> {
  const modules = new Map<CoreBuild['name'], Uint8Array>()
  for (const { name } of coreBuilds) {
    const wasm = await compileCore(root, sources, name, optimize)
    if (wasm) modules.set(name, wasm)
  }
  return modules
}

/** Runs the tests of the crypto in a copy of the tree that holds the mutant; tells whether they fail, or do not end in time. */
async function suiteNotices(
  copy: string,
  sources: Sources,
  modules: Mutant['modules'],
  limitMs?: number,
): Promise<boolean> {
  for (const [name, source] of sources) writeFileSync(join(copy, name), source)
  for (const { name, exportName } of coreBuilds) {
    const wasm = modules.get(name)
    if (!wasm) continue
    const text = `export const ${exportName}: string = '${Buffer.from(wasm).toString('base64')}'\n`
    writeFileSync(join(copy, `runtime/crypto/core-${name}-wasm.ts`), text)
  }
  // The questions of agreement.test.ts were asked before.
  const tests = readdirSync(join(copy, 'test/crypto')).filter((name) => name.endsWith('.test.ts'))
  const files = tests.filter((name) => name !== 'agreement.test.ts').map((name) => `test/crypto/${name}`)
  const args = ['run', ...files, '--bail=1', '--reporter=dot']
  const env = { ...process.env, VECTORS_DIR: process.env['VECTORS_DIR'] ?? join(root, '../shared/vectors') }
  const vitest = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: copy,
    env,
    stdio: 'ignore',
    killSignal: 'SIGKILL',
    ...(limitMs === undefined ? {} : { timeout: limitMs }),
  })
  return (await new Promise((resolve) => vitest.once('exit', resolve))) !== 0
}

function copyTree(): string {
  mkdirSync(join(root, 'build'), { recursive: true })
  const copy = mkdtempSync(join(root, 'build/mutants-'))
  for (const name of ['assembly', 'runtime', 'test', 'tools', 'build/core.wasm', 'build/core-simd.wasm']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  for (const name of ['package.json', 'tsconfig.json', 'asconfig.json', 'vitest.config.ts']) {
    cpSync(join(root, name), join(copy, name))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

const place = ({ file, line, before, after }: Mutation): string =>
  `${file}:${line}\n    - ${before.trim()}\n    + ${after.trim() || '(nothing)'}`

interface Options {
  readonly count: number
  readonly seed: number
  readonly only: RegExp
  readonly isQuick: boolean
}

/** A small generator is enough to choose lines by. */
function chooser(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

type Outcome = 'caught by questions' | 'caught by the suite' | 'not compiled' | 'the same program' | 'survived'

/** Compiles a mutant and asks the judge about the builds that it changes. */
async function ask(
  judge: Judge,
  sources: Sources,
  reference: Mutant['modules'],
  mutation: Mutation,
): Promise<Outcome | Mutant> {
  const modules = new Map<CoreBuild['name'], Uint8Array>()
  // The build with SIMD first: it holds most of the code.
  for (const { name } of [...coreBuilds].reverse()) {
    const wasm = await compileCore(root, withMutation(sources, mutation), name, 0)
    if (!wasm) return 'not compiled'
    if (equal(wasm, reference.get(name))) continue
    if ((await judge.caughtBy(wasm)) !== undefined) return 'caught by questions'
    modules.set(name, wasm)
  }
  return modules.size === 0 ? 'the same program' : { mutation, modules }
}

function withMutation(sources: Sources, mutation: Mutation): Sources {
  return new Map(sources).set(mutation.file, mutated(sources.get(mutation.file) ?? '', mutation))
}

/** Runs the tests over those that the judge let pass. */
async function askSuite(sources: Sources, passed: readonly Mutant[]): Promise<Outcome[]> {
  const optimized = await compileAll(sources, 3)
  const copy = copyTree()
  const outcomes: Outcome[] = []
  try {
    const startMs = performance.now()
    if (await suiteNotices(copy, sources, optimized)) throw new Error('the tests fail without a mutant')
    const limitMs = Math.ceil(3 * (performance.now() - startMs))
    for (const { mutation } of passed) {
      const changed = withMutation(sources, mutation)
      const modules = await compileAll(changed, 3)
      // The optimiser shows that some are the same program.
      const isSame = [...modules].every(([name, wasm]) => equal(wasm, optimized.get(name)))
      const isCaught = !isSame && (await suiteNotices(copy, changed, modules, limitMs))
      outcomes.push(isSame ? 'the same program' : isCaught ? 'caught by the suite' : 'survived')
      if (outcomes.at(-1) === 'survived') console.log(`survived: ${place(mutation)}`)
    }
  } finally {
    rmSync(copy, { recursive: true })
  }
  return outcomes
}

async function mutateCore({ count, seed, only, isQuick }: Options): Promise<boolean> {
  const sources = coreSources(root)
  const equivalents = JSON.parse(readFileSync(join(root, 'tools/equivalent-mutants.json'), 'utf8')) as Equivalent[]
  const isEquivalent = ({ file, before, after }: Mutation): boolean =>
    equivalents.some((one) => one.file === file && one.before === before.trim() && one.after === after.trim())
  const all = [...sources].filter(([name]) => only.test(name)).flatMap(([name, source]) => mutationsOf(name, source))
  const chosen = sampled(all, count, chooser(seed)).filter((mutation) => !isEquivalent(mutation))
  console.log(`${chosen.length} of ${all.length} mutants, seed ${seed}`)
  const reference = await compileAll(sources, 0)
  const judge = new Judge()
  const answers: (Outcome | Mutant)[] = []
  try {
    for (const wasm of reference.values()) {
      const caught = await judge.caughtBy(wasm)
      if (caught !== undefined) throw new Error(`the questions fail without a mutant: ${caught}`)
    }
    for (const mutation of chosen) answers.push(await ask(judge, sources, reference, mutation))
  } finally {
    judge.end()
  }
  const passed = answers.filter((answer) => typeof answer !== 'string')
  console.log(`${passed.length} passed the questions`)
  if (isQuick) for (const { mutation } of passed) console.log(place(mutation))
  const outcomes = answers.filter((answer) => typeof answer === 'string')
  if (!isQuick && passed.length > 0) outcomes.push(...(await askSuite(sources, passed)))
  for (const what of new Set(outcomes)) console.log(`${outcomes.filter((one) => one === what).length} ${what}`)
  return !outcomes.includes('survived')
}

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    count: { type: 'string', default: '400' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    file: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
  },
})
const killed = await mutateCore({
  count: values.all ? Number.POSITIVE_INFINITY : Number(values.count),
  seed: Number(values.seed),
  only: new RegExp(values.file),
  isQuick: values.quick,
})
process.exitCode = killed ? 0 : 1
