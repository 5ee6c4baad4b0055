import { type CborValue, encodeCbor } from '../../bytes/index.ts'
import type { AgreeCoseKey, CoseEncrypt, UnwrapCoseKey } from './encrypt.ts'
import { headerOf, malformed } from './headers.ts'
import {
  type CoseKdfInputs,
  type CoseKnownInputs,
  deriveCoseKey,
  kdfHeaders,
  kdfInputs,
  readKdfInputs,
} from './kdf-context.ts'
import { ALG, DIRECT, DIRECT_HKDF_SHA256, KID } from './labels.ts'

/** The only recipient, who has a secret of the sender already: RFC 9053 §6.1. */

export interface CoseDirectOptions {
  /** The content encryption key itself. */
  readonly key: Uint8Array
  readonly kid?: Uint8Array
}

/** Writes the recipient whose key is that of the content: `direct`, RFC 9053 §6.1.1. */
export function directRecipient({ key, kid }: CoseDirectOptions): AgreeCoseKey {
  return async () => ({
    cek: Uint8Array.from(key),
    recipient: [new Uint8Array(0), unprotectedOf(kid, [[ALG, DIRECT]]), new Uint8Array(0)],
  })
}

export interface CoseDirectHkdfOptions extends CoseKdfInputs {
  /** A secret with the entropy of a key: it is no password. */
  readonly secret: Uint8Array
  readonly kid?: Uint8Array
}

/** Writes the recipient that derives the key of the content from a secret: `direct+HKDF-SHA-256`, RFC 9053 §6.1.2. */
export function directHkdfRecipient({ secret, kid, ...inputs }: CoseDirectHkdfOptions): AgreeCoseKey {
  return async (content, { crypto }) => {
    const protectedHeader = encodeCbor(
      new Map<CborValue, CborValue>([[ALG, DIRECT_HKDF_SHA256], ...kdfHeaders(inputs)]),
    )
    const use = { algorithmId: content.alg, keyBytes: content.aead(crypto).keyBytes, protectedHeader }
    const cek = deriveCoseKey(crypto, secret, use, inputs)
    return { cek, recipient: [protectedHeader, unprotectedOf(kid, []), new Uint8Array(0)] }
  }
}

function unprotectedOf(kid: Uint8Array | undefined, headers: [CborValue, CborValue][]): Map<CborValue, CborValue> {
  return new Map([...headers, ...(kid ? ([[KID, kid]] as [CborValue, CborValue][]) : [])])
}

/** The only recipient, by a secret that is there already. */
export interface CoseDirectRecipient extends Pick<CoseKdfInputs, 'salt' | 'partyU' | 'partyV'> {
  readonly alg: 'direct' | 'direct+HKDF-SHA-256'
  readonly kid?: Uint8Array
  readonly protectedHeader: Uint8Array
}

/**
 * Reads the only recipient; `undefined` where it is by another method.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED` where it is direct and not alone, or has what a direct one may not
 */
export function parseDirectRecipient(envelope: CoseEncrypt): CoseDirectRecipient | undefined {
  const recipient = envelope.recipients.find((entry) => methodOf(headerOf(entry, ALG)))
  const alg = recipient && methodOf(headerOf(recipient, ALG))
  if (!recipient || !alg) return undefined
  // RFC 9052 §8.5.1: nobody else, nothing encrypted; and nothing protected, where nothing would protect it.
  const { ciphertext, protectedHeader, kid } = recipient
  const isBare = alg !== 'direct' || protectedHeader.length === 0
  if (envelope.recipients.length > 1 || ciphertext.length > 0 || !isBare) {
    throw malformed('a direct recipient is not alone, has a ciphertext, or protects what it cannot')
  }
  return { alg, ...(kid && { kid }), ...readKdfInputs(recipient), protectedHeader }
}

function methodOf(alg: CborValue): CoseDirectRecipient['alg'] | undefined {
  if (alg === DIRECT) return 'direct'
  return alg === DIRECT_HKDF_SHA256 ? 'direct+HKDF-SHA-256' : undefined
}

export interface CoseDirectKeys extends CoseKnownInputs {
  /** The key of the content, or what it is derived from. */
  readonly secret: Uint8Array
}

/** Reads as the direct recipient. */
export function unwrapDirect(recipient: CoseDirectRecipient, { secret, ...known }: CoseDirectKeys): UnwrapCoseKey {
  const { alg, protectedHeader } = recipient
  return ({ algorithm }, crypto) => {
    if (alg === 'direct') return secret
    const use = { algorithmId: algorithm.alg, keyBytes: algorithm.aead(crypto).keyBytes, protectedHeader }
    return deriveCoseKey(crypto, secret, use, kdfInputs(recipient, known))
  }
}
