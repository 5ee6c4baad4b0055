import { x25519 } from '@noble/curves/ed25519.js'
import type { Implementation, Makers } from '../implementation.ts'
import { type Envelopes, envelopeMakers, type Kind, type Party, recipientCounts, type Scene } from '../messages.ts'

/** The parts of @veramo/did-comm that are used here. */
interface Peer {
  DIDComm: new () => {
    packDIDCommMessage(args: object, context: object): Promise<{ message: string }>
    unpackDIDCommMessage(args: object, context: object): Promise<{ message: { body?: unknown } }>
  }
}

const hex = (text: string): string => Buffer.from(text, 'base64url').toString('hex')

/** What the plugin asks of an agent, over keys in memory. The scalar multiplication is noble's. */
function agentOf(own: Party, { alice, bob }: Scene): object {
  const documentOf = (didUrl: string) => [alice, bob].find(({ did }) => did === didUrl.split('#')[0])?.document
  const keys = own.secrets.map(({ kid, crv, x }) => ({ kid, kms: 'memory', type: crv, publicKeyHex: hex(x), meta: {} }))
  return {
    resolveDid: async ({ didUrl }: { didUrl: string }) => ({
      didDocument: documentOf(didUrl),
      didResolutionMetadata: {},
      didDocumentMetadata: {},
    }),
    getDIDComponentById: async ({ didUrl }: { didUrl: string }) =>
      documentOf(didUrl)?.verificationMethod?.find(({ id }) => id === didUrl),
    async didManagerGet({ did }: { did: string }) {
      if (did !== own.did) throw new Error('not managed here')
      return { did, keys, services: [], provider: 'none' }
    },
    async keyManagerSharedSecret({
      secretKeyRef,
      publicKey,
    }: {
      secretKeyRef: string
      publicKey: { publicKeyHex: string }
    }) {
      const secret = own.secrets.find(({ kid }) => kid === secretKeyRef)
      if (!secret) throw new Error('no such key')
      const shared = x25519.getSharedSecret(
        Buffer.from(secret.d, 'base64url'),
        Buffer.from(publicKey.publicKeyHex, 'hex'),
      )
      return Buffer.from(shared).toString('hex')
    },
  }
}

/** It does not speak the wire format of the specification: no apu and apv, ECDH-1PU without the tag. Its own envelopes it opens. */
export async function load(): Promise<Implementation[]> {
  const name = '@veramo/did-comm'
  const { DIDComm } = (await import(name)) as unknown as Peer
  const plugin = new DIDComm()

  function between(kind: Kind) {
    return (scene: Scene): Envelopes => {
      const [asAlice, asBob] = [scene.alice, scene.bob].map((own) => ({ agent: agentOf(own, scene) }))
      if (!asAlice || !asBob) throw new TypeError('two parties')
      const options = { enc: 'A256CBC-HS512' }
      return {
        pack: () => plugin.packDIDCommMessage({ packing: kind, message: scene.message, options }, asAlice),
        unpack: async (packed) => (await plugin.unpackDIDCommMessage(packed as object, asBob)).message,
      }
    }
  }

  const made = (['authcrypt', 'anoncrypt'] as const).flatMap((kind) =>
    recipientCounts.map((count) => envelopeMakers(kind, count, between(kind))),
  )
  return [{ name, makers: Object.assign({}, ...made) as Makers }]
}
