import { concatBytes, decodeUtf8, encodeUtf8, equalBytes } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import {
  bytesMember,
  envelopeMembers,
  forbidMembers,
  isMembers,
  kidMember,
  type Members,
  malformed,
  maxKidLength,
  optionalText,
  protectedMember,
  unsupported,
} from '../jose.ts'
import { type AlgEntry, algorithms, type EncEntry } from './algorithms.ts'
import { type CurveEntry, readEpk } from './curves.ts'

/** The most recipients that one envelope may have. A DID document has a few keys; a list of thousands is an attack. */
export const maxRecipients = 64

/** A JWE whose structure has been checked and of which nothing has been decrypted. */
export interface Jwe {
  readonly alg: AlgEntry
  readonly enc: EncEntry
  readonly curve: CurveEntry
  /** The ephemeral public key. */
  readonly epk: Uint8Array
  readonly apu: Uint8Array
  readonly apv: Uint8Array
  /** The key id of the sender; present exactly when `alg` is authenticated. A claim, until decryption proves it. */
  readonly skid?: string
  readonly typ?: string
  readonly cty?: string
  readonly recipients: readonly { readonly kid: string; readonly encryptedKey: Uint8Array }[]
  readonly iv: Uint8Array
  /** The encrypted bytes followed by the tag. */
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
  /** The protected header as it was received, which is the additional authenticated data. */
  readonly aad: Uint8Array
}

// These count for all recipients and must be protected (DIDComm v2.1, "ECDH-1PU key wrapping and common protected headers").
const protectedOnly = ['alg', 'enc', 'zip', 'crit', 'epk', 'apu', 'apv', 'skid', 'typ', 'cty']

export interface ParseJweOptions {
  /** Takes the Flattened JSON Serialization as well, which DIDComm does not use. */
  readonly flattened?: boolean
}

/**
 * Reads a JWE in the General JSON Serialization (RFC 7516 §7.2.1) as DIDComm v2.1 profiles it, and checks all that can
 * be checked without a key: algorithms, lengths, `apv` against the recipients, `apu` against `skid`.
 *
 * @param input the bytes, or the JSON object that was parsed from them
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_TOO_LARGE`
 */
export function parseJwe(input: Uint8Array | Members, crypto: Crypto, options: ParseJweOptions = {}): Jwe {
  const members = envelopeMembers(input)
  if (members['unprotected'] !== undefined) throw malformed('"unprotected" is not allowed')
  if (members['aad'] !== undefined) throw unsupported('"aad" is not supported')
  const { text, header } = protectedMember(members)
  if (header['zip'] !== undefined) throw unsupported('"zip" is not supported')
  const { alg, enc } = algorithms(header['alg'], header['enc'])
  const { curve, publicKey } = readEpk(header['epk'], crypto)
  const recipients = readRecipients(entriesOf(members, options.flattened ?? false))
  const apv = bytesMember(header, 'apv')
  if (!equalBytes(apv, apvOf(recipients, crypto))) throw malformed('"apv" does not match the recipients')
  const typ = optionalText(header, 'typ')
  const cty = optionalText(header, 'cty')
  return {
    alg,
    enc,
    curve,
    epk: publicKey,
    apv,
    ...readSender(header, alg),
    ...(typ === undefined ? {} : { typ }),
    ...(cty === undefined ? {} : { cty }),
    recipients,
    ...readContent(members, enc.aead(crypto)),
    aad: encodeUtf8(text),
  }
}

/** Computes `apv`: SHA-256 over the sorted key ids joined with dots (DIDComm v2.1, "ECDH-1PU key wrapping"). */
export function apvOf(recipients: readonly { readonly kid: string }[], crypto: Crypto): Uint8Array {
  const kids = recipients.map(({ kid }) => kid).sort()
  return crypto.sha256(encodeUtf8(kids.join('.')))
}

/** The recipients of the general form, or the one of the flattened form, RFC 7516 §7.2.2. */
function entriesOf(members: Members, flattened: boolean): unknown {
  const { recipients, header, encrypted_key } = members
  if (recipients === undefined && flattened) return [{ header, encrypted_key }]
  forbidMembers(members, 'a JWE with "recipients"', ['header', 'encrypted_key'])
  return recipients
}

function readRecipients(value: unknown): Jwe['recipients'] {
  if (!Array.isArray(value) || value.length === 0) throw malformed('"recipients" is missing or empty')
  if (value.length > maxRecipients) throw malformed(`"recipients" has more than ${maxRecipients} entries`)
  const seen = new Set<string>()
  return value.map((recipient: unknown) => {
    if (!isMembers(recipient) || !isMembers(recipient['header'])) throw malformed('a recipient has no header')
    forbidMembers(recipient['header'], 'the header of a recipient', protectedOnly)
    const kid = kidMember(recipient['header'], 'kid')
    if (seen.has(kid)) throw malformed('a recipient is there twice')
    seen.add(kid)
    return { kid, encryptedKey: bytesMember(recipient, 'encrypted_key') }
  })
}

function readSender(header: Members, alg: AlgEntry): { apu: Uint8Array; skid?: string } {
  const apuText = optionalText(header, 'apu')
  const apu = apuText === undefined ? new Uint8Array(0) : bytesMember(header, 'apu')
  // In anoncrypt it means nothing, but goes into the key derivation, which takes no more than this.
  if (apu.length > maxKidLength) throw malformed(`"apu" is longer than ${maxKidLength}`)
  if (!alg.authenticated) return { apu }
  if (apu.length === 0) throw malformed('"apu" is missing')
  // DIDComm v2.1: `skid` may be absent, since `apu` carries it.
  const skid = optionalText(header, 'skid') === undefined ? textOf(apu) : kidMember(header, 'skid')
  if (!equalBytes(apu, encodeUtf8(skid))) throw malformed('"apu" and "skid" do not agree')
  return { apu, skid }
}

function textOf(apu: Uint8Array): string {
  try {
    return kidMember({ apu: decodeUtf8(apu) }, 'apu')
  } catch (cause) {
    throw malformed('"apu" is no key id', cause)
  }
}

function readContent(
  members: Members,
  sizes: { nonceBytes: number; tagBytes: number },
): Pick<Jwe, 'iv' | 'ciphertext' | 'tag'> {
  const iv = bytesMember(members, 'iv')
  const tag = bytesMember(members, 'tag')
  if (iv.length !== sizes.nonceBytes) throw malformed(`"iv" has not ${sizes.nonceBytes} bytes`)
  if (tag.length !== sizes.tagBytes) throw malformed(`"tag" has not ${sizes.tagBytes} bytes`)
  return { iv, tag, ciphertext: concatBytes(bytesMember(members, 'ciphertext'), tag) }
}
