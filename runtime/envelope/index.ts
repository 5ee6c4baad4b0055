export {
  type AttachmentHeaders,
  attachBytes,
  attachJson,
  attachLinks,
  type ReadAttachmentOptions,
  readAttachment,
  signAttachment,
  verifyAttachment,
} from './attachment.ts'
export type { CompactOptions } from './compact.ts'
export { compact } from './compact.ts'
export type { Ids } from './compact-keys.ts'
export { shortId } from './compact-keys.ts'
export type { CompactPart, OpenedLayer, SealedLayer, SealOptions, SignOptions } from './compact-part.ts'
export { COMPACT_PLAIN, packPlaintextCompact, plaintext } from './compact-plaintext.ts'
export type { PackContext as CompactContext } from './compact-psk.ts'
export { COMPACT } from './compact-seal.ts'
export { COMPACT_SEVERAL, several } from './compact-several.ts'
export { COMPACT_SIGNED, type PackSignedCompactOptions, packSignedCompact, signed } from './compact-signed.ts'
export { compactWith } from './compact-with.ts'
export type {
  Encoding,
  EnvelopeContext,
  EnvelopeFormat,
  ForwardOptions,
  Layer,
  Leniency,
  Packed,
  PackOptions,
  Prior,
  Unpacked,
} from './envelope.ts'
export { forwardType, maxForwardedPayloads, maxRoutingKeys, unwrapForward, wrapForward } from './forward.ts'
export { createFromPrior, type FromPriorInput, priorOf, verifyFromPrior } from './from-prior.ts'
export type { JsonOptions } from './json.ts'
export { json } from './json.ts'
export type { PackAsOptions } from './pack.ts'
export { pack } from './pack.ts'
export { type PackedFor, type PackForEachOptions, packForEach } from './pack-for-each.ts'
export type { PackJsonOptions, PackSignedOptions } from './pack-json.ts'
export { packPlaintext, packSigned } from './pack-json.ts'
export type { PskCache } from './psk-cache.ts'
export { pskCache } from './psk-cache.ts'
export type { UnpackOptions } from './unpack.ts'
export { unpack } from './unpack.ts'
