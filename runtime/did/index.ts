export { createDidJwk, didJwk, type PublicJwk } from './did-jwk.ts'
export { didKey } from './did-key.ts'
export { type DidPeerOptions, didPeer } from './did-peer.ts'
export { createDidPeer2, type DidPeer2Input, type KeyPurpose } from './did-peer-2.ts'
export { createDidPeer4, type InputDocument } from './did-peer-4.ts'
export { type DidResolutionResult, type DidResolver, fromDidResolver, toDidResolver } from './did-resolver.ts'
export { canonicalDid, didOf, isDid } from './did-url.ts'
export type {
  Curve,
  DidDocument,
  DidMethod,
  PublicKey,
  Resolve,
  Service,
  ServiceEndpoint,
  VerificationMethod,
} from './document.ts'
export { authenticationKeys, keyAgreementKeys } from './keys.ts'
export { keepLongForm, type LongFormStore, memoryLongForms } from './long-forms.ts'
export { decodeMultikey, encodeMultikey } from './multikey.ts'
export { type DocumentStore, type OfflineCacheOptions, offlineCached, type StoredDocument } from './offline-cache.ts'
export { type CacheOptions, cached, firstOf } from './resolver.ts'
export { type SecretMultikey, secretKeyFromMultikey, secretKeyToMultikey } from './secret-multikey.ts'
export { didcommService, didcommServices, type ServiceInput } from './services.ts'
