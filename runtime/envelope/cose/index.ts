export type { CoseDecryptKeys, CoseEncrypt0, CoseEncryptOptions } from './cose.ts'
export { cose, decryptCose, encryptCose, maxIdBytes, parseCose } from './cose.ts'
