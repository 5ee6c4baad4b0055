import type { Json, JsonObject } from '../bytes/index.ts'

export type { Json, JsonObject }

/** DIDComm v2.1, "Attachments". */
export interface Attachment {
  id?: string
  description?: string
  filename?: string
  media_type?: string
  format?: string
  lastmod_time?: number
  byte_count?: number
  data: AttachmentData
}

export interface AttachmentData {
  jws?: Json
  hash?: string
  links?: string[]
  base64?: string
  json?: Json
}

/** The headers that a DIDComm plaintext message may have (DIDComm v2.1, "Message Headers"). */
export interface Headers {
  typ?: string
  from?: string
  to?: string[]
  thid?: string
  pthid?: string
  /** UTC, seconds since 1970. */
  created_time?: number
  /** UTC, seconds since 1970. */
  expires_time?: number
  attachments?: Attachment[]
  from_prior?: string
  [header: string]: unknown
}

/**
 * A DIDComm plaintext message (DIDComm v2.1, "Plaintext Message Structure"), spelled as on the wire. Headers that are
 * not named here are kept as they came.
 */
export interface Message extends Headers {
  id: string
  type: string
  body: JsonObject
}

/** A message to pack: one whose `id` may be left to the encoding. */
export interface Packable extends Headers {
  id?: string
  type: string
  body: JsonObject
}

/** A message before the agent gives it an id, a sender and a time. */
export interface Draft extends Headers {
  id?: string
  type: string
  body?: JsonObject
}
