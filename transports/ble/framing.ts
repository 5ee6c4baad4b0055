import { concatBytes, decodeLeb128, decodeUtf8, encodeLeb128, encodeUtf8 } from '../../runtime/bytes/index.ts'
import { DidCommError } from '../../runtime/errors.ts'

// The bytes of one value (a write or a notification), docs/ble.md "Fragments" and "Link information".

/** Sequence numbers are of 6 bits: 0 to 63, then 0 again. */
export const sequenceCount = 64
/** As many fragments may be under way at most: with half of the sequence numbers, new ones and repeated ones can be told apart. */
export const maxWindow = 32
/** BlueZ drops writes of 511 to 514 bytes and cuts notifications at 512: this much goes through everywhere. */
export const maxValueBytes = 500
/** What the smallest MTU of BLE, 23, leaves for a value. */
export const minValueBytes = 20

const firstFlag = 0x80
const lastFlag = 0x40
const sequenceMask = 0x3f

/** One fragment of a message. */
export interface Fragment {
  readonly sequence: number
  readonly isLast: boolean
  /** The length of the whole message, in the first fragment. */
  readonly totalBytes?: number
  readonly payload: Uint8Array
}

/** What became of a message, or that fragments of it have come: `accepted` with the number of a fragment that is not its last. */
export type ReceiptKind = 'accepted' | 'later' | 'refused'

export interface Receipt {
  readonly kind: ReceiptKind
  readonly sequence: number
}

/** What each side tells the other before the first fragment. */
export interface LinkInfo {
  /** How many fragments it takes that it has not given a receipt for, 1 to 32. */
  readonly window: number
  /** The longest value that it takes. */
  readonly maxValueBytes: number
  readonly maxMessageBytes: number
  /** Under which name it is reached; empty where it is not. */
  readonly name: string
}

const malformed = (message: string) => new DidCommError('ERR_BYTES_MALFORMED', message)

/** The sequence number `steps` after another. */
export const sequenceAfter = (sequence: number, steps = 1): number => (sequence + steps) & sequenceMask

/** The flags are the receipt's kind; those of a whole message cannot be alone. */
const receiptFlags: Readonly<Record<ReceiptKind, number>> = { accepted: 0, later: lastFlag, refused: firstFlag }

/** Encodes a receipt, one byte. */
export function encodeReceipt({ kind, sequence }: Receipt): Uint8Array {
  return Uint8Array.of(receiptFlags[kind] | sequence)
}

/**
 * Cuts one message into the values that carry it, the first with the number `sequence`. They share no memory with `message`.
 *
 * @throws RangeError for values under 20 bytes, and messages of 2^28 bytes and more
 */
export function* fragment(message: Uint8Array, sequence: number, valueBytes: number): Generator<Uint8Array, void> {
  if (valueBytes < minValueBytes)
    throw new RangeError(`"valueBytes" expected ${minValueBytes} or more, got ${valueBytes}`)
  if (message.length >= 2 ** 28) throw new RangeError(`"message" expected less than 2^28 bytes, got ${message.length}`)
  if (message.length < valueBytes) {
    yield concatBytes(Uint8Array.of(firstFlag | lastFlag | sequence), message)
    return
  }
  const length = encodeLeb128(message.length)
  let start = valueBytes - 1 - length.length
  yield concatBytes(Uint8Array.of(firstFlag | sequence), length, message.subarray(0, start))
  for (let number = sequenceAfter(sequence); start < message.length; number = sequenceAfter(number)) {
    const end = Math.min(start + valueBytes - 1, message.length)
    yield concatBytes(Uint8Array.of((end === message.length ? lastFlag : 0) | number), message.subarray(start, end))
    start = end
  }
}

/**
 * Decodes one value.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeValue(value: Uint8Array): Fragment | Receipt {
  const [head] = value
  if (head === undefined || value.length > 512) throw malformed(`a value of ${value.length} bytes`)
  const sequence = head & sequenceMask
  const isFirst = (head & firstFlag) !== 0
  const isLast = (head & lastFlag) !== 0
  if (isFirst && isLast) {
    const payload = copyFrom(value, 1)
    return { sequence, isLast, totalBytes: payload.length, payload }
  }
  if (value.length === 1) return { kind: isFirst ? 'refused' : isLast ? 'later' : 'accepted', sequence }
  if (!isFirst) return { sequence, isLast, payload: copyFrom(value, 1) }
  const { value: totalBytes, end } = decodeLeb128(value, 1)
  if (end === value.length) throw malformed('a fragment without payload')
  return { sequence, isLast, totalBytes, payload: copyFrom(value, end) }
}

/** Not `slice`: that of a Buffer shares its memory. */
const copyFrom = (value: Uint8Array, start: number): Uint8Array => new Uint8Array(value.subarray(start))

const version = 1
const infoHeaderBytes = 8
const nameForm = /^[A-Za-z0-9._~-]{1,29}$/

/** Tells whether a name fits into the scan response of an advertisement, and into a URI. */
export const isBleName = (name: string): boolean => nameForm.test(name)

/** Encodes what a side tells of itself: version, window, longest value (16 bits), longest message (32 bits), name. */
export function encodeInfo({ window, maxValueBytes, maxMessageBytes, name }: LinkInfo): Uint8Array {
  const bytes = new Uint8Array(infoHeaderBytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, version)
  view.setUint8(1, window)
  view.setUint16(2, maxValueBytes)
  view.setUint32(4, maxMessageBytes)
  return concatBytes(bytes, encodeUtf8(name))
}

/**
 * Decodes what the other side tells of itself. What follows the name of this version in later ones, behind a zero byte, is not read.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeInfo(bytes: Uint8Array): LinkInfo {
  if (bytes.length < infoHeaderBytes || bytes.length > 512) throw malformed(`link information of ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) < version) throw malformed('link information of no version')
  const window = view.getUint8(1)
  const longestValue = view.getUint16(2)
  if (window < 1 || window > maxWindow) throw malformed(`a window of ${window} fragments`)
  if (longestValue < minValueBytes) throw malformed(`values of ${longestValue} bytes at most`)
  const zero = bytes.indexOf(0, infoHeaderBytes)
  const name = decodeUtf8(bytes.subarray(infoHeaderBytes, zero < 0 ? bytes.length : zero))
  if (name !== '' && !isBleName(name)) throw malformed('a name of other characters, or too long')
  return { window, maxValueBytes: longestValue, maxMessageBytes: view.getUint32(4), name }
}
