import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { encodeHex } from '../runtime/bytes/index.ts'
import type { ErrorCode } from '../runtime/errors.ts'
import { encodeInfo, encodeReceipt, fragment, type LinkInfo, type Receipt } from '../transports/ble/framing.ts'

// Writes test/vectors/own/ble.json, the test vectors of docs/ble.md. A second run writes the same file:
// node --import tsx --conditions=didcomm-mote-source tools/write-ble-vectors.ts

export interface BleVectors {
  source: string
  /** Messages and the values that carry them, the first with the number `sequence`. */
  messages: { name: string; message: string; sequence: number; valueBytes: number; values: string[] }[]
  receipts: (Receipt & { value: string })[]
  infos: (LinkInfo & { value: string })[]
  /** Values that are no fragment and no receipt. */
  refusedValues: { why: string; value: string }[]
  refusedInfos: { why: string; value: string }[]
  /** Values that are well-formed, but not one after the other at the start of a link, with a window of 16 and 100 bytes at most. */
  refusedSequences: { why: string; values: string[]; code: ErrorCode }[]
}

const counting = (lengthBytes: number) => Uint8Array.from({ length: lengthBytes }, (_, index) => index)

function messageOf(name: string, lengthBytes: number, sequence: number, valueBytes: number) {
  const message = counting(lengthBytes)
  const values = [...fragment(message, sequence, valueBytes)].map(encodeHex)
  return { name, message: encodeHex(message), sequence, valueBytes, values }
}

const receiptOf = (receipt: Receipt) => ({ ...receipt, value: encodeHex(encodeReceipt(receipt)) })
const infoOf = (info: LinkInfo) => ({ ...info, value: encodeHex(encodeInfo(info)) })
const padding = '00'.repeat(510)

export const bleVectors: BleVectors = {
  source: 'docs/ble.md',
  messages: [
    messageOf('an empty message', 0, 0, 20),
    messageOf('a message that just fits into one value', 19, 5, 20),
    messageOf('a message of one byte more', 20, 5, 20),
    messageOf('a message whose numbers begin anew', 70, 62, 20),
    messageOf('a message whose length takes two bytes', 150, 1, 60),
  ],
  receipts: [
    receiptOf({ kind: 'accepted', sequence: 0 }),
    receiptOf({ kind: 'accepted', sequence: 63 }),
    receiptOf({ kind: 'later', sequence: 5 }),
    receiptOf({ kind: 'refused', sequence: 33 }),
  ],
  infos: [
    infoOf({ window: 32, maxValueBytes: 500, maxMessageBytes: 65_536, name: 'm5bcagddz6hsc2yb' }),
    infoOf({ window: 1, maxValueBytes: 20, maxMessageBytes: 0, name: '' }),
    infoOf({ window: 8, maxValueBytes: 244, maxMessageBytes: 2_048, name: 'boiler-room.sensor_4~outside' }),
  ],
  refusedValues: [
    { why: 'nothing', value: '' },
    { why: 'longer than an attribute can be', value: `c000${padding}0000` },
    { why: 'a first fragment without a payload', value: '8014' },
    { why: 'a length that does not end', value: '80ffffffff01' },
    { why: 'a length that is cut off', value: '80ff' },
    { why: 'a length that is not the shortest', value: '80940001' },
  ],
  refusedInfos: [
    { why: 'nothing', value: '' },
    { why: 'cut off', value: '012001f4000100' },
    { why: 'no version', value: '002001f400010000' },
    { why: 'no window', value: '010001f400010000' },
    { why: 'a window of more than half of the numbers', value: '012101f400010000' },
    { why: 'values shorter than any', value: '0120001300010000' },
    { why: 'a name of other characters', value: '012001f4000100006120' },
    { why: 'a name that is too long', value: `012001f400010000${'61'.repeat(30)}` },
    { why: 'a name that is no UTF-8', value: '012001f400010000ff' },
  ],
  refusedSequences: [
    { why: 'the end of nothing', values: ['4001'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'a message within a message', values: ['80050102', 'c103'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'more than was announced', values: ['80020102', '4103'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'less than was announced', values: ['80050102', '4103'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'all that was announced, and no end', values: ['80030102', '0103'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'ahead of the window', values: ['d001'], code: 'ERR_BYTES_MALFORMED' },
    { why: 'larger than allowed', values: ['806501'], code: 'ERR_TOO_LARGE' },
    { why: 'one value larger than allowed', values: [`c0${'00'.repeat(101)}`], code: 'ERR_TOO_LARGE' },
  ],
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../test/vectors/own/ble.json', import.meta.url))
  writeFileSync(file, `${JSON.stringify(bleVectors, null, 2)}\n`)
}
