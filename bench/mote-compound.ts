// Rows of more than one primitive, and of what this package does not have in every version.
import { type Crypto, type Hpke, hpkeOver } from 'didcomm-mote/crypto'
import type { Input, Makers } from './implementation.ts'
import { batchSize } from './operations.ts'

/** One signature of a batch. */
interface Signed {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

type VerifyBatch = (batch: readonly Signed[], randomBytes: typeof random) => unknown

const random = (lengthBytes: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes))

function batchOf(input: Input): Signed[] {
  return Array.from({ length: batchSize }, (_, index) => {
    const other = input.other(index)
    return { signature: other.given('ed25519-sign'), message: other.message, publicKey: other.given('ed25519-keypair') }
  })
}

function batchMakers(crypto: Crypto): Makers {
  const features = new Map<string, unknown>(Object.entries(crypto.ed25519))
  const verifyBatch = features.get('verifyBatch') as VerifyBatch | undefined
  if (!verifyBatch) return {}
  return {
    'ed25519-verify-batch': (input) => {
      const batch = batchOf(input)
      return () => verifyBatch(batch, random)
    },
  }
}

/** `enc` and the ciphertext, one after the other. */
function sealedBy(hpke: Hpke, input: Input): Uint8Array {
  const recipientPublicKey = input.given('x25519-base')
  const { enc, ciphertext } = hpke.seal({ recipientPublicKey, plaintext: input.message }, () => input.peerKey.slice())
  return Uint8Array.from([...enc, ...ciphertext])
}

function hpkeMakers(crypto: Crypto): Makers {
  const hpke = hpkeOver(crypto, 'chacha20poly1305')
  return {
    'hpke-sealed': (input) => () => sealedBy(hpke, input),
    'hpke-seal': (input) => {
      const [recipientPublicKey, { message: plaintext, secretKey }] = [input.given('x25519-base'), input]
      return {
        call: () => hpke.seal({ recipientPublicKey, plaintext }, random),
        // The ephemeral key is another one each time.
        value: (returned) => hpke.open({ secretKey, ...(returned as ReturnType<Hpke['seal']>) }),
      }
    },
    'hpke-open': (input) => {
      const sealed = input.given('hpke-sealed')
      const options = { secretKey: input.secretKey, enc: sealed.slice(0, 32), ciphertext: sealed.slice(32) }
      return () => hpke.open(options)
    },
  }
}

export function compoundMakers(crypto: Crypto): Makers {
  return { ...batchMakers(crypto), ...hpkeMakers(crypto) }
}
