// What is published is complete and documented, and nothing of the machine it was made on is in the tree.
import { lineAt, type Report, type Tree } from './check-tree.ts'

const sourceCondition = 'didcomm-mote-source'

/** The subpaths of package.json with their TypeScript sources; without those that are plain files. */
export function sourcesOf(manifestText: string): Map<string, string> {
  const { exports } = JSON.parse(manifestText) as { exports: Record<string, string | Record<string, string>> }
  const sources = new Map<string, string>()
  for (const [subpath, target] of Object.entries(exports)) {
    const source = typeof target === 'string' ? undefined : target[sourceCondition]
    if (source) sources.set(subpath, source.replace('./', ''))
  }
  return sources
}

/** The name to import a subpath by. */
export function importName(subpath: string): string {
  return `didcomm-mote${subpath.slice(1)}`
}

function checkExports(tree: Tree): string[] {
  const sources = [...sourcesOf(tree.read('package.json'))]
  const readme = tree.files.includes('README.md') ? tree.read('README.md') : ''
  const absent = sources.map(([, source]) => source).filter((source) => !tree.files.includes(source))
  const names = sources.map(([subpath]) => importName(subpath))
  const silent = names.filter((name) => !new RegExp(`${name}(?![\\w/-])`).test(readme))
  return [
    ...absent.map((source) => `package.json: exports ${source}, which is not there`),
    ...silent.map((name) => `README.md: does not mention ${name}`),
  ]
}

// After a letter or a dot these are the middle of some other path, such as that of a URL.
const privatePath = /(?<![\w.-])\/(?:home|root|tmp|Users|work|workspace|mnt)\/[\w.-]|\b[A-Z]:\\Users\\/g
const privateHost = /https?:\/\/[^\s/'"]*(?:registry|artifactory|nexus|verdaccio|npm\.)[^\s'"]*/g
const binary = /\.(?:wasm|png|jpg|ico|gz|bin)$/

function checkPrivate(tree: Tree): string[] {
  const failures: string[] = []
  for (const file of tree.files.filter((name) => !binary.test(name))) {
    const text = tree.read(file)
    for (const match of text.matchAll(privatePath)) {
      failures.push(`${file}:${lineAt(text, match.index)}: "${match[0]}" is a path of one machine`)
    }
    for (const match of text.matchAll(privateHost)) {
      failures.push(`${file}:${lineAt(text, match.index)}: "${match[0]}" is a package registry`)
    }
    if (/(?:^|\/)\.npmrc$/.test(file)) failures.push(`${file}:1: belongs to one machine`)
  }
  return failures
}

function checkLockfile(tree: Tree): string[] {
  if (!tree.files.includes('package-lock.json')) return ['package-lock.json:1: is missing']
  const text = tree.read('package-lock.json')
  const resolved = text.matchAll(/"resolved": "([^"]*)"/g)
  return [
    ...[...resolved].map((match) => `package-lock.json:${lineAt(text, match.index)}: is resolved to ${match[1]}`),
    ...unlocked(text).map((name) => `package-lock.json:1: has no ${name}, and npm ci refuses that`),
  ]
}

interface Lock {
  packages?: Record<string, { optionalDependencies?: Record<string, string> }>
}

/** `npm install` leaves out the packages for other platforms that its registry does not have; `npm ci` wants them all. */
function unlocked(text: string): string[] {
  const { packages = {} } = JSON.parse(text) as Lock
  const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
  const paths = Object.keys(packages)
  return [...new Set(optional)].filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))
}

export function checkPackage(tree: Tree): Report {
  return { failures: [...checkExports(tree), ...checkPrivate(tree), ...checkLockfile(tree)] }
}
