// Writes the tables of docs/transports.md from the titles of the suite and from what each transport promises.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSuite, transportsPage, transportsText } from './check-transports.ts'
import { readTree } from './check-tree.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tree = readTree(root)

writeFileSync(join(root, transportsPage), transportsText(tree.read(transportsPage), readSuite(tree)))
