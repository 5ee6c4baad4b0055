import type { CompactPart } from './compact-part.ts'
import { plaintext } from './compact-plaintext.ts'
import { several } from './compact-several.ts'
import { signed } from './compact-signed.ts'

/** All of Profile C, for `pack` and `unpack`. */
export const compactParts: readonly CompactPart[] = /* @__PURE__ */ [
  /* @__PURE__ */ plaintext(),
  /* @__PURE__ */ signed(),
  /* @__PURE__ */ several(),
]
