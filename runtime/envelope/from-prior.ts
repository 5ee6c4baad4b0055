import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8, isJsonObject, parseJson } from '../bytes/index.ts'
import { isDid } from '../did/did-url.ts'
import { didOf } from '../did/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { JsonObject, Message } from '../message/message.ts'
import { sameDid } from './addressing.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext, Prior } from './envelope.ts'
import { algOf, parseSignature, verifyJws } from './jws/jws.ts'
import { listedKey, signingKey } from './keys.ts'

/** The longest `from_prior` that is read: two did:peer:4 in their long forms, and a signature. */
const MAX_CHARACTERS = 40_960

export interface FromPriorInput {
  /** The DID that was used so far. */
  readonly prior: string
  /** The DID to use from now on. Absent: the relationship ends. */
  readonly next?: string
  /** When this was decided, in seconds since 1970. */
  readonly issuedAt: number
}

/**
 * Makes the `from_prior` header of a message from a new DID: a JWT that the old DID signs (DIDComm v2.1, "DID Rotation").
 *
 * @throws DidCommError `ERR_KEY_NOT_FOUND` where no key of the old DID is here
 */
export async function createFromPrior(
  input: FromPriorInput,
  context: Pick<EnvelopeContext, 'crypto' | 'secrets' | 'resolve'>,
): Promise<string> {
  const { prior, next, issuedAt } = input
  if (!isDid(prior) || (next !== undefined && !isDid(next))) throw new TypeError('"prior" and "next" expected DIDs')
  const { kid, curve } = await signingKey(prior, documentKeys(context))
  const header = { typ: 'JWT', alg: algOf(curve), kid }
  const claims = { iss: prior, ...(next !== undefined && { sub: next }), iat: issuedAt }
  const input64 = `${encodeJson(header)}.${encodeJson(claims)}`
  return `${input64}.${encodeBase64url(await context.secrets.sign(kid, encodeUtf8(input64)))}`
}

/**
 * Checks a `from_prior`: that a key which its issuer's document lists for authentication signed it. Times are not checked:
 * `expiresAt` and `notBefore` are for who has a clock.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_ADDRESSING`, `ERR_ENVELOPE_UNSUPPORTED`, and
 * what `resolve` throws
 */
export async function verifyFromPrior(jwt: string, context: EnvelopeContext): Promise<Prior> {
  const [header, claims, signature, ...more] = jwt.length > MAX_CHARACTERS ? [] : jwt.split('.')
  if (!header || !claims || !signature || more.length > 0) throw malformed('"from_prior" is no JWT')
  const parsed = parseSignature({ protected: header, signature }, claims)
  if (parsed.typ !== undefined && parsed.typ.toUpperCase() !== 'JWT') throw malformed('"from_prior" is of another type')
  const prior = readClaims(parseClaims(claims))
  if (!sameDid(prior.did, didOf(parsed.kid))) throw mismatch('"from_prior" is signed by another DID than its issuer')
  const key = await listedKey(parsed.kid, 'authentication', documentKeys(context))
  if (!key) throw mismatch('the issuer of "from_prior" does not list its key for authentication')
  verifyJws(parsed, key, context.crypto)
  return prior
}

/**
 * Verifies the `from_prior` of a message, if it has one, and that it leads to who the message says it is from.
 *
 * @throws DidCommError as `verifyFromPrior`, and `ERR_ENVELOPE_ADDRESSING`
 */
export async function priorOf(
  message: Message,
  encrypted: boolean,
  context: EnvelopeContext,
): Promise<{ prior?: Prior }> {
  const { from, from_prior: jwt } = message
  if (jwt === undefined) return {}
  if (!encrypted) throw mismatch('a message that is not encrypted has "from_prior"')
  const prior = await verifyFromPrior(jwt, context)
  const leadsHere = prior.next === undefined ? from === undefined : sameDid(from, prior.next)
  if (!leadsHere) throw mismatch('"from_prior" leads to another DID than "from"')
  return { prior }
}

function parseClaims(claims: string): JsonObject {
  try {
    const value = parseJson(decodeUtf8(decodeBase64url(claims)), { maxDepth: 4 })
    if (isJsonObject(value)) return value
  } catch (error) {
    if (!isDidCommError(error)) throw error
  }
  throw malformed('the claims of "from_prior" are no JSON object')
}

function readClaims({ iss, sub, iat, exp, nbf }: JsonObject): Prior {
  if (typeof iss !== 'string' || !isDid(iss)) throw malformed('"iss" of "from_prior" is no DID')
  if (sub !== undefined && (typeof sub !== 'string' || !isDid(sub))) throw malformed('"sub" of "from_prior" is no DID')
  if (sub !== undefined && sameDid(iss, sub)) throw malformed('"from_prior" leads to the DID that it comes from')
  const issuedAt = time('iat', iat)
  // I3: the time of the rotation, by which messages of the old DID are told to be late.
  if (issuedAt === undefined) throw malformed('"iat" of "from_prior" is missing')
  const [expiresAt, notBefore] = [time('exp', exp), time('nbf', nbf)]
  return {
    did: iss,
    ...(sub !== undefined && { next: sub }),
    issuedAt,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(notBefore !== undefined && { notBefore }),
  }
}

function time(name: string, value: JsonObject[string]): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= 0)) throw malformed(`"${name}" of "from_prior" is no time`)
  return value
}

function encodeJson(value: object): string {
  return encodeBase64url(encodeUtf8(JSON.stringify(value)))
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}

function mismatch(what: string): DidCommError {
  return new DidCommError('ERR_ENVELOPE_ADDRESSING', what)
}
