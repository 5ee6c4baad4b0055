// Whole envelopes, as this package makes them.
import { type Crypto, memorySecrets, type Secrets, secretKeyFromJwk } from 'didcomm-mote/crypto'
import { compact, type EnvelopeContext, type EnvelopeFormat, json, packSigned } from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import type { Makers } from './implementation.ts'
import { envelopeMakers, type Kind, kinds, type Party, recipientCounts, type Scene } from './messages.ts'

const random = (lengthBytes: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes))

function contextOf(crypto: Crypto, { alice, bob }: Scene, secrets: Secrets): EnvelopeContext {
  const documents = new Map([alice, bob].map(({ did, document }) => [did, document]))
  return {
    crypto,
    secrets,
    randomBytes: random,
    types: typeRegistry([{ code: 1, type: 'https://didcomm.org/basicmessage/2.0/message' }]),
    knownKids: async () => [alice, bob].flatMap(({ document }) => document.keyAgreement as string[]),
    async resolve(did) {
      const document = documents.get(did)
      if (!document) throw new Error(`no document for ${did}`)
      return document
    },
  }
}

const secretsOf = (crypto: Crypto, { secrets }: Party): Secrets =>
  memorySecrets(
    crypto,
    secrets.map((jwk) => secretKeyFromJwk(jwk)),
  )

/** Secrets that remember nothing: each message is as between two parties that never wrote to each other. */
function forgetful(secrets: Secrets): Secrets {
  return { ...secrets, deriveBits: (kid, peerPublicKey) => secrets.deriveBits(kid, peerPublicKey) }
}

function between(crypto: Crypto, format: EnvelopeFormat, kind: Kind, wrap: (secrets: Secrets) => Secrets) {
  return (scene: Scene) => {
    const { alice, bob, message } = scene
    const [asAlice, asBob] = [alice, bob].map((own) => contextOf(crypto, scene, wrap(secretsOf(crypto, own))))
    if (!asAlice || !asBob) throw new TypeError('two parties')
    const to = { to: bob.did, ...(kind === 'authcrypt' && { from: alice.did }) }
    return {
      pack: async () =>
        kind === 'signed' ? packSigned(message, { from: alice.did }, asAlice) : format.pack(message, to, asAlice),
      unpack: async (packed: unknown) => (await format.unpack((packed as { bytes: Uint8Array }).bytes, asBob)).message,
    }
  }
}

const remembering = (secrets: Secrets): Secrets => secrets

/** In JSON, with keys in memory. */
export function messageMakers(crypto: Crypto): Makers {
  const made = kinds.flatMap((kind) =>
    recipientCounts
      .filter((count) => kind !== 'signed' || count === 1)
      .map((count) => envelopeMakers(kind, count, between(crypto, json(), kind, remembering))),
  )
  return Object.assign({}, ...made)
}

/** In JSON, without a memory of whom was written to. */
export function newPairMakers(crypto: Crypto): Makers {
  const made = recipientCounts.map((count) =>
    envelopeMakers('authcrypt', count, between(crypto, json(), 'authcrypt', forgetful)),
  )
  return Object.assign({}, ...made)
}

/** The compact envelope, for the first key of the recipient. */
export function compactMakers(crypto: Crypto): Makers {
  const made = (['authcrypt', 'anoncrypt'] as const).map((kind) =>
    envelopeMakers(kind, 1, between(crypto, compact(), kind, remembering)),
  )
  return Object.assign({}, ...made)
}
