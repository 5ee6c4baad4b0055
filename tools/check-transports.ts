// What the suite holds each transport to, as a table. Titles name their property at the end: `… [order]`; what a transport does without is in
// test/transport/compliance/properties.ts.
import { fillPlaces, markdownTable } from '../bench/markdown.ts'
import { type Promises, properties, transports } from '../test/transport/compliance/properties.ts'
import type { Tree } from './check-tree.ts'
import { taggedTitles } from './tagged-titles.ts'

export const transportsPage = 'docs/transports.md'

const suiteFile = /^test\/transport\/compliance\/.*\.ts$/
const runFile = /^test\/transport\/.*\.test\.ts$/
const propertyTag = /[a-z][a-z -]*/
const run = /\btransportCompliance\(\s*'([^']+)'/g

/** The suite as it is written. */
export interface Suite {
  /** The properties that titles name, each as often as a title does. */
  readonly tags: readonly string[]
  /** The transports that are run. */
  readonly runs: readonly string[]
}

export function readSuite(tree: Tree): Suite {
  const texts = (files: RegExp) => tree.files.filter((file) => files.test(file)).map((file) => tree.read(file))
  return {
    tags: texts(suiteFile).flatMap((text) => taggedTitles(text, propertyTag).map(({ tags }) => tags)),
    runs: texts(runFile).flatMap((text) => [...text.matchAll(run)].map(([, name = '']) => name)),
  }
}

type Names = Readonly<Record<string, unknown>>

/** What is wrong between the tests and what is said of them. */
export function suiteFailures({ tags, runs }: Suite, asked: Names = properties, named: Names = transports): string[] {
  const unknown = (names: readonly string[], known: Names) => names.filter((name) => !Object.hasOwn(known, name))
  const absent = (names: readonly string[], known: Names) => Object.keys(known).filter((name) => !names.includes(name))
  return [
    ...unknown(tags, asked).map((tag) => `a title ends in [${tag}], which is no property`),
    ...absent(tags, asked).map((property) => `no title ends in [${property}]`),
    ...unknown(runs, named).map((name) => `"${name}" is run, and no transport of the list`),
    ...absent(runs, named).map((name) => `"${name}" is not run`),
  ]
}

/** The tables: what each property asks, and how many tests hold each transport to it. */
export function suiteTables(
  { tags }: Suite,
  asked: Readonly<Record<string, string>> = properties,
  named: Readonly<Record<string, Pick<Promises, 'without'>>> = transports,
): string {
  const columns = Object.keys(asked)
  const count = (property: string) => tags.filter((tag) => tag === property).length
  const rows = Object.entries(named).map(([name, { without }]) => {
    const exempt: Readonly<Record<string, string>> = without
    return [name, ...columns.map((property) => exempt[property] ?? `held, ${count(property)}`)]
  })
  const meanings = Object.entries(asked).map(([property, meaning]) => `- ${property}: ${meaning}.`)
  return [...meanings, '', markdownTable(['', ...columns], rows)].join('\n')
}

/** The page with the tables in their place. */
export function transportsText(text: string, suite: Suite): string {
  return fillPlaces(text, { transports: suiteTables(suite) }, 'suite')
}

/** Every property has a test, every transport is run, and the page says so. */
export function checkTransports(tree: Tree): string[] {
  const suite = readSuite(tree)
  const failures = suiteFailures(suite)
  const page = tree.read(transportsPage)
  if (page !== transportsText(page, suite)) {
    failures.push(`${transportsPage}:1: is out of date; run node --import tsx tools/write-transports.ts`)
  }
  return failures
}
