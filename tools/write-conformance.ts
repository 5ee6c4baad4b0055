// Writes docs/conformance.md from the titles of the tests, and takes what has a test now off the list of what is missing.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformancePage, pageFile, readHolders, readRows, rowsFile } from './check-conformance.ts'
import { readTree } from './check-tree.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tree = readTree(root)
const holders = readHolders(tree)
const held = new Set(holders.flatMap(({ rows }) => rows))
const rows = readRows(tree).map((row) => {
  if (!held.has(row.row)) return row
  const { missing: _, ...rest } = row
  return rest
})

writeFileSync(join(root, rowsFile), `${JSON.stringify(rows, null, 2)}\n`)
writeFileSync(join(root, pageFile), conformancePage(rows, holders))
