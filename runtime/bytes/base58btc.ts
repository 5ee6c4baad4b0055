import { DidCommError } from '../errors.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The conversion takes time with the square of the length: long texts come only from somebody who wants that. */
const MAX_CHARACTERS = 8192

/** Three bytes, or four digits, are handled at once: a product of both stays below 2^53, up to where doubles count. */
const THREE_BYTES = 2 ** 24
const FOUR_DIGITS = 58 ** 4

/**
 * Encodes bytes as base58 with the Bitcoin alphabet (draft-msporny-base58-03 §2).
 *
 * Throws a `RangeError` above 5,998 bytes, of which the text may be longer than the 8,192 characters that
 * `decodeBase58btc` takes.
 */
export function encodeBase58btc(bytes: Uint8Array): string {
  if (bytes.length > 5998) throw new RangeError(`"bytes" expected at most 5998 bytes, got length=${bytes.length}`)
  const groups = convert(bytes, 3, 256, THREE_BYTES, FOUR_DIGITS)
  let text = ''
  for (let group of groups) {
    for (let i = 0; i < 4; i++) {
      text = ALPHABET.charAt(group % 58) + text
      group = Math.floor(group / 58)
    }
  }
  return ALPHABET.charAt(0).repeat(leadingZeros(bytes)) + text.replace(/^1+/, '')
}

/**
 * Decodes base58 with the Bitcoin alphabet, of at most 8,192 characters.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function decodeBase58btc(text: string): Uint8Array {
  if (text.length > MAX_CHARACTERS) {
    throw new DidCommError('ERR_TOO_LARGE', `the base58 text is longer than ${MAX_CHARACTERS} characters`)
  }
  const digits = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const digit = ALPHABET.indexOf(text.charAt(i))
    if (digit < 0) throw new DidCommError('ERR_BYTES_MALFORMED', `no base58 character at offset ${i}`)
    digits[i] = digit
  }
  const groups = convert(digits, 4, 58, FOUR_DIGITS, THREE_BYTES)
  const tail = new Uint8Array(3 * groups.length)
  groups.forEach((group, i) => {
    const end = tail.length - 3 * i
    tail[end - 1] = group
    tail[end - 2] = group >> 8
    tail[end - 3] = group >> 16
  })
  const significant = tail.subarray(leadingZeros(tail))
  const zeros = leadingZeros(digits)
  const bytes = new Uint8Array(zeros + significant.length)
  bytes.set(significant, zeros)
  return bytes
}

/** Counts the zeros at the beginning. Each stands for itself: it is no part of the number. */
function leadingZeros(digits: Uint8Array): number {
  const count = digits.findIndex((digit) => digit !== 0)
  return count < 0 ? digits.length : count
}

/**
 * Converts big-endian digits, taken `size` at a time as digits of `from = base ** size`, to little-endian ones of the
 * base `to`.
 */
function convert(digits: Uint8Array, size: number, base: number, from: number, to: number): Float64Array {
  const result = new Float64Array(Math.ceil((digits.length * Math.log(base)) / Math.log(to)) + 1)
  let used = 0
  for (let at = 0; at < digits.length; ) {
    let carry = 0
    // The first group takes what is left over, so that all others are full.
    for (const end = at + ((digits.length - at) % size || size); at < end; at++) carry = base * carry + digits[at]!
    for (let i = 0; carry > 0 || i < used; i++) {
      const value = from * result[i]! + carry
      carry = Math.floor(value / to)
      result[i] = value - to * carry
      if (i === used) used++
    }
  }
  return result.subarray(0, used)
}
