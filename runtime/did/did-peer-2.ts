import { decodeBase64url, encodeBase64url, encodeUtf8, type Json, parseJson } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { MULTIKEY_CONTEXT } from './did-key.ts'
import { MAX_DID_CHARACTERS } from './did-url.ts'
import type { DidDocument, Service, VerificationMethod } from './document.ts'
import { readMultikey } from './keys.ts'
import { multihashSha256 } from './multihash.ts'
import { decodeMultikey } from './multikey.ts'
import type { ServiceInput } from './services.ts'

const PREFIX = 'did:peer:2'

/** The purpose codes of the method (did:peer §numalgo 2). */
const PURPOSES = {
  A: 'assertionMethod',
  D: 'capabilityDelegation',
  E: 'keyAgreement',
  I: 'capabilityInvocation',
  V: 'authentication',
} as const

export type KeyPurpose = (typeof PURPOSES)[keyof typeof PURPOSES]

/** The abbreviations of service members, at any depth. */
const LONG_NAMES: ReadonlyMap<string, string> = new Map([
  ['t', 'type'],
  ['s', 'serviceEndpoint'],
  ['r', 'routingKeys'],
  ['a', 'accept'],
])

export interface DidPeer2Input {
  /** The n-th of them gets the id `#key-n`. */
  keys: readonly { purpose: KeyPurpose; multikey: string }[]
  services: readonly ServiceInput[]
}

/**
 * Makes a did:peer:2, which holds its keys and services itself. Keep `?`, `>` and `~` out of endpoint URIs: they can lead
 * to a `-` or `_` in the DID, which two older libraries do not read.
 *
 * @throws TypeError for what is not a Multikey
 * @throws RangeError where the DID would be longer than 8,192 characters
 */
export function createDidPeer2({ keys, services }: DidPeer2Input): string {
  const parts = keys.map(({ purpose, multikey }) => `.${codeOf(purpose)}${checkMultikey(multikey)}`)
  for (const { uri, accept, routingKeys } of services) {
    const endpoint = {
      uri,
      ...(accept && accept.length > 0 && { a: accept }),
      ...(routingKeys && routingKeys.length > 0 && { r: routingKeys }),
    }
    parts.push(`.S${encodeBase64url(encodeUtf8(JSON.stringify({ t: 'dm', s: endpoint })))}`)
  }
  const did = PREFIX + parts.join('')
  if (parts.length === 0) throw new RangeError('"keys" and "services" expected one entry at least')
  if (did.length > MAX_DID_CHARACTERS) {
    throw new RangeError(`the DID is longer than ${MAX_DID_CHARACTERS} characters, got ${did.length}`)
  }
  return did
}

function codeOf(purpose: KeyPurpose): string {
  const entry = Object.entries(PURPOSES).find(([, name]) => name === purpose)
  if (!entry) throw new RangeError(`"purpose" expected one of ${Object.values(PURPOSES).join(', ')}`)
  return entry[0]
}

function checkMultikey(multikey: string): string {
  try {
    decodeMultikey(multikey)
  } catch (cause) {
    throw new TypeError('"multikey" expected a Multikey in base58btc', { cause })
  }
  return multikey
}

/**
 * Makes the document of a did:peer:2.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function resolveDidPeer2(crypto: Crypto, did: string): DidDocument {
  const methods: VerificationMethod[] = []
  const services: Service[] = []
  const document: DidDocument = { '@context': [...MULTIKEY_CONTEXT], id: did }
  const [nothing, ...elements] = did.slice(PREFIX.length).split('.')
  if (nothing !== '' || elements.length === 0) throw malformed('a did:peer:2 has no elements')
  for (const element of elements) {
    const content = element.slice(1)
    const code = element.charAt(0)
    if (code === 'S') {
      services.push(...servicesOf(content))
      continue
    }
    const purpose = isPurposeCode(code) ? PURPOSES[code] : undefined
    if (!purpose) throw malformed('a did:peer:2 has an element of an unknown purpose')
    // A key of a kind that is not known here stays in the document, for those who know it.
    readMultikey(content)
    const id = `#key-${methods.length + 1}`
    methods.push({ id, type: 'Multikey', controller: did, publicKeyMultibase: content })
    document[purpose] = [...(document[purpose] ?? []), id]
  }
  document.verificationMethod = methods
  if (services.length > 0) document.service = withIds(services)
  document.alsoKnownAs = [`did:peer:3${multihashSha256(crypto, encodeUtf8(did.slice(PREFIX.length)))}`]
  return document
}

function isPurposeCode(code: string): code is keyof typeof PURPOSES {
  return Object.hasOwn(PURPOSES, code)
}

/** Reads one service element: one service, or the list of services that older libraries wrote. */
function servicesOf(encoded: string): Service[] {
  const value = expandNames(parseElement(encoded))
  return (Array.isArray(value) ? value : [value]).map((service) => {
    if (typeof service !== 'object' || service === null || Array.isArray(service)) {
      throw malformed('a service of a did:peer:2 is not an object')
    }
    const { id = '', type, serviceEndpoint } = service
    if (typeof id !== 'string' || typeof type !== 'string' || serviceEndpoint === undefined) {
      throw malformed('a service of a did:peer:2 has no "type" or no "serviceEndpoint"')
    }
    return { ...service, id, type: type === 'dm' ? 'DIDCommMessaging' : type, serviceEndpoint }
  })
}

/** Reads base64url of JSON, and past the padding that the method once had: right in its length, or none. */
function parseElement(encoded: string): Json {
  try {
    const unpadded = encoded.length % 4 === 0 ? encoded.replace(/={1,2}$/, '') : encoded
    return parseJson(decodeBase64url(unpadded), { maxDepth: 8 })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed('a service of a did:peer:2 is not base64url of JSON', cause)
  }
}

function expandNames(value: Json): Json {
  if (Array.isArray(value)) return value.map(expandNames)
  if (typeof value !== 'object' || value === null) return value
  const names = new Set<string>()
  const entries = Object.entries(value).map(([name, item = null]): [string, Json] => {
    const longName = LONG_NAMES.get(name) ?? name
    if (names.has(longName)) throw malformed(`a service of a did:peer:2 has "${longName}" twice`)
    names.add(longName)
    return [longName, expandNames(item)]
  })
  return Object.fromEntries(entries)
}

/** Gives ids to services without one: `#service`, `#service-1`, `#service-2` … */
function withIds(services: readonly Service[]): Service[] {
  let count = 0
  return services.map((service) => {
    if (service.id !== '') return service
    const id = count === 0 ? '#service' : `#service-${count}`
    count += 1
    return { ...service, id }
  })
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
