export type { CoseDecryptKeys, CoseEncrypt0, CoseEncryptOptions } from './cose.ts'
export { cose, decryptCose, encryptCose, maxIdBytes, parseCose } from './cose.ts'
export type { HpkeOpenOptions, HpkePsk, HpkeSealOptions } from './hpke.ts'
export { openHpke, sealHpke } from './hpke.ts'
