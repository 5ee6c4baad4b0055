import { DidCommError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The two ASCII codes of each 12 bits, as they lie in memory. */
const PAIRS = /* @__PURE__ */ pairsOf(ALPHABET)
/** The value of each ASCII code; -1 for those that base64url does not use, which leaves its sign in what it enters. */
const VALUES = /* @__PURE__ */ valuesOf(ALPHABET)
/** Text on its way, in either direction: to make room for each takes longer than the work. */
const scratch = /* @__PURE__ */ new Uint8Array(4096)
const encoder = /* @__PURE__ */ new TextEncoder()

function pairsOf(alphabet: string): Uint16Array {
  const codes = new Uint8Array(2 * 4096)
  for (let value = 0; value < 4096; value++) {
    codes[2 * value] = alphabet.charCodeAt(value >> 6)
    codes[2 * value + 1] = alphabet.charCodeAt(value & 63)
  }
  return new Uint16Array(codes.buffer)
}

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(256).fill(-1)
  for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value
  return values
}

/** Encodes bytes as base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  const groups = Math.ceil(bytes.length / 3)
  const text = 4 * groups <= scratch.length ? scratch : new Uint8Array(4 * groups)
  const pairs = new Uint16Array(text.buffer)
  for (let group = 0; group < groups; group++) {
    const at = 3 * group
    // Bytes past the end read as undefined, which shifts to 0.
    const bits = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    pairs[2 * group] = PAIRS[bits >> 12]!
    pairs[2 * group + 1] = PAIRS[bits & 4095]!
  }
  return decodeUtf8(text.subarray(0, Math.ceil((bytes.length * 4) / 3)))
}

/**
 * Decodes base64url without padding. Only the one canonical text of a byte string is taken: no white space, and no
 * stray bits in the last character.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeBase64url(text: string): Uint8Array {
  const codes = text.length <= scratch.length ? scratch : new Uint8Array(text.length)
  // Text of another script has more bytes than characters.
  const { read, written } = encoder.encodeInto(text, codes)
  const rest = text.length % 4
  const whole = text.length - rest
  const bytes = new Uint8Array((text.length * 3) >> 2)
  // Gathered and looked at once, at the end: a branch for each character costs more than the decoding.
  let groups = 0
  let at = 0
  for (let i = 0; i < whole; i += 4) {
    const group =
      (VALUES[codes[i]!]! << 18) |
      (VALUES[codes[i + 1]!]! << 12) |
      (VALUES[codes[i + 2]!]! << 6) |
      VALUES[codes[i + 3]!]!
    bytes[at] = group >> 16
    bytes[at + 1] = group >> 8
    bytes[at + 2] = group
    at += 3
    groups |= group
  }
  let last = 0
  for (let i = 0; i < rest; i++) last |= VALUES[codes[whole + i]!]! << (18 - 6 * i)
  // Writes past the end are dropped.
  bytes[at] = last >> 16
  bytes[at + 1] = last >> 8
  const stray = rest === 2 ? last & 0xffff : last & 0xff
  if (rest === 1 || stray !== 0 || (groups | last) < 0 || written !== text.length || read !== written) {
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
  // Not `replaceAll`: where every character is replaced it takes nine times as long.
  return decodeBase64url(unpadded.split('+').join('-').split('/').join('_'))
}
