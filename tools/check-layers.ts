// Imports point down only (docs/decisions.md). The table below is the whole rule; the rest of the file reads imports.
import { dirname, join } from 'node:path'
import { lineAt, type Tree } from './check-tree.ts'

const leaves = ['runtime/bytes', 'runtime/errors']
const ports = ['runtime/transport', 'runtime/store', 'runtime/world']
const formats = ['runtime/envelope/jwe', 'runtime/envelope/jws', 'runtime/envelope/cose', 'runtime/envelope/jose']
const belowEnvelope = ['runtime/did', 'runtime/message', 'runtime/crypto', ...leaves]
const belowAgent = ['runtime/envelope', ...ports, ...belowEnvelope]

/**
 * What each part of the tree may import besides its own files. A part is a folder, or a file without its extension; a
 * file belongs to the longest part that fits. `node:` stands for Node's modules, `npm:x` for a package, `npm:*` for any
 * that package.json names, `didcomm-mote` for our public subpaths, `*` for everything.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  'runtime/host': [],
  'runtime/errors': [],
  'runtime/bytes': ['runtime/errors'],

  // What an agent is given: interfaces, and nothing that does something.
  'runtime/transport': leaves,
  'runtime/store': leaves,
  'runtime/world': [],
  // The stores of an agent that forgets at its end.
  'runtime/memory-store': [...ports, ...leaves],

  'runtime/crypto': leaves,
  'runtime/crypto/passphrase': ['runtime/crypto', 'npm:@noble/hashes', ...leaves],
  'runtime/crypto/curves': ['runtime/crypto', 'npm:@noble/curves', ...leaves],
  'runtime/message': leaves,
  'runtime/did': ['runtime/crypto', 'runtime/message', ...leaves],

  // Formats: keys and bytes in, bytes out. They know no DIDs, no messages, and not each other.
  'runtime/envelope/jose': leaves,
  'runtime/envelope/jwe': ['runtime/envelope/jose', 'runtime/crypto', ...leaves],
  'runtime/envelope/jws': ['runtime/envelope/jose', 'runtime/crypto', ...leaves],
  'runtime/envelope/cose': ['runtime/crypto', ...leaves],

  'runtime/envelope': [...formats, ...belowEnvelope],
  'runtime/agent': belowAgent,
  'runtime/device': ['runtime/agent', ...belowAgent],
  'runtime/protocols': ['runtime/agent', ...belowAgent],
  'runtime/identity': belowEnvelope,
  'runtime/index': ['runtime/identity', 'runtime/memory-store', 'runtime/agent', ...belowAgent],

  transports: ['runtime/transport', 'runtime/world', 'node:', ...leaves],
  'transports/ws': ['transports', 'runtime/transport', 'runtime/world', 'node:', 'npm:ws', ...leaves],
  'transports/mqtt/connect': [
    'transports',
    'transports/mqtt/client-options',
    'runtime/transport',
    'runtime/world',
    'node:',
    'npm:mqtt',
    ...leaves,
  ],
  'transports/mqtt/client-options': ['transports', 'node:', 'npm:mqtt'],

  // Programs use what is below them as anybody would.
  gateway: ['didcomm-mote', 'node:', 'npm:*'],
  examples: ['didcomm-mote', 'node:', 'npm:*'],
  bench: ['didcomm-mote', 'node:', 'npm:*'],

  assembly: [],
  // These look inside.
  tools: ['*'],
  'tools/kernels': ['*'],
  test: ['*'],
}

/** Folders whose files are imported by the shipped package: their packages are dependencies or peers, never only dev. */
const shipped = ['runtime', 'transports', 'gateway']

export interface Import {
  readonly specifier: string
  readonly line: number
}

// Biome keeps every import and re-export at the start of a line, so that these few forms are all there are.
const statement = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm
const expression = /\bimport\(\s*(['"])([^'"\n]+)\1/g

function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return text.replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank).replace(/^[ \t]*\/\/.*$/gm, blank)
}

/** Lists what a TypeScript file imports, types included. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  const matches = [...code.matchAll(statement), ...code.matchAll(expression)]
  return matches.map((match) => ({ specifier: match[2] ?? '', line: lineAt(code, match.index) }))
}

const inside = (path: string, part: string) => path === part || path.startsWith(`${part}/`)
const stem = (file: string) => file.replace(/(\.d)?\.ts$/, '')

function partOf(file: string): string | undefined {
  const parts = Object.keys(layers).filter((part) => inside(stem(file), part))
  return parts.sort((a, b) => b.length - a.length)[0]
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** How the table names what is imported. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    const path = join(dirname(file), specifier)
    return partOf(path) ?? path
  }
  if (specifier.startsWith('node:')) return 'node:'
  const name = packageOf(specifier)
  return name === 'didcomm-mote' ? name : `npm:${name}`
}

function allowed(part: string, target: string): boolean {
  const rules = layers[part] ?? []
  const any = target.startsWith('npm:') ? ['npm:*', '*'] : ['*']
  return target === part || [target, ...any].some((word) => rules.includes(word))
}

/** What the benchmarks run against has a manifest of its own, so that nobody else installs it. */
const benchPeers = 'bench/peers/package.json'

interface Declared {
  readonly installed: ReadonlySet<string>
  readonly all: ReadonlySet<string>
  readonly bench: ReadonlySet<string>
}

function declared(tree: Tree): Declared {
  const names = (...fields: unknown[]) => fields.flatMap((field) => Object.keys(field ?? {}))
  const read = (file: string) =>
    JSON.parse(tree.files.includes(file) ? tree.read(file) : '{}') as Record<string, unknown>
  const [manifest, peers] = [read('package.json'), read(benchPeers)]
  const installed = names(manifest['dependencies'], manifest['peerDependencies'])
  const all = [...installed, ...names(manifest['devDependencies'])]
  const bench = [...all, ...names(peers['dependencies'], peers['optionalDependencies'])]
  return { installed: new Set(installed), all: new Set(all), bench: new Set(bench) }
}

/** Finds one import cycle through `file`, as the files from `file` back to `file`. */
function cycleFrom(file: string, graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>()
  const queue: string[][] = [[file]]
  for (let path = queue.shift(); path; path = queue.shift()) {
    for (const next of graph.get(path.at(-1) ?? '') ?? []) {
      if (next === file) return [...path, file]
      if (seen.has(next)) continue
      seen.add(next)
      queue.push([...path, next])
    }
  }
  return undefined
}

function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const failures: string[] = []
  const reported = new Set<string>()
  for (const file of graph.keys()) {
    const cycle = reported.has(file) ? undefined : cycleFrom(file, graph)
    if (!cycle) continue
    for (const member of cycle) reported.add(member)
    failures.push(`${file}:1: imports itself: ${cycle.join(' -> ')}`)
  }
  return failures
}

/** Whose imports have no extension: AssemblyScript, and the programs that have lines of it in them. */
const assemblyScript: readonly string[] = ['assembly', 'tools/kernels']

function wrong(file: string, part: string, specifier: string, packages: Declared) {
  const relative = specifier.startsWith('.')
  const target = targetOf(file, specifier)
  if (relative && !assemblyScript.includes(part) && !/\.(ts|json)$/.test(specifier)) return 'has no .ts extension'
  if (!allowed(part, target)) return `is not allowed in ${part}/ (tools/check-layers.ts)`
  if (!target.startsWith('npm:')) return undefined
  const folder = file.split('/')[0] ?? ''
  const others = folder === 'bench' ? packages.bench : packages.all
  const known = shipped.includes(folder) ? packages.installed : others
  return known.has(packageOf(specifier)) ? undefined : 'is a package that package.json does not declare for it'
}

/** Checks every import of every TypeScript file against `layers`, and that none leads back to its file. */
export function checkLayers(tree: Tree): string[] {
  const failures: string[] = []
  const graph = new Map<string, string[]>()
  const packages = declared(tree)
  for (const file of tree.files.filter((name) => name.endsWith('.ts') && name.includes('/'))) {
    const part = partOf(file)
    if (!part) {
      failures.push(`${file}:1: belongs to no part of the tree (tools/check-layers.ts)`)
      continue
    }
    const imports = importsOf(tree.read(file))
    graph.set(file, [])
    for (const { specifier, line } of imports) {
      const reason = wrong(file, part, specifier, packages)
      if (reason) failures.push(`${file}:${line}: "${specifier}" ${reason}`)
      if (specifier.startsWith('.')) graph.get(file)?.push(join(dirname(file), specifier))
    }
  }
  return [...failures, ...cycles(graph)]
}
