import type { CompactPart } from './compact-part.ts'
import { plaintext } from './compact-plaintext.ts'

/** All of Profile C, for `pack` and `unpack`. */
export const compactParts: readonly CompactPart[] = /* @__PURE__ */ [/* @__PURE__ */ plaintext()]
