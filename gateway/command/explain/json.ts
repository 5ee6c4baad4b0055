import { isDidCommError } from 'didcomm-mote'
import { decodeBase64url, isJsonObject, type Json, type JsonObject, parseJson } from 'didcomm-mote/bytes'
import { type Explain, hexText, type Part, shortened } from './part.ts'

/** How an object or a member of it is shown where there is more to say than its value. */
type Show = (name: string, value: Json) => Part

const ENCODER = new TextEncoder()

/** Takes DIDComm JSON apart: a plaintext, a JWS or a JWE, and what can be read of the envelopes in it. */
export function explainJson(bytes: Uint8Array, inner: Explain): Part {
  const value = parseJson(bytes)
  const object = isJsonObject(value) ? value : {}
  const [name, show] = kindOf(object, inner)
  return { name, bytes: bytes.length, parts: members(object, show) }
}

function kindOf(object: JsonObject, inner: Explain): [string, Show] {
  if ('ciphertext' in object) return ['encrypted message (JWE)', jwePart]
  if ('signatures' in object || 'signature' in object) return ['signed message (JWS)', jwsPart(inner)]
  if ('type' in object) return ['plaintext message', plaintextPart(inner)]
  return ['JSON of no known kind', jsonPart]
}

/** The bytes of a value as it is written without white space. */
function sizeOf(value: Json): number {
  return ENCODER.encode(JSON.stringify(value)).length
}

function members(object: JsonObject, show: Show): Part[] {
  return Object.entries(object).flatMap(([name, value]) => {
    if (value === undefined) return []
    const part = show(name, value)
    return [{ ...part, bytes: sizeOf(name) + 1 + sizeOf(value) }]
  })
}

function jsonPart(name: string, value: Json): Part {
  const bytes = sizeOf(value)
  if (Array.isArray(value)) return { name, bytes, parts: value.map((item, i) => jsonPart(`${i}`, item)) }
  if (isJsonObject(value)) return { name, bytes, parts: members(value, jsonPart) }
  return { name, bytes, text: shortened(typeof value === 'string' ? value : JSON.stringify(value)) }
}

/** The bytes of base64url, or `undefined` where it is none. */
function bytesOf(value: Json): Uint8Array | undefined {
  try {
    return typeof value === 'string' ? decodeBase64url(value) : undefined
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

function binaryPart(name: string, value: Json): Part {
  const bytes = bytesOf(value)
  if (!bytes) return jsonPart(name, value)
  return { name, bytes: sizeOf(value), text: `${bytes.length} bytes: ${hexText(bytes)}` }
}

/** A header in base64url. */
function headerPart(name: string, value: Json): Part {
  const bytes = bytesOf(value)
  const header = bytes && parsed(bytes)
  if (!isJsonObject(header)) return jsonPart(name, value)
  return {
    name,
    bytes: sizeOf(value),
    text: `base64url of ${bytes?.length} bytes`,
    parts: members(header, headerMember),
  }
}

function headerMember(name: string, value: Json): Part {
  // Both hold text: a key id, and the hash of those of the recipients or, in other envelopes, the ids themselves.
  if (name === 'apu' || name === 'apv') return partyPart(name, value)
  if (name === 'epk' && isJsonObject(value))
    return { ...jsonPart(name, value), text: `an ephemeral key on ${value['crv']}` }
  return jsonPart(name, value)
}

function partyPart(name: string, value: Json): Part {
  const bytes = bytesOf(value)
  const text = bytes && Buffer.from(bytes).toString('utf8')
  return text?.startsWith('did:') ? { name, bytes: sizeOf(value), text: shortened(text) } : binaryPart(name, value)
}

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(bytes)
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

function listed(name: string, value: Json, show: Show): Part {
  if (!Array.isArray(value)) return jsonPart(name, value)
  const parts = value.map((item, i) => {
    const part = isJsonObject(item) ? { parts: members(item, show) } : jsonPart('', item)
    return { ...part, name: `${i}`, bytes: sizeOf(item) }
  })
  return { name, bytes: sizeOf(value), parts }
}

const jwePart: Show = (name, value) => {
  if (name === 'protected') return headerPart(name, value)
  if (name === 'recipients') return listed(name, value, jwePart)
  if (['encrypted_key', 'iv', 'ciphertext', 'tag', 'aad'].includes(name)) return binaryPart(name, value)
  return jsonPart(name, value)
}

function jwsPart(inner: Explain): Show {
  const show: Show = (name, value) => {
    if (name === 'protected') return headerPart(name, value)
    if (name === 'signatures') return listed(name, value, show)
    if (name === 'signature') return binaryPart(name, value)
    return name === 'payload' ? innerPart(name, value, bytesOf(value), inner) : jsonPart(name, value)
  }
  return show
}

function plaintextPart(inner: Explain): Show {
  const dataPart: Show = (name, value) => {
    if (name === 'base64') return innerPart(name, value, bytesOf(value), inner)
    const isEnvelope = name === 'json' && isJsonObject(value) && ('ciphertext' in value || 'payload' in value)
    return isEnvelope ? innerPart(name, value, ENCODER.encode(JSON.stringify(value)), inner) : jsonPart(name, value)
  }
  const attachmentPart: Show = (name, value) =>
    name === 'data' && isJsonObject(value)
      ? { name, bytes: sizeOf(value), parts: members(value, dataPart) }
      : jsonPart(name, value)
  return (name, value) => (name === 'attachments' ? listed(name, value, attachmentPart) : jsonPart(name, value))
}

/** What is an envelope itself, or looks like one. */
function innerPart(name: string, value: Json, bytes: Uint8Array | undefined, inner: Explain): Part {
  if (!bytes || (bytes[0] !== 0x7b && (bytes[0] ?? 0) < 0x80)) return binaryPart(name, value)
  try {
    return { name, bytes: sizeOf(value), text: `${bytes.length} bytes`, parts: [inner(bytes)] }
  } catch (error) {
    if (isDidCommError(error)) return binaryPart(name, value)
    throw error
  }
}
