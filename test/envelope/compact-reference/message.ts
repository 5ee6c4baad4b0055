import { type Item, read } from './cbor.ts'

/** The plaintext of compact envelopes as a DIDComm message in JSON, written from `docs/compact-envelope.md` alone. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const names: readonly (string | undefined)[] = [
  undefined,
  'id',
  'type',
  'from',
  'to',
  'created_time',
  'body',
  'expires_time',
  'thid',
  'pthid',
  'attachments',
  'from_prior',
]

export interface Known {
  /** The id, where the plaintext has none. */
  id: string
  /** What the envelope proves. */
  from?: string | undefined
  to?: string | undefined
  types: { [number: number]: string }
}

export function readMessage(plaintext: Buffer, { id, from, to, types }: Known): { [header: string]: Json } {
  const message: { [header: string]: Json } = { id, body: {} }
  if (from !== undefined) message['from'] = from
  if (to !== undefined) message['to'] = [to]
  for (const [label, item] of headers(read(plaintext))) {
    const name = nameOf(label)
    message[name] = name === 'type' ? typeOf(item, types) : header(name, item)
  }
  if (message['type'] === undefined) throw new Error('no type')
  return message
}

function nameOf(label: Item): string {
  const name = typeof label === 'number' ? names[label] : label
  if (typeof name !== 'string' || name === '__proto__') throw new Error('no header')
  if (label === name && (name === 'typ' || names.includes(name, 1))) throw new Error('a header with a number')
  return name
}

function header(name: string, item: Item): Json {
  return name === 'attachments' && Array.isArray(item) ? item.map(attachment) : json(item)
}

function headers(item: Item): Iterable<[Item, Item]> {
  if (item instanceof Map) return item
  if (!Array.isArray(item) || item.length < 2 || item.length > 3) throw new Error('no plaintext')
  return item.map((value, index): [Item, Item] => [[2, 6, 5][index]!, value])
}

function typeOf(item: Item, types: Known['types']): string {
  const type = typeof item === 'number' ? types[item] : item
  if (typeof type !== 'string') throw new Error('an unknown type')
  return type
}

function attachment(item: Item): Json {
  const data = item instanceof Map ? item.get('data') : undefined
  if (!(item instanceof Map && data instanceof Map)) throw new Error('no attachment')
  const content = data.get('base64')
  if (!Buffer.isBuffer(content)) return json(item)
  return json(new Map(item).set('data', new Map(data).set('base64', content.toString('base64url'))))
}

function json(item: Item): Json {
  if (item === null || typeof item === 'boolean' || typeof item === 'string') return item
  if (typeof item === 'number') return item + 0
  if (Array.isArray(item)) return item.map(json)
  if (!(item instanceof Map)) throw new Error('not JSON')
  const object: { [name: string]: Json } = {}
  for (const [name, value] of item) {
    if (typeof name !== 'string' || name === '__proto__') throw new Error('no name')
    object[name] = json(value)
  }
  return object
}
