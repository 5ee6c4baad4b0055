import { concatBytes, decodeHex, decodeLeb128, encodeHex, encodeLeb128 } from '../../runtime/bytes/index.ts'
import { DidCommError } from '../../runtime/errors.ts'

// The bytes of one fragment, docs/fragments.md "Fragments".

/** The SHA-256 of the crypto core, or any other. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** The shortest packets that are filled: the longest head of a fragment takes 9 bytes of them. */
export const minPacketBytes = 16

const [firstHead, nextHead, wholeHead] = [0x30, 0x31, 0x32]
const tagBytes = 4
const maxMessageBytes = 2 ** 28 - 1

/** One fragment of a message. */
export interface Fragment {
  /** Names the message, in hexadecimal: `tagOf` it. */
  readonly tag: string
  /** The place of the fragment in its message; the first has 0. */
  readonly number: number
  /** The length of the whole message, in the first fragment. */
  readonly totalBytes?: number
  readonly payload: Uint8Array
}

/** A message that begins as a fragment would, and is none. */
export interface Whole {
  readonly message: Uint8Array
}

/** Tells whether a packet is a fragment, by its first byte. An empty packet is none. */
export function isFragment([first = 0]: Uint8Array): boolean {
  return first >> 4 === 3
}

/** The name of a message in its fragments: the first 4 bytes of its SHA-256, in hexadecimal. It is the same each time that the message is sent. */
export function tagOf(message: Uint8Array, sha256: Sha256): string {
  return encodeHex(sha256(message).subarray(0, tagBytes))
}

/**
 * Cuts one message into the packets that carry it. What fits into one is that one, as it is; a message that begins as a fragment would gets a byte in front.
 *
 * @throws RangeError for packets under 16 bytes, and messages of 2^28 bytes and more
 */
export function* fragment(message: Uint8Array, maxPacketBytes: number, sha256: Sha256): Generator<Uint8Array, void> {
  if (!(maxPacketBytes >= minPacketBytes)) {
    throw new RangeError(`"maxPacketBytes" expected ${minPacketBytes} or more, got ${maxPacketBytes}`)
  }
  const { length } = message
  if (length > maxMessageBytes) throw new RangeError(`"message" expected less than 2^28 bytes, got ${length}`)
  if (length + (isFragment(message) ? 1 : 0) <= maxPacketBytes) {
    yield isFragment(message) ? concatBytes(Uint8Array.of(wholeHead), message) : message
    return
  }
  const tag = decodeHex(tagOf(message, sha256))
  for (let number = 0, start = 0; start < length; number += 1) {
    const head = number === 0 ? firstHead : nextHead
    const field = encodeLeb128(number === 0 ? length : number)
    const end = Math.min(length, start + maxPacketBytes - 1 - tagBytes - field.length)
    yield concatBytes(Uint8Array.of(head), tag, field, message.subarray(start, end))
    start = end
  }
}

/**
 * Decodes a packet that begins as a fragment. What it returns shares no memory with `bytes`.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeFragment(bytes: Uint8Array): Fragment | Whole {
  const [head] = bytes
  if (head === wholeHead) return wholeOf(bytes)
  if (head !== firstHead && head !== nextHead) throw malformed('a fragment of no known form')
  const { value, end } = decodeLeb128(bytes, 1 + tagBytes)
  const tag = encodeHex(bytes.subarray(1, 1 + tagBytes))
  const payload = copyFrom(bytes, end)
  if (payload.length === 0) throw malformed('a fragment without payload')
  if (head === nextHead) {
    if (value === 0) throw malformed('a fragment that is the first, and does not say of how much')
    return { tag, number: value, payload }
  }
  if (value <= payload.length) throw malformed('a first fragment that leaves nothing for the others')
  return { tag, number: 0, totalBytes: value, payload }
}

function wholeOf(bytes: Uint8Array): Whole {
  const message = copyFrom(bytes, 1)
  if (!isFragment(message)) throw malformed('a whole message that needs no byte in front')
  return { message }
}

/** Not `slice`: that of a Buffer shares its memory. */
const copyFrom = (bytes: Uint8Array, start: number): Uint8Array => new Uint8Array(bytes.subarray(start))

const malformed = (message: string) => new DidCommError('ERR_BYTES_MALFORMED', message)
