import { didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import type { EnvelopeContext } from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import { world } from 'didcomm-mote/world'

/** What `pack` and `unpack` need to act for the did:key of `seed`. */
export function packContext(seed: Uint8Array): EnvelopeContext {
  return {
    crypto,
    secrets: memorySecrets(crypto, didKeyIdentity(crypto, seed).secretKeys),
    resolve: firstOf(didKey(crypto), didPeer(crypto)),
    randomBytes: world().randomBytes,
    types: typeRegistry([]),
  }
}
