// What only Node has: peers, files and the description of the machine.
import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { mosquittoVersion } from './broker.ts'
import type { PeerModule } from './implementation.ts'
import type { CoreFile } from './mote.ts'
import { peersAnywhere } from './peers.ts'
import type { Machine } from './result.ts'

const root = new URL('../', import.meta.url)

export const peersInNode: Readonly<Record<string, () => Promise<PeerModule>>> = {
  'node:crypto': () => import('./node-crypto.ts'),
  ...peersAnywhere,
  'hacl-wasm': () => import('./peers/hacl-wasm.ts'),
  'the cost of a call': () => import('./peers/call-cost.ts'),
  'sodium-native': () => import('./peers/sodium-native.ts'),
  'didcomm-node': () => import('./peers/didcomm-node.ts'),
  '@veramo/did-comm': () => import('./peers/veramo.ts'),
  'mqtt.js': () => import('./mqtt-clients.ts'),
}

/** Whether `npm ci` was run for the peers. */
export const peersAreInstalled = (): boolean => existsSync(new URL('bench/peers/node_modules', root))

/** The builds of the core as files. */
export function coreFiles(): CoreFile[] {
  const files = { base: 'build/core.wasm', simd: 'build/core-simd.wasm', relaxed: 'build/core-relaxed.wasm' }
  return Object.entries(files)
    .filter(([, file]) => existsSync(new URL(file, root)))
    .map(([name, file]) => ({ name, wasm: new Uint8Array(readFileSync(new URL(file, root))) }))
}

interface Manifest {
  readonly version?: string
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
}

function manifestOf(path: string): Manifest {
  const file = new URL(path, root)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {}
}

/** Peers that the tests of this package have as well, and what its transports are over. Among the others they would be built on this machine. */
const installedForTests = ['cbor-x', 'mqtt', mosquittoVersion === undefined ? 'aedes' : undefined, 'ws'].filter(
  (name) => name !== undefined,
)

/** The versions of all that is measured. */
export function versions(): Record<string, string> {
  const { dependencies, optionalDependencies } = manifestOf('bench/peers/package.json')
  const names = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...installedForTests]
  const peers = names.flatMap((name): [string, string][] => {
    const inPeers = manifestOf(`bench/peers/node_modules/${name}/package.json`).version
    const version = inPeers ?? manifestOf(`node_modules/${name}/package.json`).version
    return version ? [[name, version]] : []
  })
  return {
    'didcomm-mote': manifestOf('package.json').version ?? '',
    node: process.versions.node,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    ...Object.fromEntries(peers),
    ...(mosquittoVersion !== undefined && { mosquitto: mosquittoVersion }),
  }
}

export function machine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model.trim() || 'unknown',
    cores: cpus().length,
    platform: `${process.platform} ${process.arch}`,
  }
}
