// Bundles every subpath as an application would, and holds the result to a budget and a list of forbidden words.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import { importsOf } from './check-layers.ts'
import { importName, sourcesOf } from './check-package.ts'
import type { Report } from './check-tree.ts'
import { coreBuilds } from './core-builds.ts'

/** What one bundle may weigh and hold. Sizes are bytes, minified, without the WebAssembly core. */
export interface Budget {
  readonly minBytes?: number
  readonly gzipBytes?: number
  /** What it should weigh in the end, where that is not reached (docs/decisions.md). */
  readonly goalMinBytes?: number
  /** The program to bundle; absent: everything that the subpath exports. */
  readonly program?: string
  /** Packages that are left out of the bundle and its size. */
  readonly without?: readonly string[]
  readonly forbidden?: readonly RegExp[]
}

const hostWords = [/node:/, /\bBuffer\b/, /\bprocess\./, /\brequire\(/]
// mqtt-packet, the codec of mqtt.js, takes nothing but a Buffer; bundlers for browsers bring one.
const mqttWords = hostWords.filter((word) => !word.test('Buffer'))
const hostless = { forbidden: [...hostWords, /mqtt/] }

/** One row for the sensor, and one for each subpath of package.json; a subpath without a row fails. */
export const budgets: Readonly<Record<string, Budget>> = {
  sensor: {
    program: [
      "import { createAgent } from 'didcomm-mote'",
      "import { compact } from 'didcomm-mote/envelope'",
      "import { mqtt } from 'didcomm-mote/transports/mqtt'",
      'globalThis.start = (world, client) => createAgent({ ...world, envelopes: [compact()], transports: [mqtt(client)] })',
    ].join('\n'),
    minBytes: 59_000,
    gzipBytes: 22_400,
    goalMinBytes: 24_000,
    forbidden: mqttWords,
  },
  'device, MQTT': {
    program: [
      "import { createDevice } from 'didcomm-mote/device'",
      "import { mqtt } from 'didcomm-mote/transports/mqtt'",
      'globalThis.start = (world, client) => createDevice({ ...world, transport: mqtt(client) })',
    ].join('\n'),
    minBytes: 44_000,
    gzipBytes: 16_900,
    goalMinBytes: 24_000,
    forbidden: mqttWords,
  },
  '.': hostless,
  './device': hostless,
  './bytes': hostless,
  './crypto': hostless,
  // The curves of noble are its weight, and nobody else carries it.
  './crypto/curves': { without: ['@noble/curves'], ...hostless },
  './crypto/sealed-keys': hostless,
  './crypto/passphrase': { without: ['@noble/hashes'], ...hostless },
  './did': hostless,
  './did/web': hostless,
  './did/webvh': hostless,
  './message': hostless,
  './envelope': hostless,
  './envelope/cbor': hostless,
  './jwe': { minBytes: 12_800, goalMinBytes: 10_000, ...hostless },
  './jws': hostless,
  // What compact envelopes take of it: COSE_Encrypt0 with HPKE, and nothing of the rest.
  'cose: Encrypt0': {
    program: "export { decryptCose, encryptCose, parseCose } from 'didcomm-mote/cose'",
    minBytes: 9_700,
    goalMinBytes: 8_000,
    ...hostless,
  },
  './cose': { minBytes: 26_000, ...hostless },
  './protocols/trust-ping': hostless,
  './protocols/routing': hostless,
  './protocols/rewrapping': hostless,
  './protocols/coordinate-mediation': hostless,
  './protocols/messagepickup': hostless,
  './protocols/discover-features': hostless,
  './protocols/out-of-band': hostless,
  './protocols/basicmessage': hostless,
  './protocols/user-profile': hostless,
  './protocols/telemetry': hostless,
  './protocols/telemetry-batch': hostless,
  './protocols/telemetry-subscribe': hostless,
  './protocols/telemetry-config': hostless,
  './protocols/telemetry-actuate': hostless,
  './message/units': hostless,
  './transports/memory': hostless,
  './transports/fragmenting': hostless,
  './transports/mqtt': { forbidden: mqttWords },
  './transports/mqtt-connect': { without: ['mqtt'] },
  './transports/ble': hostless,
  './transports/ble-central': {},
  './transports/ble-bluez': {},
  './transports/ble-web': hostless,
  './transports/http': {},
  './transports/https-get': {},
  './transports/ws': { without: ['ws'] },
  './world': { forbidden: [/node:/, /mqtt/] },
  './gateway': { without: ['didcomm-mote'] },
}

const withoutCore: Plugin = {
  name: 'without-core',
  setup({ onLoad }) {
    onLoad({ filter: /core-\w+-wasm\.ts$/ }, ({ path }) => {
      const { exportName } = coreBuilds.find(({ moduleFile }) => basename(moduleFile) === basename(path)) ?? {}
      return { contents: `export const ${exportName} = ''` }
    })
  },
}

/** Bundles a program for no particular host and minifies it. */
export async function bundle(root: string, program: string, without: readonly string[] = []): Promise<string> {
  const result = await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    conditions: ['didcomm-mote-source'],
    mainFields: ['module', 'main'],
    external: ['node:*', ...without],
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [withoutCore],
  })
  return result.outputFiles[0]?.text ?? ''
}

function over(name: string, budget: Budget, minBytes: number, gzipBytes: number): string[] {
  const failures: string[] = []
  const { minBytes: min = Infinity, gzipBytes: gzip = Infinity } = budget
  if (minBytes > min) failures.push(`${name}: ${minBytes} bytes, of ${min} at most`)
  if (gzipBytes > gzip) failures.push(`${name}: ${gzipBytes} bytes gzip, of ${gzip} at most`)
  return failures
}

function row(name: string, budget: Budget, minBytes: number, gzipBytes: number): string {
  const cell = (bytes: number, most?: number) => `${bytes}${most ? ` of ${most}` : ''}`.padStart(15)
  const goal = budget.goalMinBytes ? `   goal: ${budget.goalMinBytes}` : ''
  return `${name.padEnd(34)}${cell(minBytes, budget.minBytes)}${cell(gzipBytes, budget.gzipBytes)}${goal}`
}

/** Weighs one bundle, or one file of bytes, against its budget. */
export function weigh(name: string, budget: Budget, content: string | Uint8Array): Report {
  const minBytes = Buffer.byteLength(content)
  const gzipBytes = gzipSync(content, { level: 9 }).length
  const text = typeof content === 'string' ? content : ''
  const words = (budget.forbidden ?? []).flatMap((word) => word.exec(text)?.[0] ?? [])
  const failures = [
    ...over(name, budget, minBytes, gzipBytes),
    ...words.map((word) => `${name}: the bundle has "${word}" in it`),
  ]
  return { failures, notes: [row(name, budget, minBytes, gzipBytes)] }
}

const subpathsOf = (root: string) => sourcesOf(readFileSync(join(root, 'package.json'), 'utf8'))

/** Lists the subpaths that a program imports and that have no source. */
function missingFrom(root: string, program: string): string[] {
  const sources = new Map([...subpathsOf(root)].map(([subpath, source]) => [importName(subpath), source]))
  const present = (name: string) => sources.has(name) && existsSync(join(root, sources.get(name) ?? ''))
  return importsOf(program)
    .map(({ specifier }) => specifier)
    .filter((name) => !present(name))
}

async function weighEntry(root: string, name: string, budget: Budget): Promise<Report> {
  const program = budget.program ?? `export * from '${importName(name)}'`
  const missing = missingFrom(root, program)
  if (missing.length > 0) return { failures: [`${name}: no source for ${missing.join(', ')}`] }
  try {
    return weigh(name, budget, await bundle(root, program, budget.without))
  } catch (error) {
    return { failures: [`${name}: ${(error as Error).message}`] }
  }
}

export async function checkSizes(root: string, table: Readonly<Record<string, Budget>> = budgets): Promise<Report> {
  const reports: Report[] = []
  for (const [name, budget] of Object.entries(table)) reports.push(await weighEntry(root, name, budget))
  const unknown = [...subpathsOf(root).keys()].filter((subpath) => !(subpath in table))
  return {
    failures: [
      ...reports.flatMap(({ failures }) => failures),
      ...unknown.map((subpath) => `tools/check-sizes.ts: "${subpath}" has no budget`),
    ],
    notes: [`${'bundle, without the core'.padEnd(34)}${'bytes'.padStart(15)}${'gzip'.padStart(15)}`].concat(
      reports.flatMap(({ notes }) => notes ?? []),
    ),
  }
}
