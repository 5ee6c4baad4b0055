// The figures in documents are those of the result that stands beside them: nobody types numbers.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { reportFiles, resultFile } from '../bench/report.ts'
import type { Tree } from './check-tree.ts'

export function checkBench(tree: Tree): string[] {
  const read = (file: string) => (existsSync(join(tree.root, file)) ? tree.read(file) : '')
  if (read(resultFile) === '') return [`${resultFile}:1: is not there: npm run bench:report -- FILE`]
  return [...reportFiles(read)]
    .filter(([file, text]) => read(file) !== text)
    .map(([file]) => `${file}:1: does not say what ${resultFile} does: npm run bench:report`)
}
