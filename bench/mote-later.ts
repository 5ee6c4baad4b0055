// Rows of what this package does not have in every version.
import type { Crypto } from 'didcomm-mote/crypto'
import type { Input, Makers } from './implementation.ts'
import { batchSize } from './operations.ts'

/** One signature of a batch. */
interface Signed {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

type VerifyBatch = (batch: readonly Signed[]) => unknown

function batchOf(input: Input): Signed[] {
  return Array.from({ length: batchSize }, (_, index) => {
    const other = input.other(index)
    return { signature: other.given('ed25519-sign'), message: other.message, publicKey: other.given('ed25519-keypair') }
  })
}

export function laterMakers(crypto: Crypto): Makers {
  const features = new Map<string, unknown>(Object.entries(crypto.ed25519))
  const verifyBatch = features.get('verifyBatch') as VerifyBatch | undefined
  if (!verifyBatch) return {}
  return {
    'ed25519-verify-batch': (input) => {
      const batch = batchOf(input)
      return () => verifyBatch(batch)
    },
  }
}
