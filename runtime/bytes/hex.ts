import { DidCommError } from '../errors.ts'

const DIGITS = '0123456789abcdef'

/** Encodes bytes as lower-case hexadecimal digits. */
export function encodeHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15)
  return text
}

/**
 * Decodes hexadecimal digits of either case.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not hexadecimal')
  }
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
