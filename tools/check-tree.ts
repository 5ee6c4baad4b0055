// The tree as the checks see it: which files there are, what is in them, and how a check reports.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Tree {
  readonly root: string
  /** Every file that git tracks or would track, relative to `root`, sorted. */
  readonly files: readonly string[]
  read(file: string): string
}

export interface Report {
  /** What is wrong, as `path:line: text`. */
  readonly failures: readonly string[]
  /** Printed whether the check fails or not. */
  readonly notes?: readonly string[]
}

const untracked = new Set(['.git', 'node_modules', 'build', 'dist', 'coverage'])

function walk(root: string, folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !untracked.has(entry.name))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(root, path) : [relative(root, path)]
  })
}

function listFiles(root: string): string[] {
  if (!existsSync(join(root, '.git'))) return walk(root, root)
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0')
  return listed.filter((file) => file !== '' && existsSync(join(root, file)))
}

/** Reads the tree at `root`; without git, every file but what is installed or built. */
export function readTree(root: string): Tree {
  const texts = new Map<string, string>()
  return {
    root,
    files: listFiles(root).sort(),
    read(file) {
      const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8')
      texts.set(file, text)
      return text
    },
  }
}

/** The line, from 1, of the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** Runs a Node program to its end. `output` is what it wrote to both streams. */
export function runNode(root: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const options = { cwd: root, maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() })
    })
  })
}
