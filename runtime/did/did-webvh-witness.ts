import { isJsonObject, type Json } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { verifiedKey } from './data-integrity.ts'
import { decodeMultikey } from './multikey.ts'

// Those who approve the entries of a did:webvh (did:webvh 1.0, "DID Witnesses").

/** Witnesses of which so many have to approve. */
export interface WitnessRule {
  readonly threshold: number
  /** Their Multikeys. */
  readonly keys: readonly string[]
}

/** How many keys, proofs and witnesses are read in one place. */
export const MAX_KEYS = 64

/**
 * Reads the parameter `witness` of an entry; `undefined` where there are to be none.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function witnessRule(value: Json, allowBareWitnesses: boolean): WitnessRule | undefined {
  if (value === null || (isJsonObject(value) && Object.keys(value).length === 0)) return undefined
  const { threshold, witnesses } = isJsonObject(value) ? value : {}
  if (!Array.isArray(witnesses) || witnesses.length > MAX_KEYS) throw malformedLog('"witness" lists no witnesses')
  const keys = new Set(witnesses.map((witness) => witnessKey(witness, allowBareWitnesses)))
  const isCount = typeof threshold === 'number' && Number.isInteger(threshold) && threshold >= 1
  if (keys.size !== witnesses.length || !isCount || threshold > keys.size) {
    throw malformedLog('the witnesses of an entry make no sense')
  }
  return { threshold, keys: [...keys] }
}

function witnessKey(witness: Json, allowBareWitnesses: boolean): string {
  const { id } = isJsonObject(witness) ? witness : {}
  const [, prefix, key = ''] = (typeof id === 'string' && /^(did:key:)?(z[^#]+)$/.exec(id)) || []
  if ((prefix === undefined && !allowBareWitnesses) || !isEd25519(key)) throw malformedLog('a witness is no did:key')
  return key
}

function isEd25519(multikey: string): boolean {
  try {
    return decodeMultikey(multikey).curve === 'Ed25519'
  } catch (error) {
    if (isDidCommError(error)) return false
    throw error
  }
}

/**
 * Checks that enough witnesses approve each entry that needs it: by a proof over its version, or over a later one of this log. `file` is what
 * lies beside the log.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function checkWitnesses(
  crypto: Crypto,
  entries: readonly { versionId: string; versionNumber: number; witness: WitnessRule | undefined }[],
  file: Json | undefined,
): void {
  const numbers = new Map(entries.map(({ versionId, versionNumber }) => [versionId, versionNumber]))
  const approved = approvals(crypto, numbers, Array.isArray(file) ? file : [])
  const isApproved = ({ threshold, keys }: WitnessRule, number: number): boolean =>
    keys.filter((key) => (approved.get(key) ?? 0) >= number).length >= threshold
  for (const { witness, versionNumber } of entries) {
    if (witness && !isApproved(witness, versionNumber)) throw malformedLog('too few witnesses approve an entry')
  }
}

/** By the key of a witness, the latest version that it has approved. */
function approvals(crypto: Crypto, numbers: ReadonlyMap<string, number>, file: readonly Json[]): Map<string, number> {
  const approved = new Map<string, number>()
  for (const item of file) {
    const { versionId, proof } = isJsonObject(item) ? item : {}
    const number = typeof versionId === 'string' ? numbers.get(versionId) : undefined
    if (number === undefined || typeof versionId !== 'string') continue
    for (const key of signersOf(crypto, versionId, proof)) {
      approved.set(key, Math.max(number, approved.get(key) ?? 0))
    }
  }
  return approved
}

function signersOf(crypto: Crypto, versionId: string, proof: Json | undefined): string[] {
  if (!Array.isArray(proof)) return []
  return proof.slice(0, MAX_KEYS).flatMap((one) => verifiedKey(crypto, { versionId }, one) ?? [])
}

export function malformedLog(what: string): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', `the log of the did:webvh is not valid: ${what}`)
}
