import { DidCommError } from 'didcomm-mote'

const MAX_DEPTH = 16
const BREAK = 0xff
/** Begins simple values that nobody has defined. */
const ONE_BYTE_SIMPLE = 0xf8

/**
 * Checks that bytes are one well-formed item of CBOR (RFC 8949 Appendix C) without tags and strings in chunks, nested at most 16 deep. A decoder that believes what a head says
 * would make room for millions of elements that are not there, or make objects of the host of its tags.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` with the offset
 */
export function checkPlainCbor(bytes: Uint8Array): void {
  const end = itemEnd(bytes, 0, 0)
  if (end < bytes.length) throw malformed('bytes after the item', end)
}

/** Returns the offset behind the item at `start`. */
function itemEnd(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) throw malformed('nested too deep', start)
  const initial = bytes[start]
  if (initial === undefined) throw malformed('the end of the input', start)
  const majorType = initial >> 5
  const info = initial & 31
  if (majorType === 6) throw malformed('a tag', start)
  if (info === 31) return indefiniteEnd(bytes, start, majorType, depth)
  if (info > 27 || initial === ONE_BYTE_SIMPLE) throw malformed('a reserved value', start)
  if (majorType === 7 && info < 20) throw malformed('an unknown simple value', start)
  const sizeBytes = info < 24 ? 0 : 1 << (info - 24)
  const from = start + 1 + sizeBytes
  if (from > bytes.length) throw malformed('the end of the input', bytes.length)
  let argument = info < 24 ? info : 0
  for (let at = start + 1; at < from; at++) argument = argument * 0x100 + (bytes[at] ?? 0)
  return contentEnd(bytes, { majorType, argument, start, from }, depth)
}

/** Returns the offset behind what a head of definite length announces. */
function contentEnd(
  bytes: Uint8Array,
  head: { majorType: number; argument: number; start: number; from: number },
  depth: number,
): number {
  const { majorType, argument, start, from } = head
  if (majorType < 2 || majorType === 7) return from
  // Each element takes a byte at least, so that no count is followed that cannot be true.
  if (argument > bytes.length - from) throw malformed('a length past the end of the input', start)
  if (majorType < 4) return from + argument
  let end = from
  for (let left = majorType === 4 ? argument : 2 * argument; left > 0; left--) end = itemEnd(bytes, end, depth + 1)
  return end
}

/** Returns the offset behind an array or a map of indefinite length (§3.2.2). */
function indefiniteEnd(bytes: Uint8Array, start: number, majorType: number, depth: number): number {
  if (majorType !== 4 && majorType !== 5) throw malformed('an indefinite length', start)
  let end = start + 1
  let count = 0
  for (; bytes[end] !== BREAK; count++) end = itemEnd(bytes, end, depth + 1)
  if (majorType === 5 && count % 2 !== 0) throw malformed('a name without a value', end)
  return end + 1
}

function malformed(what: string, offset: number): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', `CBOR: ${what} at offset ${offset}`)
}
