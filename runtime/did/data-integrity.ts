import { concatBytes, decodeBase58btc, encodeUtf8, isJsonObject, type Json, type JsonObject } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { isDidCommError } from '../errors.ts'
import { decodeMultikey } from './multikey.ts'

/** Writes JSON in the one form of RFC 8785 (JCS): members in the order of their names, no white space. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}

/**
 * Tells whether a proof is one of `eddsa-jcs-2022` (Data Integrity EdDSA Cryptosuites 1.0 §3.3) over `document`, which has no `proof`, by
 * the key of a did:key; returns its Multikey, or `undefined`.
 */
export function verifiedKey(crypto: Crypto, document: JsonObject, proof: Json): string | undefined {
  if (!isJsonObject(proof)) return undefined
  const { proofValue, ...options } = proof
  const { type, cryptosuite, proofPurpose, verificationMethod } = options
  if (type !== 'DataIntegrityProof' || cryptosuite !== 'eddsa-jcs-2022' || proofPurpose !== 'assertionMethod')
    return undefined
  const multikey = keyOf(verificationMethod)
  if (multikey === undefined || typeof proofValue !== 'string') return undefined
  try {
    const { curve, bytes } = decodeMultikey(multikey)
    if (curve !== 'Ed25519' || !proofValue.startsWith('z')) return undefined
    const signature = decodeBase58btc(proofValue.slice(1))
    const digest = (value: Json): Uint8Array => crypto.sha256(encodeUtf8(canonicalJson(value)))
    const message = concatBytes(digest(options), digest(document))
    return crypto.ed25519.verify(signature, message, bytes) ? multikey : undefined
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

/** The key of `did:key:z6Mk…#z6Mk…`. Both parts have to name it: one is what is authorised, the other what is computed with. */
function keyOf(verificationMethod: Json | undefined): string | undefined {
  if (typeof verificationMethod !== 'string' || verificationMethod.length > 512) return undefined
  const [did = '', fragment, ...more] = verificationMethod.split('#')
  return more.length === 0 && did === `did:key:${fragment}` ? fragment : undefined
}
