import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Progress } from './load-party.ts'

const program = fileURLToPath(new URL('load-party.ts', import.meta.url))

/** One end of a run under load, in a process of its own. */
export interface Party {
  /** What it said last. */
  readonly progress: Progress
  /** The heap after each collection, in the order of time. */
  readonly heaps: readonly number[]
  stop(): void
  kill(): Promise<void>
}

export async function startParty(role: 'sender' | 'receiver', ...args: readonly string[]): Promise<Party> {
  const flags = ['--expose-gc', '--import', 'tsx', '--conditions=didcomm-mote-source', program, role, ...args]
  const child: ChildProcess = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'inherit'] })
  const heaps: number[] = []
  let progress: Progress | undefined
  if (!child.stdout) throw new Error('no standard output')
  createInterface(child.stdout).on('line', (line) => {
    progress = JSON.parse(line) as Progress
    heaps.push(progress.heapBytes)
  })
  const exited = once(child, 'exit')
  while (!progress) {
    if (child.exitCode !== null) throw new Error(`${role} ended with ${child.exitCode}`)
    await sleep(50)
  }
  return {
    get progress() {
      return progress as Progress
    },
    heaps,
    stop: () => void child.stdin?.write('stop\n'),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The middle one of the samples in a part of the run, such as from a quarter to a half, in MiB. */
export function plateau(heaps: readonly number[], from: number, to: number): number {
  const part = heaps.slice(Math.floor(heaps.length * from), Math.ceil(heaps.length * to)).sort((a, b) => a - b)
  return (part[part.length >> 1] ?? 0) / 1024 / 1024
}

/** Waits until the sender has nothing left, and the receiver has as many as were sent or gets none any more. */
export async function drained(sender: Party, receiver: Party, patienceMs: number): Promise<void> {
  sender.stop()
  let last = -1
  for (let sinceMs = performance.now(); performance.now() - sinceMs < patienceMs; await sleep(500)) {
    const { stopped, waiting, count } = sender.progress
    if (stopped && waiting === 0 && receiver.progress.count === count) break
    const moved = receiver.progress.count - waiting
    if (moved !== last) sinceMs = performance.now()
    last = moved
  }
  // Copies of what has arrived would come now.
  await sleep(3000)
}
