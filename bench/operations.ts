// Every operation of the suite, in the order of its table. An operation is one line here, and one line for each
// implementation that has it: ours in mote.ts, Node's in node-crypto.ts, the others in peers/.
import { cborSizes } from './cbor.ts'

export interface Operation {
  readonly op: string
  /** Lengths of the message, in bytes; `[0]` where there is none. */
  readonly sizes: readonly number[]
  /** How many things one call does, where that is not one: figures are for each of them. */
  readonly per?: number
}

const none = [0]
const all = [16, 64, 256, 1024, 16_384, 1_048_576]
/** The length of a message has two bytes in the AES-CCM of RFC 9053 §4.2. */
const below64KiB = [16, 64, 256, 1024, 16_384]

const aead = (name: string, sizes = all): Operation[] => [
  { op: `${name}-seal`, sizes },
  { op: `${name}-open`, sizes },
]

/** How many signatures a batch has. */
export const batchSize = 64

/** What a call, and having the core at all, costs. The size of a call is that of its input and of its output. */
const overheads: readonly Operation[] = [
  { op: 'call', sizes: [32, 256, 1024] },
  { op: 'startup-compile', sizes: none },
  { op: 'startup-instantiate', sizes: none },
  { op: 'startup-first-call', sizes: none },
]

/** The length of the text in the body of a message. With `-3` the recipient has three keys. */
const messages: readonly Operation[] = [
  'didcomm-authcrypt-pack',
  'didcomm-authcrypt-unpack',
  'didcomm-authcrypt-pack-3',
  'didcomm-authcrypt-unpack-3',
  'didcomm-anoncrypt-pack',
  'didcomm-anoncrypt-unpack',
  'didcomm-anoncrypt-pack-3',
  'didcomm-anoncrypt-unpack-3',
  'didcomm-signed-pack',
  'didcomm-signed-unpack',
].map((op) => ({ op, sizes: [64, 1024] }))

/** How many packets are sent at the same time. */
export const inParallel = 64

/** Bytes of a packet: a compact envelope of a reading, and one that is not so small. */
export const packetSizes: readonly number[] = [100, 500]

/** From `send` until the next hop has taken a packet over; MQTT is 3.1.1, and 5. The size is that of the packet. */
const transports: readonly Operation[] = ['memory', 'http', 'ws', 'ble', 'mqtt', 'mqtt5'].flatMap((name) => [
  { op: `transport-${name}-send`, sizes: packetSizes },
  { op: `transport-${name}-send-${inParallel}`, sizes: packetSizes, per: inParallel },
])

export const operations: readonly Operation[] = [
  { op: 'x25519', sizes: none },
  { op: 'x25519-base', sizes: none },
  { op: 'ed25519-keypair', sizes: none },
  { op: 'ed25519-sign', sizes: all },
  { op: 'ed25519-verify', sizes: all },
  { op: 'ed25519-verify-batch', sizes: [64], per: batchSize },
  ...aead('chacha20-poly1305'),
  ...aead('xchacha20-poly1305'),
  ...aead('aes-256-gcm'),
  ...aead('aes-128-gcm'),
  ...aead('a256cbc-hs512'),
  ...aead('aes-ccm-16-64-128', below64KiB),
  ...aead('aes-ccm-16-128-128', below64KiB),
  ...aead('aes-ccm-16-64-256', below64KiB),
  { op: 'a256kw-wrap', sizes: [64] },
  { op: 'a256kw-unwrap', sizes: [64] },
  { op: 'sha256', sizes: all },
  { op: 'sha512', sizes: all },
  { op: 'hmac-sha256', sizes: all },
  { op: 'hmac-sha512', sizes: all },
  { op: 'hkdf-sha256', sizes: none },
  { op: 'hpke-seal', sizes: all },
  { op: 'hpke-open', sizes: all },
  { op: 'cbor-encode', sizes: cborSizes },
  { op: 'cbor-decode', sizes: cborSizes },
  ...messages,
  ...transports,
  ...overheads,
]
