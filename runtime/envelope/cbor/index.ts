export {
  type AttachmentMember,
  PLAIN_CBOR,
  parseCborMessage,
  serializeCborMessage,
} from '../../message/cbor-plaintext.ts'
export { type CborOptions, cborEnvelope } from './format.ts'
export { type CborWriting, packCbor, packPlaintextCbor, packSignedCbor } from './pack.ts'
export { ENCRYPTED_CBOR, SIGNED_CBOR } from './profile.ts'
export { unpackCbor } from './unpack.ts'
