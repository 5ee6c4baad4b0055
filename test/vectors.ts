import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const shared = process.env['VECTORS_DIR'] ?? join(root, '../shared/vectors')

/** Reads a vector file that ships with the repository, `test/vectors/<name>`. */
export function ownVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join(root, 'test/vectors', name), 'utf8')) as T
}

/** Reads a file of the big sets, or returns `undefined` and says what is skipped where they are not on this machine. */
export function sharedVectors<T>(name: string): T | undefined {
  const file = join(shared, name)
  if (!existsSync(file)) {
    process.stderr.write(`skipped: ${name} is not in ${shared} (set VECTORS_DIR)\n`)
    return undefined
  }
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/** Reads every JSON file of a folder of the big sets, with its name; none where they are not on this machine. */
export function sharedFiles<T>(folder: string): [name: string, content: T][] {
  const path = join(shared, folder)
  if (!existsSync(path)) {
    process.stderr.write(`skipped: ${folder} is not in ${shared} (set VECTORS_DIR)\n`)
    return []
  }
  const names = readdirSync(path).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => [name, JSON.parse(readFileSync(join(path, name), 'utf8')) as T])
}
