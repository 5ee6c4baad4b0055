export { type CoseContentAlgorithm, chaCha20Poly1305, contentAlgorithms } from './content-algorithms.ts'
export type {
  CoseContent,
  CoseDecryptForKeys,
  CoseEncrypt,
  CoseEncryptForOptions,
  CoseRecipient,
  UnwrapCoseKey,
  WrapCoseKey,
} from './encrypt.ts'
export { decryptCoseFor, encryptCoseFor, maxCoseRecipients, parseCoseEncrypt } from './encrypt.ts'
export type { CoseDecryptKeys, CoseEncrypt0, CoseEncryptOptions } from './encrypt0.ts'
export { decryptCose, encryptCose, parseCose } from './encrypt0.ts'
export { type CoseHeaders, type CoseLayer, maxIdBytes } from './headers.ts'
export type { CoseHpkeAgreed, CoseHpkeKeys, CoseHpkeRecipient, CoseHpkeRecipientOptions } from './hpke-recipient.ts'
export { hpkeRecipient, parseHpkeRecipient, unwrapHpke } from './hpke-recipient.ts'
export type { CoseSign, CoseSignOptions } from './sign.ts'
export { maxCoseSignatures, parseCoseSign, signCose, verifyCose } from './sign.ts'
export type { CoseSign1, CoseSign1Options } from './sign1.ts'
export { parseCoseSign1, signCose1, verifyCose1 } from './sign1.ts'
export type { CoseSignature, CoseSigner, CoseVerifyKeys } from './signature.ts'
export type { CosePublicKey, CoseSignatureAlgorithm } from './signature-algorithms.ts'
