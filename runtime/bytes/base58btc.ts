import { DidCommError } from '../errors.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The conversion takes time with the square of the length: long texts come only from somebody who wants that. */
const MAX_CHARACTERS = 8192

/** Digits are converted in groups, which takes a twelfth of the steps: 3 bytes, and 4 characters, below 2^24 each. */
const BYTES_EACH = 3
const CHARACTERS_EACH = 4
const BYTE_GROUP = 256 ** BYTES_EACH
const CHARACTER_GROUP = 58 ** CHARACTERS_EACH

/** Encodes bytes as base58 with the Bitcoin alphabet (draft-msporny-base58-03 §2). */
export function encodeBase58btc(bytes: Uint8Array): string {
  const zeros = leadingZeros(bytes)
  const groups = convert(grouped(bytes.subarray(zeros), BYTES_EACH, 256), BYTE_GROUP, CHARACTER_GROUP)
  const digits = digitsOf(groups, CHARACTERS_EACH, 58)
  let text = ALPHABET.charAt(0).repeat(zeros)
  for (const digit of digits) text += ALPHABET.charAt(digit)
  return text
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
  const zeros = leadingZeros(digits)
  const groups = convert(grouped(digits.subarray(zeros), CHARACTERS_EACH, 58), CHARACTER_GROUP, BYTE_GROUP)
  const tail = digitsOf(groups, BYTES_EACH, 256)
  const bytes = new Uint8Array(zeros + tail.length)
  bytes.set(tail, zeros)
  return bytes
}

function leadingZeros(digits: Uint8Array): number {
  const count = digits.findIndex((digit) => digit !== 0)
  return count < 0 ? digits.length : count
}

/** Joins `each` digits at a time, from the last one on. Big-endian. */
function grouped(digits: Uint8Array, each: number, base: number): Float64Array {
  const groups = new Float64Array(Math.ceil(digits.length / each))
  const missing = groups.length * each - digits.length
  for (const [i, digit] of digits.entries()) {
    const group = Math.floor((missing + i) / each)
    groups[group] = groups[group]! * base + digit
  }
  return groups
}

/** Splits groups into their digits, without the zeros in front. */
function digitsOf(groups: Float64Array, each: number, base: number): Uint8Array {
  const digits = new Uint8Array(groups.length * each)
  for (const [g, group] of groups.entries()) {
    for (let i = each - 1, rest = group; i >= 0; i--) {
      digits[g * each + i] = rest % base
      rest = Math.floor(rest / base)
    }
  }
  return digits.subarray(leadingZeros(digits))
}

/** Converts a big-endian number from one base to another. Both are below 2^24, so that products are exact. */
function convert(groups: Float64Array, from: number, to: number): Float64Array {
  const result = new Float64Array(Math.ceil((groups.length * Math.log(from)) / Math.log(to)) + 1)
  let used = 0
  for (const group of groups) {
    let carry = group
    let i = 0
    for (; carry > 0 || i < used; i++) {
      const value = result[i]! * from + carry
      carry = Math.floor(value / to)
      result[i] = value - carry * to
    }
    used = i
  }
  return result.subarray(0, used).reverse()
}
