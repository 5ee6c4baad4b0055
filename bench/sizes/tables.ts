// The sizes as Markdown.
import { markdownTable } from '../markdown.ts'
import { links } from './links.ts'
import { bodySizes, type SizeRow } from './measure.ts'

/** The reading and the DID method of the tables that show one of them. */
const usualBodyBytes = 20
const usualDid = 'did:key'

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** What stands in each place of a document, `sizes:NAME`. */
export function sizeBlocks(rows: readonly SizeRow[]): Record<string, string> {
  return { methods: byMethod(rows), bodies: byBody(rows), frames: byLink(rows) }
}

function table(
  rows: readonly SizeRow[],
  columns: readonly string[],
  cell: (ofEnvelope: readonly SizeRow[], column: string) => number | undefined,
): string {
  const lines = distinct(rows.map(({ envelope }) => envelope)).map((name) => {
    const ofEnvelope = rows.filter(({ envelope }) => envelope === name)
    return [name, ...columns.map((column) => cell(ofEnvelope, column)?.toLocaleString('en') ?? '')]
  })
  return markdownTable(['envelope', ...columns], lines)
}

function byMethod(rows: readonly SizeRow[]): string {
  const shown = rows.filter(({ bodyBytes }) => bodyBytes === usualBodyBytes)
  const methods = distinct(rows.map(({ did }) => did))
  return table(shown, methods, (found, method) => found.find(({ did }) => did === method)?.totalBytes)
}

function byBody(rows: readonly SizeRow[]): string {
  const shown = rows.filter(({ did }) => did === usualDid)
  const columns = bodySizes.map((size) => `${size} B`)
  return table(shown, columns, (found, column) => found.find((row) => `${row.bodyBytes} B` === column)?.totalBytes)
}

function byLink(rows: readonly SizeRow[]): string {
  const shown = rows.filter(({ did, bodyBytes }) => did === usualDid && bodyBytes === usualBodyBytes)
  const columns = links.map(({ name }) => name)
  return table(shown, columns, ([row], link) => row?.frames[link])
}
