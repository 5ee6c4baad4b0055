import { DidCommError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The ASCII code of each value. */
const CODES = /* @__PURE__ */ Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0))
/** The value of each ASCII character; -1 for those that base64url does not use, which leaves its sign in what it enters. */
const VALUES = /* @__PURE__ */ valuesOf(ALPHABET)

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value
  return values
}

/** Encodes bytes as base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    // Bytes past the end read as undefined, which shifts to 0.
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text[at++] = CODES[group >> 18]!
    text[at++] = CODES[(group >> 12) & 63]!
    // Writes past the end are dropped.
    text[at++] = CODES[(group >> 6) & 63]!
    if (i < whole) text[at++] = CODES[group & 63]!
  }
  return decodeUtf8(text)
}

/**
 * Decodes base64url without padding. Only the one canonical text of a byte string is taken: no white space, and no
 * stray bits in the last character.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeBase64url(text: string): Uint8Array {
  const rest = text.length % 4
  const whole = text.length - rest
  const bytes = new Uint8Array((text.length * 3) >> 2)
  // Gathered and looked at once, at the end: a branch for each character costs more than the decoding.
  let codes = 0
  let groups = 0
  let at = 0
  for (let i = 0; i < whole; i += 4) {
    const a = text.charCodeAt(i)
    const b = text.charCodeAt(i + 1)
    const c = text.charCodeAt(i + 2)
    const d = text.charCodeAt(i + 3)
    const group = (VALUES[a & 127]! << 18) | (VALUES[b & 127]! << 12) | (VALUES[c & 127]! << 6) | VALUES[d & 127]!
    bytes[at] = group >> 16
    bytes[at + 1] = group >> 8
    bytes[at + 2] = group
    at += 3
    codes |= a | b | c | d
    groups |= group
  }
  let last = 0
  for (let i = 0; i < rest; i++) {
    const code = text.charCodeAt(whole + i)
    last |= VALUES[code & 127]! << (18 - 6 * i)
    codes |= code
  }
  // Writes past the end are dropped.
  bytes[at] = last >> 16
  bytes[at + 1] = last >> 8
  const stray = rest === 2 ? last & 0xffff : last & 0xff
  if (rest === 1 || stray !== 0 || codes > 127 || (groups | last) < 0) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not canonical base64url')
  }
  return bytes
}

/**
 * Decodes base64 of either alphabet, padded or not, as attachments carry it in the wild (DIDComm v2.1, "Attachments").
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeBase64(text: string): Uint8Array {
  const unpadded = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text
  return decodeBase64url(unpadded.replaceAll('+', '-').replaceAll('/', '_'))
}
