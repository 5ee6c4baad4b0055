import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import {
  crypto as core,
  memorySecrets,
  type SecretJwk,
  type SecretKey,
  type Secrets,
} from '../../runtime/crypto/index.ts'
import type { DidDocument, VerificationMethod } from '../../runtime/did/document.ts'
import type { CompactContext, EnvelopeContext } from '../../runtime/envelope/index.ts'
import { DidCommError, type ErrorCode } from '../../runtime/errors.ts'
import { typeRegistry } from '../../runtime/message/type-registry.ts'

/** The core with all curves. */
export const crypto = withCurves(core, p256, p384, p521, secp256k1)

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

type Curve = SecretKey['curve']

/** Makes a party with `agreementKeys` keys on one curve and one key to sign with, all derived from its DID. */
export function party(
  did: string,
  agreementKeys = 1,
  { agreement = 'X25519', signing = 'Ed25519' }: { agreement?: Curve; signing?: Curve } = {},
): Party {
  const random = seededBytes(did)
  const key = (curve: Curve, n: number): SecretKey => ({
    kid: `${did}#key-${curve.toLowerCase()}-${n}`,
    curve,
    secretKey: secretKeyOn(curve, random),
  })
  const agreeing = Array.from({ length: agreementKeys }, (_, i) => key(agreement, i + 1))
  const keys = [...agreeing, key(signing, agreement === signing ? agreementKeys + 1 : 1)]
  const document = {
    id: did,
    verificationMethod: keys.map((one) => method(did, one)),
    keyAgreement: agreeing.map(({ kid }) => kid),
    authentication: keys.slice(agreementKeys).map(({ kid }) => kid),
    service: [],
  }
  return { did, document, keys }
}

function secretKeyOn(curve: Curve, random: (lengthBytes: number) => Uint8Array): Uint8Array {
  return crypto.curves?.get(curve)?.generateSecretKey(random) ?? random(32)
}

/** The public half of a private key, as a JWK. */
export function publicJwk({ curve, secretKey }: SecretKey): { kty: string; crv: string; x: string; y?: string } {
  const known = crypto.curves?.get(curve)
  if (known) {
    const { x, y } = known.coordinates(known.getPublicKey(secretKey))
    return { kty: 'EC', crv: curve, x: base64url(x), y: base64url(y) }
  }
  const algorithm = curve === 'X25519' ? crypto.x25519 : crypto.ed25519
  return { kty: 'OKP', crv: curve, x: base64url(algorithm.getPublicKey(secretKey)) }
}

/** The private keys of a party, as JWKs. */
export function secretJwks({ keys }: Party): SecretJwk[] {
  return keys.map((key) => ({ kid: key.kid, d: base64url(key.secretKey), ...publicJwk(key) }))
}

function method(did: string, key: SecretKey): VerificationMethod {
  return { id: key.kid, type: 'JsonWebKey2020', controller: did, publicKeyJwk: publicJwk(key) }
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

/** The code that a promise fails with; `undefined` where it does not fail. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | undefined> {
  return work.then(
    () => undefined,
    (error) => error.code ?? error,
  )
}
