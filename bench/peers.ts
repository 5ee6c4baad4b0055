import type { Implementation, PeerModule } from './implementation.ts'

/** Peers that run in browsers too, by what they are called in a note. */
export const peersAnywhere: Readonly<Record<string, () => Promise<PeerModule>>> = {
  webcrypto: () => import('./webcrypto.ts'),
  '@noble': () => import('./peers/noble.ts'),
  'libsodium-wrappers': () => import('./peers/libsodium-wrappers.ts'),
  'libsodium-wrappers-sumo': () => import('./peers/libsodium-wrappers-sumo.ts'),
  tweetnacl: () => import('./peers/tweetnacl.ts'),
  '@stablelib': () => import('./peers/stablelib.ts'),
  '@hpke/core': () => import('./peers/hpke.ts'),
  '@chainsafe/as-chacha20poly1305': () => import('./peers/chainsafe.ts'),
  'cbor-x': () => import('./peers/cbor-x.ts'),
  cborg: () => import('./peers/cborg.ts'),
  cbor2: () => import('./peers/cbor2.ts'),
}

export interface Loaded {
  readonly implementations: readonly Implementation[]
  /** Which are absent, and why. */
  readonly notes: readonly string[]
}

/** `Cannot find package 'tweetnacl' imported from …`: a peer, and not a file of ours, which is not there. */
const notInstalled = /^Cannot find (?:package|module) '([^']+)'/

/** Loads those that are there. */
export async function loadPeers(peers: Readonly<Record<string, () => Promise<PeerModule>>>): Promise<Loaded> {
  const implementations: Implementation[] = []
  const notes: string[] = []
  const absent: string[] = []
  for (const [name, load] of Object.entries(peers)) {
    try {
      implementations.push(...(await (await load()).load()))
    } catch (error) {
      const [reason = ''] = (error as Error).message.split('\n')
      if (notInstalled.test(reason)) absent.push(name)
      else notes.push(`${name} is left out: ${reason}`)
    }
  }
  if (absent.length > 0) notes.unshift(`not installed: ${absent.join(', ')}`)
  return { implementations, notes }
}
