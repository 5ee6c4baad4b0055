// `npm run bench:report -- FILE`: writes what a result says into the documents and the plot, and keeps the result itself; one of some
// operations takes their place in the result that is kept.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { blocks, fillPlaces } from './markdown.ts'
import { plot } from './plot.ts'
import { formatResult, merged, parseResult } from './result.ts'

/** What the report is made of, and what it is written into, from the root of the tree. */
export const resultFile = 'bench/results/latest.json'
export const plotFile = 'docs/benchmark.svg'
export const documents: readonly string[] = ['README.md', 'bench/README.md', 'docs/transports.md']

/** What each file should hold, by its path. `read` gives what it holds. */
export function reportFiles(read: (file: string) => string): Map<string, string> {
  const result = parseResult(read(resultFile))
  const contents = blocks(result)
  const texts = documents.map((file): [string, string] => [file, fillPlaces(read(file), contents)])
  return new Map([...texts, [plotFile, plot(result)]])
}

function main(file: string | undefined): void {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const path = (name: string) => resolve(root, name)
  if (file !== undefined && resolve(file) !== path(resultFile)) {
    const later = parseResult(readFileSync(file, 'utf8'))
    const kept = path(resultFile)
    const result = existsSync(kept) ? merged(parseResult(readFileSync(kept, 'utf8')), later) : later
    writeFileSync(kept, formatResult(result))
  }
  for (const [name, text] of reportFiles((name) => readFileSync(path(name), 'utf8'))) {
    writeFileSync(path(name), text)
    console.log(`wrote ${name}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2])
