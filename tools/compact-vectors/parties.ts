import { type CborValue, decodeCbor, type Tagged } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { memorySecrets } from '../../runtime/crypto/memory-secrets.ts'
import type { DidDocument, PublicKey } from '../../runtime/did/document.ts'
import type { CompactContext } from '../../runtime/envelope/compact-psk.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import { typeRegistry } from '../../runtime/message/type-registry.ts'

/** Who writes to whom in the vectors. All keys are hashes of their names, so that a second run writes the same file. */

/** A key as the vectors spell it. */
export interface VectorKey {
  url: string
  secretKey: string
  publicKey: string
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A fixed secret: the hash of its name. */
export const secretOf = (name: string): Uint8Array => crypto.sha256(new TextEncoder().encode(`compact.json ${name}`))

export interface VectorParty {
  readonly key: PublicKey
  readonly secretKey: Uint8Array
  readonly hex: VectorKey
}

function partyOf(url: string, curve: 'X25519' | 'Ed25519' = 'X25519'): VectorParty {
  const secretKey = secretOf(url)
  const key = { kid: url, curve, bytes: crypto[curve === 'X25519' ? 'x25519' : 'ed25519'].getPublicKey(secretKey) }
  return { key, secretKey, hex: { url, secretKey: hex(secretKey), publicKey: hex(key.bytes) } }
}

export const sensor: VectorParty = partyOf('did:example:sensor#key-1')
export const signer: VectorParty = partyOf('did:example:sensor#key-3', 'Ed25519')
export const gateway: VectorParty = partyOf('did:web:gateway.example.com#key-2')
export const cloud: VectorParty = partyOf('did:example:cloud#key-1')

/** The types that have numbers in the vectors. */
export const types = typeRegistry([{ code: 1, type: 'https://example.com/telemetry/1.0/report' }])

const didOf = ({ key }: VectorParty): string => key.kid.slice(0, key.kid.indexOf('#'))

function documentOf(...parties: VectorParty[]): DidDocument {
  const id = didOf(parties[0]!)
  const listed = (curve: string) => parties.filter(({ key }) => key.curve === curve).map(({ key }) => key.kid)
  const verificationMethod = parties.map(({ key: { kid, curve, bytes } }) => ({
    id: kid,
    type: 'JsonWebKey2020',
    controller: id,
    publicKeyJwk: { kty: 'OKP', crv: curve, x: Buffer.from(bytes).toString('base64url') },
  }))
  return { id, verificationMethod, keyAgreement: listed('X25519'), authentication: listed('Ed25519') }
}

const documents = [documentOf(sensor, signer), documentOf(gateway), documentOf(cloud)]

/** The world of the sensor, with the random bytes that are asked for in turn. */
export function contextOf(...random: Uint8Array[]): CompactContext {
  const keys = [sensor, signer].map(({ key, secretKey }) => ({ kid: key.kid, curve: key.curve as 'X25519', secretKey }))
  return documentKeys({
    crypto,
    secrets: memorySecrets(crypto, keys),
    randomBytes: (lengthBytes) => (random.shift() ?? new Uint8Array(0)).slice(0, lengthBytes),
    resolve: async (did) => documents.find(({ id }) => id === did) ?? { id: did },
    types,
  })
}

/** The elements of the array under the tag. */
export const partsOf = (envelope: Uint8Array): CborValue[] => [
  ...((decodeCbor(envelope.slice()) as Tagged).value as CborValue[]),
]

/** The same bytes with one bit flipped. */
export function flipped(envelope: Uint8Array, index: number): Uint8Array {
  const bytes = envelope.slice()
  bytes.set([(bytes.at(index) ?? 0) ^ 1], index < 0 ? bytes.length + index : index)
  return bytes
}
