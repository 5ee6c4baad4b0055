// `npm run bench:sizes`: how large envelopes are, by what is in them, by DID method, and in frames of small links.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fillPlaces } from '../markdown.ts'
import { packEverything, rowOf, type SizeRow } from './measure.ts'
import { sizeBlocks } from './tables.ts'

/** What the tables are written into, from the root of the tree. */
const document = fileURLToPath(new URL('../README.md', import.meta.url))

const help = `npm run bench:sizes -- [options]
Packs every envelope with every DID method around bodies of several sizes, and counts the bytes and the frames.

  --json FILE   write the rows to a file
  --write       write the tables into bench/README.md
  --help        this text
`

function show(rows: readonly SizeRow[]): void {
  const { methods, bodies, frames } = sizeBlocks(rows)
  console.log(`A body of 20 bytes, by DID method\n\n${methods}\n`)
  console.log(`With did:key, by the size of the body\n\n${bodies}\n`)
  console.log(`Frames, with did:key and a body of 20 bytes\n\n${frames}`)
}

async function main(): Promise<void> {
  const options = { json: { type: 'string' }, write: { type: 'boolean' }, help: { type: 'boolean' } } as const
  const { values } = parseArgs({ options })
  if (values.help) {
    console.log(help)
    return
  }
  const rows = (await packEverything()).map(rowOf)
  show(rows)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 1)}\n`)
  if (values.write) writeFileSync(document, fillPlaces(readFileSync(document, 'utf8'), sizeBlocks(rows), 'sizes'))
}

try {
  await main()
} catch (error) {
  // What parseArgs says of an argument is for the person who gave it.
  if (!(error instanceof TypeError && 'code' in error)) throw error
  console.error(`${error.message}\n\n${help}`)
  process.exitCode = 2
}
