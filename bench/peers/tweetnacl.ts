import nacl from 'tweetnacl'
import { hashMaker, type Implementation, type Makers } from '../implementation.ts'

const makers: Makers = {
  x25519: (input) => () => nacl.scalarMult(input.secretKey, input.peerKey),
  'x25519-base': (input) => () => nacl.scalarMult.base(input.secretKey),
  'ed25519-keypair': (input) => () => nacl.sign.keyPair.fromSeed(input.secretKey).publicKey,
  'ed25519-sign': (input) => {
    const { secretKey } = nacl.sign.keyPair.fromSeed(input.secretKey)
    return () => nacl.sign.detached(input.message, secretKey)
  },
  'ed25519-verify': (input) => {
    const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => nacl.sign.detached.verify(input.message, signature, publicKey)
  },
  sha512: hashMaker((message) => nacl.hash(message)),
}

export async function load(): Promise<Implementation[]> {
  return [{ name: 'tweetnacl', makers }]
}
