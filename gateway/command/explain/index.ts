import { explainCbor } from './cbor.ts'
import { explainFragment } from './fragment.ts'
import { explainJson } from './json.ts'
import type { Part } from './part.ts'

export type { Part } from './part.ts'

/**
 * Takes an envelope apart: JSON, CBOR or a fragment of one, by its first byte. Nothing is decrypted or verified.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function explain(bytes: Uint8Array): Part {
  const [first = 0] = bytes
  if (first === 0x7b) return explainJson(bytes, explain)
  if (first < 0x20) return { name: 'session envelope', bytes: bytes.length, text: 'sessions are not specified yet' }
  if (first < 0x30) return { name: 'session handshake', bytes: bytes.length, text: 'sessions are not specified yet' }
  if (first < 0x40) return explainFragment(bytes)
  return explainCbor(bytes)
}
