import { decodeUtf8, type Json, parseJson } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { isDid } from './did-url.ts'
import { didWebUrl, type HttpsGet } from './did-web.ts'
import { type LogEntry, verifyLog } from './did-webvh-log.ts'
import { checkWitnesses } from './did-webvh-witness.ts'
import type { DidDocument, DidMethod } from './document.ts'

const FORM = /^did:webvh:(Qm[1-9A-HJ-NP-Za-km-z]{44}):(.+)$/

export interface DidWebvhOptions {
  crypto: Crypto
  get: HttpsGet
  /** The time, in milliseconds since 1970: an entry of the future is refused. */
  now: () => number
  /** The largest log, and the largest file of witnesses. Default: 1 MiB. */
  maxBytes?: number
  /** How many entries a log may have. Default: 1024. */
  maxEntries?: number
  /** Takes a witness that is named by its Multikey alone, as the logs of one implementation in Rust have it. Default: no. */
  allowBareWitnesses?: boolean
}

/** Which version of a document to resolve. Default: the latest. */
export interface DidVersion {
  readonly versionId?: string
  readonly versionNumber?: number
  /** The version that held at that time, in milliseconds since 1970. */
  readonly atMs?: number
}

/** The did:webvh method, and earlier versions of documents. */
export interface DidWebvh extends DidMethod {
  /** @throws DidCommError as `resolve`; `ERR_DID_NOT_FOUND` where there is no such version */
  resolveVersion(did: string, version: DidVersion): Promise<DidDocument>
}

/**
 * The did:webvh method, version 1.0: did:web with a history that verifies itself. The DID holds the hash of the first entry of a log; each
 * entry is signed by a key that the one before allows, and approved by witnesses where the log asks for that. Whoever holds
 * the web server can hold back entries, and write none.
 *
 * A deactivated DID is not found, and neither is the old name of one that has moved; earlier versions of both are.
 */
export function didWebvh(options: DidWebvhOptions): DidWebvh {
  const { crypto, get, now, maxBytes = 1 << 20, maxEntries = 1024, allowBareWitnesses = false } = options

  async function entriesOf(did: string): Promise<LogEntry[]> {
    const url = didWebvhUrl(did)
    const content = await get(url, maxBytes)
    if (!content) throw new DidCommError('ERR_DID_NOT_FOUND', 'there is no log where the did:webvh points')
    const entries = verifyLog(readLines(content, maxBytes, maxEntries), { crypto, nowMs: now(), allowBareWitnesses })
    if (entries.some(({ witness }) => witness)) {
      const file = await get(url.replace(/did\.jsonl$/, 'did-witness.json'), maxBytes)
      checkWitnesses(crypto, entries, file && readWitnesses(file, maxBytes))
    }
    if (!entries.some((entry) => entry.did === did)) throw malformed('the log is that of another DID')
    return entries
  }

  async function resolveVersion(did: string, version: DidVersion): Promise<DidDocument> {
    const entries = await entriesOf(did)
    const { versionId, versionNumber, atMs } = version
    const entry = entries
      .reverse()
      .find(
        (one) =>
          (versionId === undefined || one.versionId === versionId) &&
          (versionNumber === undefined || one.versionNumber === versionNumber) &&
          (atMs === undefined || one.timeMs <= atMs),
      )
    if (!entry) throw new DidCommError('ERR_DID_NOT_FOUND', 'there is no such version of the did:webvh')
    if (entry.did !== did) throw new DidCommError('ERR_DID_NOT_FOUND', 'the did:webvh has moved')
    if (entry.deactivated) throw new DidCommError('ERR_DID_NOT_FOUND', 'the did:webvh is deactivated')
    return entry.state as unknown as DidDocument
  }

  return { method: 'webvh', resolve: (did) => resolveVersion(did, {}), resolveVersion }
}

/**
 * Returns the URL of the log of a did:webvh (did:webvh 1.0, "The DID to HTTPS Transformation").
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function didWebvhUrl(did: string): string {
  const [, , rest] = (isDid(did) && FORM.exec(did)) || []
  if (rest === undefined) throw malformed('the text is not a did:webvh')
  return `${didWebUrl(`did:web:${rest}`)}l`
}

function readLines(content: Uint8Array, maxBytes: number, maxEntries: number): Json[] {
  const text = strict(() => decodeUtf8(content), 'the log of the did:webvh is no text')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw malformed('the log of the did:webvh is empty')
  if (lines.length > maxEntries) throw new DidCommError('ERR_TOO_LARGE', `a log of more than ${maxEntries} entries`)
  return lines.map((line) => strict(() => parseJson(line, { maxBytes }), 'the log of the did:webvh is not JSON'))
}

function readWitnesses(content: Uint8Array, maxBytes: number): Json {
  return strict(() => parseJson(content, { maxBytes }), 'the witnesses of the did:webvh are not JSON')
}

function strict<T>(work: () => T, what: string): T {
  try {
    return work()
  } catch (cause) {
    if (isDidCommError(cause, 'ERR_BYTES_MALFORMED')) throw malformed(what, cause)
    throw cause
  }
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
