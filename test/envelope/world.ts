import { crypto, memorySecrets, type SecretKey, type Secrets } from '../../runtime/crypto/index.ts'
import type { DidDocument, VerificationMethod } from '../../runtime/did/document.ts'
import type { CompactContext, EnvelopeContext } from '../../runtime/envelope/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { typeRegistry } from '../../runtime/message/type-registry.ts'

/** Somebody with a DID, its document and the private keys to it. */
export interface Party {
  did: string
  document: DidDocument
  keys: SecretKey[]
}

/** Bytes that are the same in every run and differ for every seed and position. */
export function seededBytes(seed: string): (lengthBytes: number) => Uint8Array {
  let counter = 0
  return (lengthBytes) => {
    const bytes = new Uint8Array(lengthBytes)
    for (let offset = 0; offset < lengthBytes; offset += 32) {
      const block = crypto.sha256(new TextEncoder().encode(`${seed} ${counter++}`))
      bytes.set(block.subarray(0, Math.min(32, lengthBytes - offset)), offset)
    }
    return bytes
  }
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** Makes a party with `agreementKeys` X25519 keys and one Ed25519 key, all derived from its DID. */
export function party(did: string, agreementKeys = 1): Party {
  const random = seededBytes(did)
  const keys: SecretKey[] = []
  for (let n = 1; n <= agreementKeys; n++) {
    keys.push({ kid: `${did}#key-x25519-${n}`, curve: 'X25519', secretKey: random(32) })
  }
  keys.push({ kid: `${did}#key-ed25519-1`, curve: 'Ed25519', secretKey: random(32) })
  const verificationMethod = keys.map((key) => method(did, key))
  const ids = (curve: string): string[] => keys.filter((key) => key.curve === curve).map(({ kid }) => kid)
  const document = {
    id: did,
    verificationMethod,
    keyAgreement: ids('X25519'),
    authentication: ids('Ed25519'),
    service: [],
  }
  return { did, document, keys }
}

function method(did: string, { kid, curve, secretKey }: SecretKey): VerificationMethod {
  const algorithm = curve === 'X25519' ? crypto.x25519 : crypto.ed25519
  const x = base64url(algorithm.getPublicKey(secretKey))
  return { id: kid, type: 'JsonWebKey2020', controller: did, publicKeyJwk: { kty: 'OKP', crv: curve, x } }
}

/** `Secrets` over the keys of one party or several. It counts the scalar multiplications. */
export function testSecrets(keys: readonly SecretKey[]): Secrets & { derived: number } {
  const secrets = memorySecrets(crypto, keys)
  return {
    ...secrets,
    derived: 0,
    deriveBits(kid, peerPublicKey) {
      this.derived++
      return secrets.deriveBits(kid, peerPublicKey)
    },
  }
}

/** Resolves the documents of `parties`. */
export function testResolve(documents: readonly DidDocument[]): EnvelopeContext['resolve'] {
  return async (did) => {
    const document = documents.find(({ id }) => id === did)
    if (!document) throw new DidCommError('ERR_DID_NOT_FOUND', `no document for ${did}`)
    return document
  }
}

/** The message types that tests give small integers. */
export const testTypes = typeRegistry([{ code: 1, type: 'https://didcomm.org/telemetry/1.0/report' }])

/** The context of `own` among `others`, all of whom it can resolve and knows as senders. */
export function contextOf(own: Party, others: readonly Party[], changes: Partial<CompactContext> = {}): CompactContext {
  const parties = [own, ...others]
  return {
    crypto,
    secrets: testSecrets(own.keys),
    resolve: testResolve(parties.map(({ document }) => document)),
    randomBytes: seededBytes(`random of ${own.did}`),
    types: testTypes,
    knownKids: async () => parties.flatMap(({ document }) => document.keyAgreement as string[]),
    ...changes,
  }
}
