import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Tree } from '../../tools/check-tree.ts'

export const repository: string = fileURLToPath(new URL('../..', import.meta.url))

/** A tree that is only in memory. */
export function treeOf(files: Record<string, string>): Tree {
  return { root: '', files: Object.keys(files).sort(), read: (file) => files[file] ?? '' }
}

/** A tree on disk, with the packages that are installed here, for the length of one test. */
export function folderOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'didcomm-mote-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}
