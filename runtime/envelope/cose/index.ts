export type { DeriveBits } from '../../crypto/agreement-curve.ts'
export type { CoseContent, CoseContentOptions, CoseContentReadOptions } from './content.ts'
export { type CoseContentAlgorithm, chaCha20Poly1305, contentAlgorithms } from './content-algorithms.ts'
export type { CoseCurve } from './cose-key.ts'
export type {
  CoseDirectHkdfOptions,
  CoseDirectKeys,
  CoseDirectOptions,
  CoseDirectRecipient,
} from './direct-recipient.ts'
export { directHkdfRecipient, directRecipient, parseDirectRecipient, unwrapDirect } from './direct-recipient.ts'
export { type CoseEcdhAlgorithm, ecdh1pu, ecdhAlgorithms, ecdhEsA256kw } from './ecdh-algorithms.ts'
export type {
  CoseAgreementKey,
  CoseAgreementSender,
  CoseEcdhKeys,
  CoseEcdhOptions,
  CoseEcdhRecipient,
} from './ecdh-recipient.ts'
export { ecdhDirect, ecdhRecipients, parseEcdhRecipient, unwrapEcdh } from './ecdh-recipient.ts'
export type {
  AgreeCoseKey,
  CoseDecryptForKeys,
  CoseEncrypt,
  CoseEncryptForOptions,
  CoseRecipient,
  CoseWorld,
  UnwrapCoseKey,
  WrapCoseKey,
} from './encrypt.ts'
export { decryptCoseFor, encryptCoseFor, maxCoseRecipients, parseCoseEncrypt } from './encrypt.ts'
export type { CoseDecryptKeys, CoseEncrypt0, CoseEncryptOptions } from './encrypt0.ts'
export { decryptCose, encryptCose, parseCose } from './encrypt0.ts'
export { type CoseHeaders, type CoseLayer, type CoseLeniency, type CoseReadOptions, maxIdBytes } from './headers.ts'
export type { CoseHpkeAgreed, CoseHpkeKeys, CoseHpkeRecipient, CoseHpkeRecipientOptions } from './hpke-recipient.ts'
export { hpkeRecipient, parseHpkeRecipient, unwrapHpke } from './hpke-recipient.ts'
export type { CoseKdfInputs, CoseKnownInputs, CoseParty } from './kdf-context.ts'
export type { CoseSharedEncrypt0, CoseSharedOptions } from './shared.ts'
export { decryptCoseShared, encryptCoseShared, parseCoseShared } from './shared.ts'
export type { CoseSign, CoseSignOptions } from './sign.ts'
export { maxCoseSignatures, parseCoseSign, signCose, verifyCose } from './sign.ts'
export type { CoseSign1, CoseSign1Options } from './sign1.ts'
export { parseCoseSign1, signCose1, verifyCose1 } from './sign1.ts'
export type { CoseSignature, CoseSigner, CoseVerifyKeys } from './signature.ts'
export type { CosePublicKey, CoseSignatureAlgorithm } from './signature-algorithms.ts'
