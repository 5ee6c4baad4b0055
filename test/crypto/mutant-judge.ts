// The quick half of tools/mutate-core.ts, in a process of its own that can be ended: compares a broken core with node:crypto,
// or with noble where that has no answer, on a few questions of each kind.
import { type Crypto, instantiateCore } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'
import { agreements } from './agreements.ts'
import { narrowCore } from './all-cores.ts'

const QUESTIONS = 12
/** Where a question costs microseconds there are more: each length is another way through the code. */
const CHEAP_QUESTIONS = 60

interface Known {
  readonly name: string
  readonly ask: (crypto: Crypto) => string
  readonly answer: string
}

const known = agreements.flatMap(({ name, question, costly }, i): Known[] => {
  const random = randomFrom(1000 + i)
  return Array.from({ length: costly.includes('noble') ? QUESTIONS : CHEAP_QUESTIONS }, () => {
    const { core, oracles } = question(random)
    const answer = (oracles.node ?? oracles.noble)?.() ?? ''
    return { name, ask: core, answer }
  })
})

/** Returns what tells this core from a right one, or undefined. */
function judge(wasm: Uint8Array): string | undefined {
  try {
    const cores = [instantiateCore(wasm), narrowCore(wasm)]
    return known.find(({ ask, answer }) => cores.some((core) => ask(core) !== answer))?.name
  } catch (error) {
    return String(error)
  }
}

process.on('message', (wasm: Uint8Array) => process.send?.({ caught: judge(wasm) }))
process.send?.({ ready: true })
