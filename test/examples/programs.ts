import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A program of `examples/` in a process of its own. */
export interface Program {
  process: ChildProcess
  /** Resolves with the first line of standard output that matches. */
  line(pattern: RegExp): Promise<RegExpMatchArray>
  /** Resolves with the exit code and all lines when the program has ended. */
  ended(): Promise<{ code: number | null; lines: string[]; errors: string }>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts `examples/<name>` from the sources, as `npm start` does. */
export function startProgram(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Program {
  const flags = ['--import', 'tsx', '--conditions=didcomm-mote-source', `examples/${name}`, ...args]
  const child = spawn(process.execPath, flags, { cwd: root, env: { ...process.env, ...env }, stdio: 'pipe' })
  const lines: string[] = []
  const waiting = new Set<(line: string) => void>()
  let errors = ''
  child.stderr.on('data', (data: Buffer) => {
    errors += data
  })
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look(line)
  })
  const exit = once(child, 'close').then(([code]) => code as number | null)

  return {
    process: child,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (line: string) => {
          const match = line.match(pattern)
          if (!match) return
          waiting.delete(look)
          resolve(match)
        }
        waiting.add(look)
        lines.forEach(look)
        void exit.then((code) => reject(new Error(`${name} ended with ${code} before ${pattern}: ${errors}`)))
      }),
    ended: async () => ({ code: await exit, lines, errors }),
    async kill(signal) {
      child.kill(signal)
      await exit
    },
  }
}
