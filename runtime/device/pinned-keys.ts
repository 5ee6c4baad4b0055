import { equalBytes } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { didOf } from '../did/did-url.ts'
import type { PublicKey } from '../did/document.ts'
import { shortId } from '../envelope/compact-keys.ts'
import type { KeysOf } from '../envelope/keys.ts'

/** Knows the keys that were given beforehand, and no others: nothing is resolved. */
export function pinnedKeys(
  keys: readonly PublicKey[],
  crypto: Pick<Crypto, 'sha256'>,
): { keysOf: KeysOf; knownKids: (id: Uint8Array) => Promise<readonly string[]> } {
  const ids = keys.map(({ kid }) => ({ kid, id: shortId(kid, crypto) }))
  return {
    keysOf: async (did) => keys.filter(({ kid }) => didOf(kid) === did),
    knownKids: async (short) => ids.filter(({ id }) => equalBytes(id, short)).map(({ kid }) => kid),
  }
}
