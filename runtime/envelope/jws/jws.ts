import { encodeBase64url, encodeUtf8 } from '../../bytes/index.ts'
import type { Crypto, EcCurve, EcdsaAlg } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'
import {
  bytesMember,
  envelopeMembers,
  forbidMembers,
  isMembers,
  kidMember,
  type Members,
  malformed,
  optionalText,
  protectedMember,
  unsupported,
} from '../jose.ts'

/** The most signatures that one envelope may have. */
export const maxSignatures = 8

/** A signature algorithm: a new one is a new entry in the table below. */
export interface SignatureAlgorithm {
  readonly alg: string
  readonly curve: string
  /** Tells whether `crypto` has what it takes. */
  isSupported(crypto: Crypto): boolean
  /** Tells whether the signature verifies; one of a wrong length does not. */
  verify(crypto: Crypto, signature: Uint8Array, data: Uint8Array, publicKey: Uint8Array): boolean
}

/** RFC 8037 §3.1. */
const edDsa: SignatureAlgorithm = {
  alg: 'EdDSA',
  curve: 'Ed25519',
  isSupported: () => true,
  verify: (crypto, signature, data, publicKey) => crypto.ed25519.verify(signature, data, publicKey),
}

/** RFC 7518 §3.4, RFC 8812 §3.2. */
function ecdsa(alg: EcdsaAlg, curve: EcCurve['curve']): SignatureAlgorithm {
  return {
    alg,
    curve,
    isSupported: ({ curves }) => curves?.get(curve)?.alg === alg,
    verify: ({ curves }, signature, data, publicKey) => curves?.get(curve)?.verify(signature, data, publicKey) ?? false,
  }
}

const algorithms = [edDsa, ecdsa('ES256', 'P-256'), ecdsa('ES384', 'P-384'), ecdsa('ES256K', 'secp256k1')]
const byAlg: ReadonlyMap<string, SignatureAlgorithm> = new Map(algorithms.map((entry) => [entry.alg, entry]))
const byCurve: ReadonlyMap<string, SignatureAlgorithm> = new Map(algorithms.map((entry) => [entry.curve, entry]))

/** One signature of a JWS, not verified yet. */
export interface JwsSignature {
  /** Absent where the algorithm is not known. */
  readonly alg?: SignatureAlgorithm
  /** The key id of the signer: a claim, and possibly from a header that is not protected. */
  readonly kid: string
  readonly typ?: string
  readonly cty?: string
  /** What was signed, as it was received. */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

/** A JWS whose structure has been checked and of which nothing has been verified. */
export interface Jws {
  readonly payload: Uint8Array
  readonly signatures: readonly JwsSignature[]
}

/**
 * Reads a JWS in the General or the Flattened JSON Serialization (RFC 7515 §7.2). The key id may be in either header:
 * DIDComm's text has it in the protected one, its vectors in the other.
 *
 * @param input the bytes, or the JSON object that was parsed from them
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` where no signature has a known algorithm, `ERR_TOO_LARGE`
 */
export function parseJws(input: Uint8Array | Members): Jws {
  const members = envelopeMembers(input)
  const payload = bytesMember(members, 'payload')
  const signatures = signatureMembers(members).map((entry) => parseSignature(entry, String(members['payload'])))
  if (!signatures.some(({ alg }) => alg)) throw unsupported('no signature has a supported "alg"')
  return { payload, signatures }
}

/**
 * Checks one signature over the bytes that were received.
 *
 * @throws DidCommError `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function verifyJws(
  signature: JwsSignature,
  publicKey: { readonly curve: string; readonly bytes: Uint8Array },
  crypto: Crypto,
): void {
  const { alg } = signature
  if (!alg?.isSupported(crypto)) throw unsupported('"alg" is not supported')
  if (publicKey.curve !== alg.curve) throw unsupported(`${alg.alg} does not go with a key on ${publicKey.curve}`)
  const verified = alg.verify(crypto, signature.signature, signature.signingInput, publicKey.bytes)
  if (!verified) throw new DidCommError('ERR_ENVELOPE_SIGNATURE', 'the signature does not verify')
}

/** One key that signs. */
export interface JwsSigner {
  readonly kid: string
  /** The curve of the signing key. */
  readonly curve: string
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
}

export interface JwsSignOptions extends JwsSigner {
  readonly payload: Uint8Array
  /** Further keys that sign the same payload, in the General form. */
  readonly others?: readonly JwsSigner[]
  /** Default `application/didcomm-signed+json`. */
  readonly typ?: string
  /** Which JSON Serialization (RFC 7515 §7.2). Default `general`, the one that all implementations read. */
  readonly form?: 'general' | 'flattened'
}

/** The JWS algorithm of keys on `curve`. @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED` */
export function algOf(curve: string): string {
  const entry = byCurve.get(curve)
  if (!entry) throw unsupported(`the curve ${curve} is not supported`)
  return entry.alg
}

/**
 * Signs `payload` with one key or several, as a JWS.
 *
 * The key id goes into the unprotected header, as in all vectors of the specification: implementations in the field
 * reject it elsewhere. Nothing hangs on its protection, since the payload names its author and the key must be theirs.
 *
 * @throws TypeError where several keys sign in the Flattened form
 * @throws RangeError where more than `maxSignatures` keys sign
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function signJws(options: JwsSignOptions): Promise<Uint8Array> {
  const { typ = 'application/didcomm-signed+json', form, others = [] } = options
  if (form === 'flattened' && others.length > 0) throw new TypeError('"form" expected general for several signatures')
  if (others.length >= maxSignatures) throw new RangeError(`"others" expected fewer than ${maxSignatures} keys`)
  const payload = encodeBase64url(options.payload)
  const signatures = await Promise.all([options, ...others].map((signer) => signatureOf(payload, typ, signer)))
  return encodeUtf8(JSON.stringify(form === 'flattened' ? { payload, ...signatures[0] } : { payload, signatures }))
}

async function signatureOf(payload: string, typ: string, { kid, curve, sign }: JwsSigner): Promise<object> {
  const protectedHeader = encodeBase64url(encodeUtf8(JSON.stringify({ typ, alg: algOf(curve) })))
  const signature = await sign(encodeUtf8(`${protectedHeader}.${payload}`))
  return { protected: protectedHeader, signature: encodeBase64url(signature), header: { kid } }
}

function signatureMembers(members: Members): readonly Members[] {
  const { signatures } = members
  // RFC 7515 §7.2.2: the flattened form has no "signatures", the general one no "signature".
  if (signatures === undefined) return [members]
  forbidMembers(members, 'a JWS with "signatures"', ['signature', 'protected', 'header'])
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > maxSignatures) {
    throw malformed(`"signatures" expected 1 to ${maxSignatures} entries`)
  }
  return signatures.map((entry: unknown) => {
    if (!isMembers(entry)) throw malformed('a signature is no object')
    return entry
  })
}

/**
 * Reads one signature of `payload`, which is in base64url.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseSignature(entry: Members, payload: string): JwsSignature {
  const { text, header } = protectedMember(entry)
  const unprotected = entry['header'] ?? {}
  if (!isMembers(unprotected)) throw malformed('"header" is no object')
  forbidMembers(unprotected, 'the unprotected header', ['alg', 'crit', 'b64', 'typ', 'cty'])
  if (header['kid'] !== undefined) forbidMembers(unprotected, 'both headers', ['kid'])
  if (typeof header['alg'] !== 'string') throw malformed('"alg" is missing or no string')
  const alg = byAlg.get(header['alg'])
  const typ = optionalText(header, 'typ')
  const cty = optionalText(header, 'cty')
  return {
    ...(alg ? { alg } : {}),
    kid: kidMember(header['kid'] === undefined ? unprotected : header, 'kid'),
    ...(typ === undefined ? {} : { typ }),
    ...(cty === undefined ? {} : { cty }),
    signingInput: encodeUtf8(`${text}.${payload}`),
    signature: bytesMember(entry, 'signature'),
  }
}
