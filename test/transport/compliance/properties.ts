/**
 * What the suite asks of a transport, as the columns of the table in docs/transports.md. A title ends in what its test holds: `… [order]`.
 */
export const properties = {
  delivery: 'a packet arrives once and unchanged, whatever is in it',
  order: 'packets begin to be received in the order of their sends',
  size: 'the largest packet goes through, and a larger one is refused',
  concurrency: 'many sends at the same time, from both ends, arrive once each',
  codes: 'what cannot be sent fails with a code of this page',
  reply: 'one packet comes back in the same exchange, before `send` resolves',
  receipt: 'what `receive` says is heeded: again later, or never again',
  'back-pressure': 'who settles nothing takes in little, and the sender waits or is told',
  reconnect: 'after connections broke or the broker began anew, sends work again',
  'no loss': 'nothing is lost while connections break, and nothing comes more often than it was sent',
  close: 'it can be closed in every state',
  garbage: 'it lives on after bytes that mean nothing',
  'slow reader': 'all arrives at one that receives slowly',
  'slow medium': 'all arrives over a medium that carries little at a time',
  'no leak':
    'after 10,000 packets it holds no more than before (`npm run test:slow`; the default tests send fewer over slow media)',
} as const satisfies Readonly<Record<string, string>>

export type Property = keyof typeof properties

/** What a transport promises beyond the interface. */
export interface Promises {
  /** Who sends again what `receive` rejected: the sender, who is told, or the transport. */
  readonly again: 'sender' | 'transport'
  /** The sender learns of a refusal. */
  readonly refusal: boolean
  /** The media type arrives. */
  readonly media: boolean
  /** How many packets are received at the same time at most. */
  readonly concurrent: number
  /** How many packets of 1 KiB may have been sent successfully while the receiver has settled none; a broker takes any number. */
  readonly ahead: number
  /** It sends again by itself what an interruption has left open. */
  readonly repeats: boolean
  /** How many packets the default tests of leaks send, in a second or two; `test:slow` sends 10,000. */
  readonly leakPackets: number
  /** What it does not have. */
  readonly without: Readonly<Partial<Record<Property, 'not promised' | 'does not apply'>>>
}

const memory: Promises = {
  again: 'sender',
  refusal: true,
  media: true,
  concurrent: Number.POSITIVE_INFINITY,
  ahead: 0,
  repeats: false,
  leakPackets: 10_000,
  // Packets are all that it carries, and each is here until its send ends.
  without: { garbage: 'does not apply', 'slow medium': 'does not apply' },
}

const http: Promises = {
  again: 'sender',
  refusal: true,
  media: true,
  concurrent: 32,
  ahead: 0,
  repeats: true,
  leakPackets: 2_000,
  without: { order: 'not promised' },
}

const ws: Promises = {
  again: 'transport',
  refusal: false,
  media: false,
  concurrent: 16,
  ahead: 150,
  repeats: false,
  leakPackets: 10_000,
  without: { reply: 'not promised' },
}

const mqtt: Promises = {
  again: 'transport',
  refusal: false,
  media: false,
  concurrent: 16,
  ahead: Number.POSITIVE_INFINITY,
  repeats: true,
  leakPackets: 10_000,
  without: { reply: 'not promised' },
}

const ble: Promises = {
  again: 'sender',
  refusal: true,
  media: false,
  concurrent: 16,
  ahead: 0,
  repeats: false,
  leakPackets: 10_000,
  without: { reply: 'not promised' },
}

/** Every transport over every medium, as the suite runs it. */
export const transports = {
  memory,
  'memory with latency': { ...memory, without: { garbage: 'does not apply' } },
  // More than 64 messages that are sent at the same time crowd each other out, again and again (docs/fragments.md).
  'memory in fragments': { ...memory, without: { ...memory.without, 'back-pressure': 'not promised' } },
  http,
  'http in a server of the caller': http,
  ws,
  'ws in a server of the caller': ws,
  'mqtt over aedes': mqtt,
  'mqtt over aedes without sessions': { ...mqtt, without: { ...mqtt.without, 'no loss': 'not promised' } },
  'mqtt in fragments, over aedes': mqtt,
  'mqtt 3.1.1 over mosquitto': mqtt,
  'mqtt 5 over mosquitto': { ...mqtt, media: true },
  'mqtt from a URL over aedes': mqtt,
  'mqtt 3.1.1 from a URL over mosquitto': mqtt,
  'mqtt 5 from a URL over mosquitto': { ...mqtt, media: true },
  ble,
  'ble out of order and twice': ble,
  'ble with the smallest values': ble,
  'ble one fragment at a time': { ...ble, concurrent: 1 },
  'ble in a browser': ble,
  'ble over node-ble and BlueZ': { ...ble, leakPackets: 1_000 },
  'ble over node-ble and BlueZ out of order, with an MTU of 185': { ...ble, leakPackets: 1_000 },
} as const satisfies Readonly<Record<string, Promises>>

export type TransportName = keyof typeof transports
