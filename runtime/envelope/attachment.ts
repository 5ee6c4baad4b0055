import {
  concatBytes,
  decodeBase58btc,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  encodeBase58btc,
  encodeBase64url,
  encodeUtf8,
  equalBytes,
  isJsonObject,
} from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { didOf } from '../did/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { Attachment, AttachmentData, Json } from '../message/message.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext } from './envelope.ts'
import { algOf, parseSignature, verifyJws } from './jws/jws.ts'
import { listedKey, signingKey } from './keys.ts'

// DIDComm v2.1, "Attachments".

const defaultMaxBytes = 1_048_576
/** The multihash code of SHA-256, and its length. */
const sha256Prefix = Uint8Array.of(0x12, 0x20)

/** What an attachment says of its content. */
export type AttachmentHeaders = Omit<Attachment, 'data' | 'byte_count'>

/** Attaches bytes, in base64url. */
export function attachBytes(bytes: Uint8Array, headers: AttachmentHeaders = {}): Attachment {
  return { ...headers, byte_count: bytes.length, data: { base64: encodeBase64url(bytes) } }
}

/** Attaches a JSON value as it is. */
export function attachJson(json: Json, headers: AttachmentHeaders = {}): Attachment {
  return { ...headers, data: { json } }
}

/** Attaches what `links` lead to, which is `bytes`: whoever fetches it checks the hash. */
export function attachLinks(
  links: readonly string[],
  bytes: Uint8Array,
  crypto: Crypto,
  headers: AttachmentHeaders = {},
): Attachment {
  const hash = `z${encodeBase58btc(concatBytes(sha256Prefix, crypto.sha256(bytes)))}`
  return { ...headers, byte_count: bytes.length, data: { links: [...links], hash } }
}

export interface ReadAttachmentOptions {
  readonly crypto: Crypto
  /** Gets what a link leads to, at most `maxBytes` of it; where it may go and for how long is its own affair. Without it, links are refused. */
  readonly get?: (link: string, options: { maxBytes: number }) => Promise<Uint8Array>
  /** Default 1 MiB. */
  readonly maxBytes?: number
}

/**
 * Returns the content of an attachment: what it carries, or what the first link that answers leads to. JSON comes as UTF-8. The hash is
 * checked where there is one, which links must have, and so is the length.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, `ERR_TOO_LARGE`, `ERR_TRANSPORT_UNREACHABLE` where no link answers
 */
export async function readAttachment(attachment: Attachment, options: ReadAttachmentOptions): Promise<Uint8Array> {
  const { data, byte_count: byteCount } = attachment
  const { crypto, maxBytes = defaultMaxBytes } = options
  const hash = data.hash === undefined ? undefined : multihash(data.hash)
  const bytes = carried(data) ?? (await linked(data, hash, options, maxBytes))
  if (bytes.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `the attachment has more than ${maxBytes} bytes`)
  if (hash && !equalBytes(crypto.sha256(bytes), hash)) throw malformed('the content is not that of "hash"')
  if (byteCount !== undefined && data.json === undefined && byteCount !== bytes.length) {
    throw malformed('the content has not "byte_count" bytes')
  }
  return bytes
}

/**
 * Signs the content of an attachment, with content detached (RFC 7515 Appendix F): whoever reads it learns that `from` vouches for it.
 *
 * @throws TypeError where it carries no content
 * @throws DidCommError `ERR_KEY_NOT_FOUND`
 */
export async function signAttachment(
  attachment: Attachment,
  from: string,
  context: Pick<EnvelopeContext, 'crypto' | 'secrets' | 'resolve'>,
): Promise<Attachment> {
  const bytes = carried(attachment.data)
  if (!bytes) throw new TypeError('"attachment" expected one that carries its content')
  const { kid, curve } = await signingKey(from, documentKeys(context))
  const header = encodeBase64url(encodeUtf8(JSON.stringify({ alg: algOf(curve) })))
  const input = encodeUtf8(`${header}.${encodeBase64url(bytes)}`)
  const signature = encodeBase64url(await context.secrets.sign(kid, input))
  return { ...attachment, data: { ...attachment.data, jws: { header: { kid }, protected: header, signature } } }
}

/**
 * Verifies the signature of an attachment over its content, and returns the DID that made it. It need not be the author of the message.
 *
 * @param content what `readAttachment` returned
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` where there is none, `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_ADDRESSING`, `ERR_ENVELOPE_UNSUPPORTED`,
 * `ERR_ENVELOPE_MALFORMED`
 */
export async function verifyAttachment(
  attachment: Attachment,
  content: Uint8Array,
  context: Pick<EnvelopeContext, 'crypto' | 'secrets' | 'resolve'>,
): Promise<string> {
  const { jws } = attachment.data
  if (!isJsonObject(jws) || jws['payload'] !== undefined) throw malformed('"jws" is missing, or not detached')
  const signature = parseSignature(jws, encodeBase64url(content))
  const key = await listedKey(signature.kid, 'authentication', documentKeys(context))
  if (!key) {
    throw new DidCommError(
      'ERR_ENVELOPE_ADDRESSING',
      'the signer of the attachment does not list its key for authentication',
    )
  }
  verifyJws(signature, key, context.crypto)
  return didOf(signature.kid)
}

/** The content that an attachment carries itself. */
function carried({ base64, json }: AttachmentData): Uint8Array | undefined {
  if (json !== undefined) return encodeUtf8(JSON.stringify(json))
  if (base64 === undefined) return undefined
  return decoded(() => decodeBase64(base64), '"base64" is not base64')
}

async function linked(
  { links }: AttachmentData,
  hash: Uint8Array | undefined,
  { get }: ReadAttachmentOptions,
  maxBytes: number,
): Promise<Uint8Array> {
  if (links === undefined || links.length === 0) throw malformed('an attachment has no content')
  if (!hash) throw malformed('"links" without "hash"')
  if (!get) throw malformed('the content has to be fetched, and nobody does that here')
  let cause: unknown
  for (const link of links.slice(0, 8)) {
    try {
      return await get(link, { maxBytes })
    } catch (error) {
      cause = error
    }
  }
  throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'no link of the attachment answers', { cause })
}

/** Reads a multihash of SHA-256: in base58btc (`zQm…` or `Qm…`), base64url (`u…`) or hexadecimal (`f…`). */
function multihash(text: string): Uint8Array {
  const bytes = decoded(() => {
    if (text.startsWith('u')) return decodeBase64url(text.slice(1))
    if (text.startsWith('f')) return decodeHex(text.slice(1))
    return decodeBase58btc(text.startsWith('z') ? text.slice(1) : text)
  }, '"hash" is no multihash')
  if (bytes.length !== 34 || bytes[0] !== sha256Prefix[0] || bytes[1] !== sha256Prefix[1]) {
    throw malformed('"hash" is no multihash of SHA-256')
  }
  return bytes.subarray(2)
}

function decoded(work: () => Uint8Array, what: string): Uint8Array {
  try {
    return work()
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw new DidCommError('ERR_MESSAGE_MALFORMED', what, { cause })
  }
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
