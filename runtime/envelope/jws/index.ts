export type { Jws, JwsSignature, JwsSignOptions, SignatureAlgorithm } from './jws.ts'
export { maxSignatures, parseJws, signJws, verifyJws } from './jws.ts'
