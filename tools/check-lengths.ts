// No file grows too long to read at one sitting.
import type { Report, Tree } from './check-tree.ts'

const softLines = 250
const hardLines = 400

/** Written by tools from something shorter. */
const generated = /^runtime\/crypto\/core-\w+-wasm\.ts$|^assembly\/generated\//

export function checkLengths(tree: Tree): Report {
  const files = tree.files.filter((file) => file.endsWith('.ts') && !generated.test(file))
  const lengths = files.map((file) => ({ file, lines: tree.read(file).split('\n').length - 1 }))
  const failures = lengths
    .filter(({ lines }) => lines > hardLines)
    .map(({ file, lines }) => `${file}:${lines}: has ${lines} lines, of ${hardLines} at most`)
  const notes = lengths
    .filter(({ lines }) => lines > softLines && lines <= hardLines)
    .map(({ file, lines }) => `${file}: ${lines} lines, more than ${softLines}`)
  return { failures, notes }
}
