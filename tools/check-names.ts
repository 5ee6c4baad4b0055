// Test names are sentences, and no test is singled out, skipped or left to do.
import { lineAt, type Tree } from './check-tree.ts'

const title = /\b(?:it|test)(?:\.\w+)*(?:\([^'"`]*?\))?\(\s*(['"`])(.*?)\1\s*,/g
const eachTitle = /^\s*\]?\)\(\s*(['"`])(.*?)\1\s*,/gm
const unfinished =
  /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:only|todo|fails|skip)\b|\.skip\(|\b(?:xit|xtest|xdescribe|fit|fdescribe)\(/g

/** Names that keep their capital at the start of a sentence. */
const properNames = new Set(['Alice', 'Bob', 'Biome', 'Concat', 'Node', 'Profile', 'Wycheproof'])

function wrongWith(name: string): string | undefined {
  const [first = '', ...rest] = name.split(' ')
  if (rest.length === 0) return `"${name}" is no sentence`
  const capitalised = /^[A-Z][a-z]+$/.test(first) && !properNames.has(first)
  return capitalised ? `"${name}" starts with a capital` : undefined
}

/** Checks the tests of one file. */
export function testNames(file: string, text: string): string[] {
  const failures: string[] = []
  for (const match of [...text.matchAll(title), ...text.matchAll(eachTitle)]) {
    const reason = wrongWith(match[2] ?? '')
    if (reason) failures.push(`${file}:${lineAt(text, match.index)}: ${reason}`)
  }
  for (const match of text.matchAll(unfinished)) {
    failures.push(`${file}:${lineAt(text, match.index)}: "${match[0]}" may not stay`)
  }
  return failures
}

/** Holds the violations that show that this check works. */
const ownTest = 'test/tools/check-names.test.ts'

export function checkNames(tree: Tree): string[] {
  const tests = tree.files.filter((file) => /^test\/.*\.test\.ts$/.test(file) && file !== ownTest)
  return tests.flatMap((file) => testNames(file, tree.read(file)))
}
