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
}

export interface Loaded {
  readonly implementations: readonly Implementation[]
  /** Which are absent, and why. */
  readonly notes: readonly string[]
}

/** Loads those that are there. */
export async function loadPeers(peers: Readonly<Record<string, () => Promise<PeerModule>>>): Promise<Loaded> {
  const implementations: Implementation[] = []
  const notes: string[] = []
  for (const [name, load] of Object.entries(peers)) {
    try {
      implementations.push(...(await (await load()).load()))
    } catch (error) {
      notes.push(`${name} is left out: ${(error as Error).message.split('\n')[0]}`)
    }
  }
  return { implementations, notes }
}
