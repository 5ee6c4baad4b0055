import { decodeBase64, decodeUtf8, encodeBase64url, encodeUtf8, isJsonObject } from '../bytes/index.ts'
import { isDid } from '../did/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { parseMessage, serializeMessage, typeKey } from '../message/index.ts'
import type { Attachment, Draft, Message } from '../message/message.ts'

/** https://didcomm.org/out-of-band/2.0; DIDComm v2.1, "Out Of Band Messages". */
export const INVITATION = 'https://didcomm.org/out-of-band/2.0/invitation'

/** The longest URL that is read, and the longest answer to a short one. */
const MAX_URL_CHARACTERS = 65_536
const MAX_REQUESTS = 16

export interface InvitationInput {
  /** Unique to the inviter; the answer has it as its `pthid`. */
  readonly id: string
  /** The DID to answer to. Who sees the URL sees it: rotate it afterwards where that matters. */
  readonly from: string
  readonly goalCode?: string
  readonly goal?: string
  /** Profiles in order of preference, such as `didcomm/v2`. */
  readonly accept?: readonly string[]
  /** Messages that the invited may act on, one of them (`request`). */
  readonly attachments?: readonly Attachment[]
  /** UTC, seconds since 1970. */
  readonly expiresTime?: number
}

/** An invitation as its reader wants it. */
export interface Invitation {
  readonly id: string
  readonly from: string
  readonly goalCode?: string
  readonly goal?: string
  readonly accept: readonly string[]
  readonly attachments: readonly Attachment[]
  readonly expiresTime?: number
}

/** Makes an invitation. It is not encrypted, and travels by pictures and links: put nothing private into it. */
export function invitation(input: InvitationInput): Message {
  const { id, from, goalCode, goal, accept, attachments, expiresTime } = input
  if (!isDid(from)) throw new TypeError('"from" expected a DID')
  return {
    type: INVITATION,
    id,
    from,
    body: {
      ...(goalCode !== undefined && { goal_code: goalCode }),
      ...(goal !== undefined && { goal }),
      ...(accept && { accept: [...accept] }),
    },
    ...(attachments && { attachments: [...attachments] }),
    ...(expiresTime !== undefined && { expires_time: expiresTime }),
  }
}

/** Attaches a message that the invited may act on. */
export function request(message: Message, id: string = message.id): Attachment {
  return { id, media_type: 'application/json', data: { json: JSON.parse(decodeUtf8(serializeMessage(message))) } }
}

/** Writes an invitation as a URL ("Standard Message Encoding"): what a QR code shows. Whatever `base` leads to in a browser explains it. */
export function invitationUrl(base: string, message: Message): string {
  return withQuery(base, '_oob', encodeBase64url(serializeMessage(message)))
}

/** Writes the short form of a URL: the host of `base` knows the invitation by `oobid`, and `answerShortUrl` is what it answers. */
export function shortInvitationUrl(base: string, oobid: string): string {
  return withQuery(base, '_oobid', encodeURIComponent(oobid))
}

/**
 * Answers a GET of a short URL with the invitation as JSON, or `undefined` where the URL names none.
 *
 * @param url the URL or its path with the query
 */
export function answerShortUrl(url: string, find: (oobid: string) => Message | undefined): Uint8Array | undefined {
  const oobid = parameter(url, '_oobid')
  const message = oobid === undefined ? undefined : find(oobid)
  return message && serializeMessage(message)
}

/** Gets what a URL leads to: the body, at most `maxBytes` of it, and the URL after redirects. Limits of time are its own. */
export type GetUrl = (url: string, options: { maxBytes: number }) => Promise<{ url: string; bytes: Uint8Array }>

/**
 * Reads an invitation from its URL, long or short. `get` is needed for short ones; what it gets may be the message, its encoding,
 * or a redirect to the long URL.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, `ERR_TOO_LARGE`, and what `get` throws
 */
export async function readInvitationUrl(url: string, get?: GetUrl): Promise<Invitation> {
  const long = parameter(url, '_oob')
  if (long !== undefined) return readInvitation(encoded(long))
  if (parameter(url, '_oobid') === undefined) throw malformed('the URL has no "_oob" and no "_oobid"')
  if (!get) throw malformed('the URL is a short one, which has to be fetched')
  const got = await get(url, { maxBytes: MAX_URL_CHARACTERS })
  const redirected = parameter(got.url, '_oob')
  return readInvitation(redirected === undefined ? content(got.bytes) : encoded(redirected))
}

/**
 * Reads an invitation from the JSON of its message.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, `ERR_TOO_LARGE`
 */
export function readInvitation(bytes: Uint8Array): Invitation {
  if (bytes.length > MAX_URL_CHARACTERS) throw new DidCommError('ERR_TOO_LARGE', 'the invitation is too long')
  const message = strict(() => parseMessage(bytes), 'the invitation is no plaintext message')
  if (typeKey(message.type) !== typeKey(INVITATION)) throw malformed('the message is no invitation')
  const { id, from, body, attachments = [], expires_time: expiresTime } = message
  if (from === undefined) throw malformed('the invitation has no "from"')
  const { goal_code: goalCode, goal, accept = [] } = body
  if (!Array.isArray(accept)) throw malformed('"accept" is no array')
  return {
    id,
    from,
    ...(typeof goalCode === 'string' && { goalCode }),
    ...(typeof goal === 'string' && { goal }),
    accept: accept.filter((profile): profile is string => typeof profile === 'string'),
    attachments,
    ...(expiresTime !== undefined && { expiresTime }),
  }
}

/** The messages that an invitation attaches. Act on one of them; what is no message is left out. */
export function requests({ attachments }: Pick<Invitation, 'attachments'>): Message[] {
  return attachments.slice(0, MAX_REQUESTS).flatMap(({ data }) => {
    try {
      const bytes =
        data.base64 === undefined ? encodeUtf8(JSON.stringify(data.json ?? null)) : decodeBase64(data.base64)
      return [parseMessage(bytes)]
    } catch (error) {
      if (isDidCommError(error)) return []
      throw error
    }
  })
}

/** Makes a message the answer to an invitation, whose `id` it gets as `pthid`. */
export function inAnswerTo({ id }: Pick<Invitation, 'id'>, draft: Draft): Draft {
  return { ...draft, pthid: id }
}

/** Where to lead a person back to after the last message of a protocol ("Redirecting Back to Sender"). */
export interface WebRedirect {
  readonly status: 'OK' | 'FAIL' | 'PENDING'
  readonly redirectUrl: string
}

/** Reads the header `web_redirect` of a message; `undefined` where it has none that makes sense. Only web addresses are taken. */
export function webRedirect({ web_redirect: header }: Pick<Message, 'web_redirect'>): WebRedirect | undefined {
  if (!isJsonObject(header as never)) return undefined
  const { status, redirectUrl } = header as Record<string, unknown>
  const known = status === 'OK' || status === 'FAIL' || status === 'PENDING'
  return known && typeof redirectUrl === 'string' && /^https?:\/\//i.test(redirectUrl)
    ? { status, redirectUrl }
    : undefined
}

function withQuery(base: string, name: string, value: string): string {
  const [page = '', fragment] = base.split('#', 2)
  const url = `${page}${page.includes('?') ? '&' : '?'}${name}=${value}`
  return fragment === undefined ? url : `${url}#${fragment}`
}

/** The value of a parameter in the query of a URL. */
function parameter(url: string, name: string): string | undefined {
  if (url.length > MAX_URL_CHARACTERS) throw new DidCommError('ERR_TOO_LARGE', 'the URL is too long')
  const [, query = ''] = (url.split('#', 1)[0] ?? '').split('?', 2)
  const found = query.split('&').find((pair) => pair.startsWith(`${name}=`))
  if (found === undefined) return undefined
  try {
    return decodeURIComponent(found.slice(name.length + 1))
  } catch (cause) {
    throw malformed('the URL is not encoded as URLs are', cause)
  }
}

/** Decodes base64url; some write plain base64, or padding. */
function encoded(text: string): Uint8Array {
  return strict(() => decodeBase64(text.trim()), 'the invitation is not base64url')
}

function content(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_URL_CHARACTERS) throw new DidCommError('ERR_TOO_LARGE', 'the invitation is too long')
  if (bytes[0] === 0x7b) return bytes
  const text = strict(() => decodeUtf8(bytes), 'the answer to the short URL is no text').trim()
  return encoded(parameter(text, '_oob') ?? text)
}

function strict<T>(work: () => T, what: string): T {
  try {
    return work()
  } catch (cause) {
    if (isDidCommError(cause, 'ERR_BYTES_MALFORMED')) throw malformed(what, cause)
    throw cause
  }
}

function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what, cause === undefined ? undefined : { cause })
}
