import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decodeHex, encodeHex } from '../runtime/bytes/index.ts'
import { sha256 } from '../runtime/crypto/index.ts'
import type { ErrorCode } from '../runtime/errors.ts'
import { fragment } from '../transports/fragments/fragment.ts'
import type { LetGo } from '../transports/fragments/reassembly.ts'

// Writes test/vectors/own/fragments.json, the test vectors of docs/fragments.md. A second run writes the same file:
// node --import tsx --conditions=didcomm-mote-source tools/write-fragment-vectors.ts

export interface FragmentVectors {
  source: string
  /** Messages and the packets that carry them, of so many bytes at most. */
  messages: { name: string; message: string; maxPacketBytes: number; packets: string[] }[]
  /** Packets that begin as fragments, and are none. */
  refusedPackets: { why: string; packet: string }[]
  /** Packets that come one after the other, and what they make; messages of 1,000 bytes at most. */
  sequences: {
    name: string
    packets: string[]
    /** What comes out, in order. */
    messages: string[]
    /** What fails, and what is let go, in order. */
    faults: (ErrorCode | LetGo)[]
  }[]
}

const counting = (lengthBytes: number, start = 0) =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => start + index)
const packetsOf = (message: Uint8Array, maxPacketBytes: number) =>
  [...fragment(message, maxPacketBytes, sha256)].map(encodeHex)

function messageOf(name: string, message: Uint8Array, maxPacketBytes: number) {
  return { name, message: encodeHex(message), maxPacketBytes, packets: packetsOf(message, maxPacketBytes) }
}

const message = counting(40)
const [first = '', second = '', third = '', fourth = ''] = packetsOf(message, 20)
const others = packetsOf(counting(40, 100), 20)
/** The first fragment of `message` that says another length. */
const shorter = `${first.slice(0, 10)}27${first.slice(12)}`
const hex = encodeHex(message)

export const fragmentVectors: FragmentVectors = {
  source: 'docs/fragments.md',
  messages: [
    messageOf('an empty message', new Uint8Array(0), 16),
    messageOf('a message that fits', counting(16), 16),
    messageOf('a message of one byte more', counting(17), 16),
    messageOf('a message of 104 bytes in packets of 51', counting(104), 51),
    messageOf('a message whose length takes two bytes', counting(130), 100),
    messageOf('a message whose numbers take two bytes', counting(1_300), 16),
    messageOf('a message that begins as a fragment would', decodeHex('30ff'), 16),
    messageOf('a message that begins so, and does not fit any more', decodeHex(`31${'00'.repeat(15)}`), 16),
  ],
  refusedPackets: [
    { why: 'nothing behind the first byte', packet: '30' },
    { why: 'a tag that is cut off', packet: '31aabbcc' },
    { why: 'no length', packet: '30aabbccdd' },
    { why: 'a length that does not end', packet: '30aabbccddffffffff0100' },
    { why: 'a length that is not the shortest', packet: '30aabbccdd820001' },
    { why: 'a first fragment without payload', packet: '30aabbccdd28' },
    { why: 'a first fragment that is all of the message', packet: '30aabbccdd020102' },
    { why: 'more than the message has', packet: '30aabbccdd010102' },
    { why: 'a fragment without payload', packet: '31aabbccdd01' },
    { why: 'a first fragment without a length', packet: '31aabbccdd0001' },
    { why: 'a whole message that needs no byte in front', packet: '3241' },
    { why: 'an empty whole message', packet: '32' },
    { why: 'a form that is not known', packet: '33aabbccdd0102' },
    { why: 'the last form that is not known', packet: '3f' },
  ],
  sequences: [
    { name: 'in order', packets: [first, second, third], messages: [hex], faults: [] },
    { name: 'the last one first', packets: [third, second, first], messages: [hex], faults: [] },
    { name: 'copies in between', packets: [second, first, second, first, third], messages: [hex], faults: [] },
    {
      name: 'two messages through each other',
      packets: [first, ...others.slice(0, 2), third, second, ...others.slice(2)],
      messages: [hex, encodeHex(counting(40, 100))],
      faults: [],
    },
    { name: 'one is missing', packets: [first, third], messages: [], faults: [] },
    {
      name: 'other bytes for a place, which go with all that came before, and the first one again',
      packets: [first, second.replace(/..$/, 'ff'), second, third, first],
      messages: [hex],
      faults: ['contradicted'],
    },
    { name: 'another length', packets: [first, shorter], messages: [], faults: ['contradicted'] },
    {
      name: 'all bytes, and not those of the tag',
      packets: [first, second, third.replace(/..$/, 'ff')],
      messages: [],
      faults: ['ERR_BYTES_MALFORMED'],
    },
    { name: 'more than was said', packets: [shorter, second, third], messages: [], faults: ['contradicted'] },
    {
      name: 'more places than bytes',
      packets: [first, `31${first.slice(2, 10)}7f01`],
      messages: [],
      faults: ['contradicted'],
    },
    { name: 'too long', packets: ['30aabbccddea0701'], messages: [], faults: ['ERR_TOO_LARGE'] },
    { name: 'a place that no message has', packets: ['31aabbccddea0701'], messages: [], faults: ['ERR_TOO_LARGE'] },
  ],
}

if (fourth !== '') throw new Error('the message was to have three fragments')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../test/vectors/own/fragments.json', import.meta.url))
  writeFileSync(file, `${JSON.stringify(fragmentVectors, null, 2)}\n`)
}
