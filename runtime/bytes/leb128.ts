import { DidCommError } from '../errors.ts'

/** Numbers have at most so many bytes: 28 bits. */
const maxBytes = 4

/**
 * Encodes a whole number as unsigned LEB128 (DWARF 5 §7.6), in the shortest form: seven bits a byte, the lowest first, and a high bit on all but the last.
 *
 * @throws RangeError for what is no whole number from 0 to 2^28 - 1
 */
export function encodeLeb128(value: number): Uint8Array {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** (7 * maxBytes))) {
    throw new RangeError(`"value" expected a whole number from 0 to 2^28 - 1, got ${value}`)
  }
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Uint8Array.from([...bytes, rest])
}

/**
 * Decodes the number of four bytes at most that begins at `start`, in the shortest form only: the number, and where it ends.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeLeb128(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let index = 0; index < maxBytes; index += 1) {
    const byte = bytes[start + index]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte >= 0x80) continue
    if (byte === 0 && index > 0) break
    return { value, end: start + index + 1 }
  }
  throw new DidCommError('ERR_BYTES_MALFORMED', 'this is no LEB128 number of the shortest form')
}
