export type { Jws, JwsSignature, JwsSigner, JwsSignOptions, SignatureAlgorithm } from './jws.ts'
export { maxSignatures, parseJws, signJws, verifyJws } from './jws.ts'
