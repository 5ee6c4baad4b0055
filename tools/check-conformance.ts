// Which tests hold which rows of DIDComm Messaging v2.1. Titles name their rows at the end: `… fails with a code [E14, C2]`.
import type { Report, Tree } from './check-tree.ts'
import { taggedTitles } from './tagged-titles.ts'

/** One requirement. Without a test it is `missing` (not built, or not tested yet) or has a `reason` not to be held. */
export interface Row {
  readonly row: string
  /** As in RFC 2119: M, M!, S, S!, O; n for what is normative in effect, – for what has no level. */
  readonly level: string
  readonly text: string
  readonly missing?: true
  readonly reason?: string
}

/** A test that holds rows. */
export interface Holder {
  readonly file: string
  readonly title: string
  readonly rows: readonly string[]
}

export const rowsFile = 'tools/conformance-rows.json'
export const pageFile = 'docs/conformance.md'

/** Holds tags that show that this check works. */
const ownTest = 'test/tools/check-conformance.test.ts'

/** Rows, or an expression that chooses between lists of rows. */
const rowTags = /[A-Z]\d+(?:, [A-Z]\d+)*|\$\{[^}]*\}/

/** Finds the tags in the titles of one file of tests. */
export function holdersIn(file: string, text: string): Holder[] {
  return taggedTitles(text, rowTags).map(({ title, tags }) => ({
    file,
    title,
    rows: tags.match(/\b[A-Z]\d+\b/g) ?? [],
  }))
}

export function readHolders(tree: Tree): Holder[] {
  const files = tree.files.filter((file) => /^test\/.*\.ts$/.test(file) && file !== ownTest)
  return files.flatMap((file) => holdersIn(file, tree.read(file)))
}

export function readRows(tree: Tree): Row[] {
  return JSON.parse(tree.read(rowsFile)) as Row[]
}

const mustHold = (row: Row): boolean => row.level.split(' / ').some((level) => /^M!?$/.test(level))
const shouldHold = (row: Row): boolean => row.level.split(' / ').some((level) => /^S!?$/.test(level))

const wrongWithHeld = ({ missing, reason }: Row): string | undefined =>
  missing || reason ? 'has a test, and is listed as not held' : undefined

function wrongWithOpen(row: Row): string | undefined {
  if (row.missing) return row.reason ? 'is missing for a reason; say one of the two' : undefined
  if (mustHold(row)) return row.reason ? 'must hold, whatever the reason' : 'has no test'
  return shouldHold(row) && !row.reason ? 'has neither a test nor a reason' : undefined
}

/** What is wrong with `rows` beside the tests that name them. */
export function rowFailures(rows: readonly Row[], holders: readonly Holder[]): string[] {
  const known = new Set(rows.map(({ row }) => row))
  const held = new Set(holders.flatMap((holder) => holder.rows))
  const failures = holders.flatMap(({ file, title, rows: named }) =>
    named.filter((row) => !known.has(row)).map((row) => `${file}: "${title}" names ${row}, which is no row`),
  )
  for (const row of rows) {
    const text = held.has(row.row) ? wrongWithHeld(row) : wrongWithOpen(row)
    if (text) failures.push(`${rowsFile}: ${row.row} ${text}`)
  }
  return failures
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function standing(row: Row, holders: readonly Holder[]): string {
  const tests = holders.filter(({ rows }) => rows.includes(row.row))
  if (tests.length > 0) {
    return tests.map(({ file, title }) => `[${cell(file.slice(5))}](../${file}): ${cell(title)}`).join('<br>')
  }
  if (row.missing) return 'not yet'
  return cell(row.reason ?? '')
}

/** Writes the page. */
export function conformancePage(rows: readonly Row[], holders: readonly Holder[]): string {
  const isHeld = ({ row }: Row): boolean => holders.some((holder) => holder.rows.includes(row))
  const count = (those: readonly Row[]): string => `${those.filter(isHeld).length} of ${those.length}`
  const should = rows.filter((row) => shouldHold(row) && !mustHold(row))
  return [
    '# Conformance with DIDComm Messaging v2.1',
    '',
    '<!-- Written by `node --import tsx tools/write-conformance.ts` from the titles of the tests. -->',
    '',
    'Each row is a requirement of the specification, in our words, with the tests that hold it. Levels are M for MUST, S for SHOULD, O for',
    'MAY, with ! for their negations, and n for what is normative in effect, but written in lower case. Rows T are protocols,',
    'rows Z are places where the specification contradicts itself or its vectors.',
    '',
    `Tests hold ${count(rows.filter(mustHold))} rows with a MUST, ${count(should)} with no more than a SHOULD, and ${count(rows)} in all.`,
    '',
    '| row | level | requirement | held by |',
    '| --- | ----- | ----------- | ------- |',
    ...rows.map((row) => `| ${row.row} | ${row.level} | ${cell(row.text)} | ${standing(row, holders)} |`),
    '',
  ].join('\n')
}

/** Every MUST has a test, every SHOULD a test or a reason, and the page is up to date. */
export function checkConformance(tree: Tree): Report {
  const rows = readRows(tree)
  const holders = readHolders(tree)
  const failures = rowFailures(rows, holders)
  const page = tree.files.includes(pageFile) ? tree.read(pageFile) : ''
  if (page !== conformancePage(rows, holders)) {
    failures.push(`${pageFile}: is out of date; run node --import tsx tools/write-conformance.ts`)
  }
  const missing = rows.filter((row) => row.missing).map(({ row }) => row)
  return { failures, notes: missing.length > 0 ? [`without a test yet: ${missing.join(', ')}`] : [] }
}
