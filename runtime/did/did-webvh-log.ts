import { encodeUtf8, isJsonObject, type Json, type JsonObject } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { canonicalJson, verifiedKey } from './data-integrity.ts'
import { MAX_KEYS, malformedLog as malformed, type WitnessRule, witnessRule } from './did-webvh-witness.ts'
import { multihashSha256 } from './multihash.ts'

// The log of a did:webvh (did:webvh 1.0, "DID Log File"): each entry names the hash of the one before and is signed by a key that the one
// before allows.

export interface LogOptions {
  readonly crypto: Crypto
  /** The time, in milliseconds since 1970. */
  readonly nowMs: number
  /** Takes a witness that is named by its Multikey alone, without `did:key:`. */
  readonly allowBareWitnesses: boolean
}

/** What holds after an entry. */
interface Parameters {
  readonly scid: string
  readonly updateKeys: readonly string[]
  readonly nextKeyHashes: readonly string[]
  readonly portable: boolean
  readonly deactivated: boolean
  readonly witness: WitnessRule | undefined
}

/** An entry that was verified. */
export interface LogEntry {
  readonly versionId: string
  readonly versionNumber: number
  readonly timeMs: number
  readonly state: JsonObject
  readonly did: string
  readonly deactivated: boolean
  /** Whose approval it needs. */
  readonly witness: WitnessRule | undefined
}

const METHOD = 'did:webvh:1.0'
const KNOWN = ['method', 'scid', 'updateKeys', 'nextKeyHashes', 'witness', 'watchers', 'portable', 'deactivated', 'ttl']
/** How far ahead the clock of who writes a log may be. */
const MAX_SKEW_MS = 300_000
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|\+00:00)$/
const NO_KEYS: readonly string[] = []

/**
 * Verifies a log from its beginning.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function verifyLog(lines: readonly Json[], options: LogOptions): LogEntry[] {
  const entries: LogEntry[] = []
  let before: Verified | undefined
  for (const line of lines) {
    if (!isJsonObject(line)) throw malformed('an entry is no object')
    if (before?.parameters.deactivated) throw malformed('there is an entry behind the deactivation')
    before = verifyEntry(line, before, options)
    entries.push(before.entry)
  }
  return entries
}

interface Verified {
  readonly parameters: Parameters
  readonly entry: LogEntry
}

function verifyEntry(line: JsonObject, before: Verified | undefined, options: LogOptions): Verified {
  const { crypto, nowMs } = options
  const { proof, ...signed } = line
  const { versionId, versionTime, parameters: changes, state } = signed
  if (typeof versionId !== 'string' || !isJsonObject(changes) || !isJsonObject(state)) {
    throw malformed('an entry lacks a member')
  }
  const parameters = before ? parametersAfter(changes, before.parameters, options) : firstParameters(changes, options)
  const versionNumber = (before?.entry.versionNumber ?? 0) + 1
  const previousId = before?.entry.versionId ?? parameters.scid
  if (versionId !== `${versionNumber}-${hashOf(crypto, { ...signed, versionId: previousId })}`) {
    throw malformed('the hash of an entry is not its own')
  }
  if (!before && parameters.scid !== scidOf(crypto, signed, parameters.scid)) {
    throw malformed('the SCID is not that of the log')
  }
  checkProofs(crypto, signed, proof, authorised(parameters, before?.parameters))
  const timeMs = timeOf(versionTime, before?.entry.timeMs, nowMs)
  const did = idOf(state, parameters, before?.entry)
  const { deactivated } = parameters
  // The first witnesses approve the entry that names them; those who follow, only what is behind it.
  const witness = before?.parameters.witness ?? parameters.witness
  return { parameters, entry: { versionId, versionNumber, timeMs, state, did, deactivated, witness } }
}

function firstParameters(changes: JsonObject, options: LogOptions): Parameters {
  checkNames(changes)
  const { method, scid, witness, portable, deactivated } = changes
  if (method !== METHOD) throw malformed('the log is of another version of did:webvh')
  if (typeof scid !== 'string') throw malformed('the first entry has no SCID')
  const updateKeys = texts(changes['updateKeys']) ?? NO_KEYS
  if (updateKeys.length === 0) throw malformed('the first entry has no "updateKeys"')
  return {
    scid,
    updateKeys,
    nextKeyHashes: texts(changes['nextKeyHashes']) ?? NO_KEYS,
    portable: flag(portable) ?? false,
    deactivated: flag(deactivated) ?? false,
    witness: witness === undefined ? undefined : witnessRule(witness, options.allowBareWitnesses),
  }
}

function parametersAfter(changes: JsonObject, before: Parameters, options: LogOptions): Parameters {
  checkNames(changes)
  const { method, scid, witness, portable, deactivated } = changes
  if (method !== undefined && method !== METHOD) throw malformed('the log is of another version of did:webvh')
  if (scid !== undefined) throw malformed('an entry behind the first has an SCID')
  if (portable === true && !before.portable) throw malformed('a DID becomes portable with its first entry only')
  const updateKeys = texts(changes['updateKeys'])
  if (before.nextKeyHashes.length > 0) checkPreRotation(options.crypto, updateKeys, before.nextKeyHashes)
  return {
    scid: before.scid,
    updateKeys: updateKeys ?? before.updateKeys,
    nextKeyHashes: texts(changes['nextKeyHashes']) ?? before.nextKeyHashes,
    portable: flag(portable) ?? before.portable,
    deactivated: flag(deactivated) ?? before.deactivated,
    witness: witness === undefined ? before.witness : witnessRule(witness, options.allowBareWitnesses),
  }
}

function checkNames(changes: JsonObject): void {
  if (!Object.keys(changes).every((name) => KNOWN.includes(name))) {
    throw malformed('an entry has a parameter that is not known')
  }
}

/** Keys that were announced by their hashes are the only ones that may follow. */
function checkPreRotation(crypto: Crypto, keys: readonly string[] | undefined, hashes: readonly string[]): void {
  const isAnnounced = (key: string): boolean => hashes.includes(multihash(crypto, encodeUtf8(key)))
  if (!keys || keys.length === 0 || !keys.every(isAnnounced)) throw malformed('the keys of an entry were not announced')
}

function authorised(parameters: Parameters, before: Parameters | undefined): readonly string[] {
  if (!before || before.nextKeyHashes.length > 0) return parameters.updateKeys
  return before.updateKeys
}

function checkProofs(crypto: Crypto, signed: JsonObject, proof: Json | undefined, keys: readonly string[]): void {
  const proofs = Array.isArray(proof) ? proof : proof === undefined ? [] : [proof]
  if (proofs.length === 0 || proofs.length > MAX_KEYS) throw malformed('an entry has no proof, or too many')
  for (const one of proofs) {
    const key = verifiedKey(crypto, signed, one)
    if (key === undefined || !keys.includes(key)) throw malformed('a proof of an entry is not by an authorised key')
  }
}

function timeOf(text: Json | undefined, beforeMs: number | undefined, nowMs: number): number {
  const ms = typeof text === 'string' && TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw malformed('"versionTime" is no time')
  if (beforeMs !== undefined && ms <= beforeMs)
    throw malformed('"versionTime" is not later than that of the entry before')
  if (ms > nowMs + MAX_SKEW_MS) throw malformed('"versionTime" is in the future')
  return ms
}

function idOf(state: JsonObject, { scid, portable }: Parameters, before: LogEntry | undefined): string {
  const { id, alsoKnownAs } = state
  if (typeof id !== 'string' || !id.startsWith(`did:webvh:${scid}:`))
    throw malformed('the document is not that of the SCID')
  const last = before?.did ?? id
  if (id === last) return id
  const isSaid = Array.isArray(alsoKnownAs) && alsoKnownAs.includes(last)
  if (!portable || !isSaid) throw malformed('the DID has moved, and may not or does not say so')
  return id
}

function texts(value: Json | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (value === null) return []
  if (!Array.isArray(value) || value.length > MAX_KEYS || !value.every((item) => typeof item === 'string')) {
    throw malformed('a list of keys is none')
  }
  return value
}

function flag(value: Json | undefined): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw malformed('a parameter is neither true nor false')
}

/** The SCID of a log: the hash of its first entry with a placeholder in the place of every SCID. */
function scidOf(crypto: Crypto, first: JsonObject, scid: string): string {
  const text = canonicalJson({ ...first, versionId: '{SCID}' }).replaceAll(scid, '{SCID}')
  return multihash(crypto, encodeUtf8(text))
}

function hashOf(crypto: Crypto, value: JsonObject): string {
  return multihash(crypto, encodeUtf8(canonicalJson(value)))
}

/** The multihash of SHA-256 in base58btc, without a prefix of multibase: `Qm…`. */
function multihash(crypto: Crypto, bytes: Uint8Array): string {
  return multihashSha256(crypto, bytes).slice(1)
}
