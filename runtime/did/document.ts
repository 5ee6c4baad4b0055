/** A public key in a DID document (DID Core 1.0 §5.2). */
export interface VerificationMethod {
  id: string
  type: string
  controller: string
  publicKeyMultibase?: string
  publicKeyBase58?: string
  publicKeyJwk?: { kty: string; crv: string; x: string; y?: string; [member: string]: unknown }
}

/** DID Core 1.0 §5.4. `serviceEndpoint` has many forms in the wild; `didcommServices` reads them. */
export interface Service {
  id: string
  type: string
  serviceEndpoint: unknown
  [property: string]: unknown
}

/** A DID document as its method defines it: ids may be relative (`#key-1`). */
export interface DidDocument {
  '@context'?: unknown
  id: string
  alsoKnownAs?: string[]
  verificationMethod?: VerificationMethod[]
  authentication?: (string | VerificationMethod)[]
  assertionMethod?: (string | VerificationMethod)[]
  keyAgreement?: (string | VerificationMethod)[]
  capabilityInvocation?: (string | VerificationMethod)[]
  capabilityDelegation?: (string | VerificationMethod)[]
  service?: Service[]
  [property: string]: unknown
}

export type Curve = 'X25519' | 'Ed25519' | 'P-256' | 'P-384' | 'P-521' | 'secp256k1'

/**
 * A public key. `bytes`: 32 for X25519 and Ed25519; for the other curves a point as in SEC 1 §2.3.3, uncompressed where the
 * document has both coordinates, which is checked to be on its curve where it is used.
 */
export interface PublicKey {
  /** The absolute DID URL. */
  kid: string
  curve: Curve
  bytes: Uint8Array
}

/** One endpoint of a `DIDCommMessaging` service (DIDComm v2.1, "Service Endpoint"). */
export interface ServiceEndpoint {
  /** A transport URI, or the DID of a mediator. */
  uri: string
  /** Profiles in order of preference; empty where the document names none. */
  accept: string[]
  /** Absolute DID URLs of keys, outermost first. */
  routingKeys: string[]
}

/**
 * Resolves a DID (without path, query or fragment) to its document.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`, `ERR_DID_NOT_FOUND`
 */
export type Resolve = (did: string) => Promise<DidDocument>

/** One DID method. */
export interface DidMethod {
  /** The method name, as between the first two colons. */
  readonly method: string
  readonly resolve: Resolve
}
