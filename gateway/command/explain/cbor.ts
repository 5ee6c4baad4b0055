import { isDidCommError } from 'didcomm-mote'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from 'didcomm-mote/bytes'
import { knownTypes } from '../types.ts'
import { ALGORITHMS, HEADERS, KEY_WRAPS, KEYS, MESSAGES, PLAINTEXT, SENML, TAG_BYTES } from './labels.ts'
import { hexText, type Part, shortened } from './part.ts'

/** An authentication tag has as many bytes at the end of a ciphertext, of most algorithms. */
const USUAL_TAG_BYTES = 16
const SHORT_ID_BYTES = 8
/** `didcomm/v2+cbor` does not say how its maps are sorted. */
const inAnyOrder = { anyMapOrder: true } as const

/** The label of the algorithm in a header. */
const ALG = 1

/** Takes a compact envelope or another COSE message apart. It has to be deterministic CBOR, though its maps may be in any order. */
export function explainCbor(bytes: Uint8Array): Part {
  return placed({ ...messagePart(decodeCbor(bytes, inAnyOrder)), bytes: bytes.length }, 0)
}

/** In CBOR all that holds pieces together stands before the first of them. */
function placed(part: Part, offset: number): Part {
  if (!part.parts) return { ...part, offset }
  let next = offset + part.bytes - part.parts.reduce((sum, { bytes }) => sum + bytes, 0)
  const parts = part.parts.map((piece) => {
    const at = next
    next += piece.bytes
    return placed(piece, at)
  })
  return { ...part, offset, parts }
}

function messagePart(value: CborValue): Part {
  if (!(value instanceof Tagged)) return plaintextPart(value)
  const message = MESSAGES.get(value.tag)
  if (!message || !Array.isArray(value.value)) return cborPart(`tag ${value.tag}`, value.value)
  return { name: message.name, bytes: sizeOf(value), parts: fieldParts(value.value, message.fields) }
}

function sizeOf(value: CborValue): number {
  return encodeCbor(value).length
}

/** The fields of a COSE message or of one of its layers (RFC 9052 §3, §4, §5). */
function fieldParts(values: readonly CborValue[], names: readonly string[]): Part[] {
  const alg = algOf(values)
  return values.map((item, i) => fieldPart(names[i] ?? `${i}`, item, alg))
}

/** The algorithm of a layer, from its headers, which are its first two fields. */
function algOf([header, unprotected]: readonly CborValue[]): CborValue {
  const maps = [header instanceof Uint8Array ? decoded(header) : undefined, unprotected]
  return maps.map((map) => (map instanceof Map ? map.get(ALG) : undefined)).find((alg) => alg !== undefined)
}

function fieldPart(name: string, value: CborValue, alg: CborValue): Part {
  if (name === 'ciphertext' && value instanceof Uint8Array) return ciphertextPart(name, value, alg)
  if (value instanceof Uint8Array) return bytesField(name, value)
  if (name === 'unprotected' && value instanceof Map) return { name, bytes: sizeOf(value), parts: headerParts(value) }
  if ((name === 'recipients' || name === 'signatures') && Array.isArray(value)) {
    const fields = ['protected', 'unprotected', name === 'recipients' ? 'ciphertext' : 'signature', 'recipients']
    return { name, bytes: sizeOf(value), parts: value.map((item, i) => layerPart(`${i}`, item, fields)) }
  }
  return cborPart(name, value)
}

function layerPart(name: string, value: CborValue, fields: readonly string[]): Part {
  if (!Array.isArray(value)) return cborPart(name, value)
  return { name, bytes: sizeOf(value), parts: fieldParts(value, fields) }
}

function bytesField(name: string, value: Uint8Array): Part {
  const bytes = sizeOf(value)
  const inner = name === 'protected' || name === 'payload' ? decoded(value) : undefined
  if (name === 'protected' && inner instanceof Map) return { name, bytes, parts: headerParts(inner) }
  if (name === 'payload' && inner !== undefined) return { name, bytes, parts: [messagePart(inner)] }
  return { name, bytes, text: value.length === 0 ? 'empty' : hexText(value) }
}

function ciphertextPart(name: string, value: Uint8Array, alg: CborValue): Part {
  const bytes = sizeOf(value)
  if (KEY_WRAPS.has(alg)) return { name, bytes, text: `a wrapped key: ${hexText(value)}` }
  const tagBytes = TAG_BYTES.get(alg) ?? USUAL_TAG_BYTES
  if (value.length < tagBytes) return bytesField(name, value)
  return {
    name,
    bytes,
    text: `${value.length - tagBytes} bytes encrypted, and a tag of ${tagBytes}: ${hexText(value)}`,
  }
}

/** The CBOR in a byte string, or `undefined` where there is none. */
function decoded(bytes: Uint8Array): CborValue {
  try {
    return decodeCbor(bytes, inAnyOrder)
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

function headerParts(header: ReadonlyMap<CborValue, CborValue>): Part[] {
  return [...header].map(([label, value]) => {
    const name = nameOf(label, HEADERS)
    return { ...headerPart(name, value), bytes: sizeOf(label) + sizeOf(value) }
  })
}

function headerPart(name: string, value: CborValue): Part {
  if (name === 'alg' && typeof value === 'number') {
    return { name, bytes: 0, text: `${value}: ${ALGORITHMS.get(value) ?? 'not known here'}` }
  }
  const namesKey = name.endsWith('id') || name.endsWith('identity')
  if (value instanceof Uint8Array && namesKey) return keyIdPart(name, value)
  return cborPart(name, value, name.endsWith(' key') ? KEYS : undefined)
}

/** How an envelope names a key (`docs/compact-envelope.md`, "Structure"). */
function keyIdPart(name: string, id: Uint8Array): Part {
  const bytes = sizeOf(id)
  const text = Buffer.from(id).toString('utf8')
  if (text.startsWith('did:')) return { name, bytes, text: shortened(text) }
  return { name, bytes, text: id.length === SHORT_ID_BYTES ? `${hexText(id)}, a short id` : hexText(id) }
}

function plaintextPart(value: CborValue): Part {
  const name = 'plaintext message'
  const bytes = sizeOf(value)
  if (Array.isArray(value)) {
    const fields = ['type', 'body', 'created_time']
    return { name, bytes, parts: value.map((item, i) => headerOfPlaintext(fields[i] ?? `${i}`, item)) }
  }
  if (!(value instanceof Map)) return cborPart('CBOR of no known kind', value)
  const parts = [...value].map(([label, item]) => ({
    ...headerOfPlaintext(nameOf(label, PLAINTEXT), item),
    bytes: sizeOf(label) + sizeOf(item),
  }))
  return { name, bytes, parts }
}

function headerOfPlaintext(name: string, value: CborValue): Part {
  if (name === 'type' && typeof value === 'number') {
    return {
      name,
      bytes: sizeOf(value),
      text: `${value}: ${knownTypes.byCode(value)?.type ?? 'a number that the two ends agreed on'}`,
    }
  }
  return cborPart(name, value, isSenml(value) ? SENML : undefined)
}

/** A list of records with small numbers for names (RFC 8428 §6). */
function isSenml(value: CborValue): boolean {
  const isRecord = (item: CborValue) =>
    item instanceof Map && [...item.keys()].every((label) => typeof label === 'string' || SENML.has(label))
  return Array.isArray(value) && value.length > 0 && value.every(isRecord)
}

function nameOf(label: CborValue, names: ReadonlyMap<CborValue, string>): string {
  return names.get(label) ?? (typeof label === 'string' ? label : JSON.stringify(plain(label)))
}

/** Any data, with `names` for the numbers that its maps have for keys. */
function cborPart(name: string, value: CborValue, names: ReadonlyMap<CborValue, string> = new Map()): Part {
  const bytes = sizeOf(value)
  if (value instanceof Uint8Array) return { name, bytes, text: hexText(value) }
  if (Array.isArray(value)) return { name, bytes, parts: value.map((item, i) => cborPart(`${i}`, item, names)) }
  if (value instanceof Tagged) return { name, bytes, parts: [cborPart(`tag ${value.tag}`, value.value, names)] }
  if (!(value instanceof Map)) return { name, bytes, text: shortened(textOf(value)) }
  const parts = [...value].map(([label, item]) => ({
    ...cborPart(nameOf(label, names), item, names),
    bytes: sizeOf(label) + sizeOf(item),
  }))
  return { name, bytes, parts }
}

function textOf(value: CborValue): string {
  return typeof value === 'string' ? value : String(value)
}

/** A label that is no text, in a form that can be shown. */
function plain(label: CborValue): unknown {
  if (label instanceof Uint8Array) return hexText(label)
  return typeof label === 'bigint' ? label.toString() : typeof label === 'object' ? '…' : label
}
