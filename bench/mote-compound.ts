// What is more than one primitive: a batch of signatures, and HPKE.
import { type Crypto, type Hpke, hpkeOver, type SignedMessage } from 'didcomm-mote/crypto'
import type { Input, Makers } from './implementation.ts'
import { batchSize } from './operations.ts'

const random = (lengthBytes: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes))

/** Signatures by as many different keys. */
function batchOf(input: Input): SignedMessage[] {
  return Array.from({ length: batchSize }, (_, index) => {
    const other = input.other(index)
    return { signature: other.given('ed25519-sign'), message: other.message, publicKey: other.given('ed25519-keypair') }
  })
}

function batchMakers({ ed25519 }: Crypto): Makers {
  return {
    'ed25519-verify-batch': (input) => {
      const batch = batchOf(input)
      return {
        call: () => ed25519.verifyBatch(batch),
        value: (returned) => (returned as boolean[]).every((valid) => valid),
      }
    },
  }
}

/** `enc` and the ciphertext, one after the other. */
function sealedBy(hpke: Hpke, input: Input): Uint8Array {
  const recipientPublicKey = input.given('x25519-base')
  const { enc, ciphertext } = hpke.seal({ recipientPublicKey, plaintext: input.message }, () => input.peerKey.slice())
  return Uint8Array.from([...enc, ...ciphertext])
}

function hpkeMakers(hpke: Hpke): Makers {
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
  return { ...batchMakers(crypto), ...hpkeMakers(hpkeOver(crypto, 'chacha20poly1305')) }
}
