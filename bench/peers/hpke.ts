import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { Implementation, Input, Makers } from '../implementation.ts'

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
})

/** The peer wants memory that is not shared. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)

/** Keys are imported beforehand: there is no call that takes raw ones. */
async function recipientOf(input: Input) {
  return {
    publicKey: await suite.kem.deserializePublicKey(own(input.given('x25519-base'))),
    privateKey: await suite.kem.deserializePrivateKey(own(input.secretKey)),
  }
}

const makers: Makers = {
  'hpke-seal': async (input) => {
    const { publicKey, privateKey } = await recipientOf(input)
    const message = own(input.message)
    return {
      async: true,
      call: () => suite.seal({ recipientPublicKey: publicKey }, message),
      // Its ephemeral key is another one each time.
      value: async (returned) => {
        const { enc, ct } = returned as { enc: ArrayBuffer; ct: ArrayBuffer }
        return new Uint8Array(await suite.open({ recipientKey: privateKey, enc }, ct))
      },
    }
  },
  'hpke-open': async (input) => {
    const { privateKey } = await recipientOf(input)
    const sealed = own(input.given('hpke-sealed'))
    const [enc, ciphertext] = [sealed.slice(0, 32), sealed.slice(32)]
    return {
      async: true,
      call: () => suite.open({ recipientKey: privateKey, enc }, ciphertext),
    }
  },
}

/** @throws Error where WebCrypto, which it computes with, has no X25519 */
export async function load(): Promise<Implementation[]> {
  await suite.kem.generateKeyPair()
  return [{ name: '@hpke/core', makers }]
}
