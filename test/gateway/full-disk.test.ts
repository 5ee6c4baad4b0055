import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Outcome {
  stored: number
  waiting: number
  dropped: number
  keys: string[]
  last: string[]
}

async function fill(name: string, ...more: string[]): Promise<Outcome> {
  // The shell lets no file grow above 300 blocks, of 512 or of 1,024 bytes.
  const script = 'ulimit -f 300; exec "$0" --import tsx --conditions=didcomm-mote-source "$@"'
  const writer = ['-c', script, process.execPath, 'test/gateway/full-disk-writer.ts', join(folder, name), ...more]
  const { stdout } = await promisify(execFile)('sh', writer, { cwd: root })
  return JSON.parse(stdout) as Outcome
}

it('a store on a full disk asks to be tried again, and ends no program', { timeout: 60_000 }, async () => {
  const { stored, waiting, last } = await fill('full.lmdb')
  expect(stored).toBeGreaterThan(0)
  expect(stored).toBeLessThan(40)
  expect(waiting).toBe(stored)
  expect(last).toEqual(['ERR_STORE_FULL', 'ERR_STORE_FULL'])
})

it('an outbox on a full disk drops nothing for what it could not store', { timeout: 60_000 }, async () => {
  const { stored, waiting, dropped, keys, last } = await fill('dropping.lmdb', '3')
  expect(stored).toBeGreaterThan(3)
  expect(stored).toBeLessThan(40)
  expect(last).toEqual(['ERR_STORE_FULL', 'ERR_STORE_FULL'])
  expect([waiting, dropped]).toEqual([3, stored - 3])
  expect(keys.sort()).toEqual([stored - 2, stored - 1, stored].map((n) => `k${n}`).sort())
})
