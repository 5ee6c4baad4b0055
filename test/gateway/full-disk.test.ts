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

it('a store on a full disk asks to be tried again, and ends no program', { timeout: 60_000 }, async () => {
  // The shell lets no file grow above 300 blocks, of 512 or of 1,024 bytes.
  const script = 'ulimit -f 300; exec "$0" --import tsx --conditions=didcomm-mote-source "$@"'
  const writer = ['-c', script, process.execPath, 'test/gateway/full-disk-writer.ts', join(folder, 'full.lmdb')]
  const { stdout } = await promisify(execFile)('sh', writer, { cwd: root })
  const { stored, waiting, last } = JSON.parse(stdout) as { stored: number; waiting: number; last: string[] }
  expect(stored).toBeGreaterThan(0)
  expect(stored).toBeLessThan(40)
  expect(waiting).toBe(stored)
  expect(last).toEqual(['ERR_STORE_FULL', 'ERR_STORE_FULL'])
})
