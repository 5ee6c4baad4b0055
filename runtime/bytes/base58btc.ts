import { DidCommError } from '../errors.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The conversion takes time with the square of the length: long texts come only from somebody who wants that. */
const MAX_CHARACTERS = 8192

/** Encodes bytes as base58 with the Bitcoin alphabet (draft-msporny-base58-03 §2). */
export function encodeBase58btc(bytes: Uint8Array): string {
  const zeros = leading(bytes, 0)
  const digits = convert(bytes.subarray(zeros), 256, 58)
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
  const zeros = leading(digits, 0)
  const tail = convert(digits.subarray(zeros), 58, 256)
  const bytes = new Uint8Array(zeros + tail.length)
  bytes.set(tail, zeros)
  return bytes
}

/** Counts how often `value` stands at the beginning. */
function leading(digits: Uint8Array, value: number): number {
  const count = digits.findIndex((digit) => digit !== value)
  return count < 0 ? digits.length : count
}

/** Converts big-endian digits from one base to another. The first digit is not 0, nor is that of the result. */
function convert(digits: Uint8Array, from: number, to: number): Uint8Array {
  const result = new Uint8Array(Math.ceil((digits.length * Math.log(from)) / Math.log(to)) + 1)
  let used = 0
  for (const digit of digits) {
    let carry = digit
    let i = 0
    for (; carry > 0 || i < used; i++) {
      carry += from * result[i]!
      result[i] = carry % to
      carry = Math.floor(carry / to)
    }
    used = i
  }
  return result.subarray(0, used).reverse()
}
