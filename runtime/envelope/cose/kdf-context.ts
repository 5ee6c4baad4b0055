import { type CborValue, encodeCbor } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'
import { bytesOf, type CoseLayer, headerOf } from './headers.ts'
import {
  PARTY_U_IDENTITY,
  PARTY_U_NONCE,
  PARTY_U_OTHER,
  PARTY_V_IDENTITY,
  PARTY_V_NONCE,
  PARTY_V_OTHER,
  SALT,
} from './labels.ts'

/** Key derivation as RFC 9053 §5 has it: HKDF-SHA256 over the COSE_KDF_Context. */

/** What is known of one of the two parties (RFC 9053 §5.2, PartyInfo). U is the sender, V the recipient. */
export interface CoseParty {
  readonly identity?: Uint8Array
  readonly nonce?: Uint8Array
  readonly other?: Uint8Array
}

/** What is derived with, beside the secret. All of it is empty by default. */
export interface CoseKdfInputs {
  readonly salt?: Uint8Array
  readonly partyU?: CoseParty
  readonly partyV?: CoseParty
  /** `SuppPubInfo.other`, which is not sent. */
  readonly publicInfo?: Uint8Array
  /** `SuppPrivInfo`: a further secret that both sides have. */
  readonly privateInfo?: Uint8Array
}

/** What the derived key is for. */
export interface CoseKdfUse {
  /** The algorithm of the layer that uses the key. */
  readonly algorithmId: number | string
  readonly keyBytes: number
  readonly protectedHeader: Uint8Array
}

/** HKDF takes no more. */
const maxContextBytes = 16_384

const partyLabels = {
  partyU: { identity: PARTY_U_IDENTITY, nonce: PARTY_U_NONCE, other: PARTY_U_OTHER },
  partyV: { identity: PARTY_V_IDENTITY, nonce: PARTY_V_NONCE, other: PARTY_V_OTHER },
} as const

/** The header parameters for the salt and the parties. */
export function kdfHeaders({ salt, partyU, partyV }: CoseKdfInputs): [CborValue, CborValue][] {
  const headers: [CborValue, CborValue][] = salt ? [[SALT, salt]] : []
  for (const [party, labels] of [
    [partyU, partyLabels.partyU],
    [partyV, partyLabels.partyV],
  ] as const) {
    for (const [name, label] of Object.entries(labels)) {
      const value = party?.[name as keyof CoseParty]
      if (value) headers.push([label, value])
    }
  }
  return headers
}

/** Reads the salt and the parties from either header. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function readKdfInputs(layer: CoseLayer): Pick<CoseKdfInputs, 'salt' | 'partyU' | 'partyV'> {
  const read = (label: number): Uint8Array | undefined => {
    const value = headerOf(layer, label)
    return value === undefined || value === null ? undefined : bytesOf(value, 'a parameter of the key derivation')
  }
  const partyOf = (labels: Record<keyof CoseParty, number>): CoseParty =>
    Object.fromEntries(
      Object.entries(labels).flatMap(([name, label]) => {
        const value = read(label)
        return value ? [[name, value]] : []
      }),
    )
  const salt = read(SALT)
  return {
    ...(salt && { salt }),
    partyU: partyOf(partyLabels.partyU),
    partyV: partyOf(partyLabels.partyV),
  }
}

/** What both sides know without its being sent; what the application knows of a party counts before what a message says of it. */
export type CoseKnownInputs = Omit<CoseKdfInputs, 'salt'>

/** Puts together what was sent and what is known. */
export function kdfInputs(sent: CoseKdfInputs, known: CoseKnownInputs): CoseKdfInputs {
  const { publicInfo, privateInfo } = known
  return {
    ...(sent.salt && { salt: sent.salt }),
    partyU: { ...sent.partyU, ...known.partyU },
    partyV: { ...sent.partyV, ...known.partyV },
    ...(publicInfo && { publicInfo }),
    ...(privateInfo && { privateInfo }),
  }
}

/** Derives a key from a shared secret. @throws DidCommError `ERR_TOO_LARGE` */
export function deriveCoseKey(crypto: Crypto, secret: Uint8Array, use: CoseKdfUse, inputs: CoseKdfInputs): Uint8Array {
  const context = kdfContext(use, inputs)
  if (context.length > maxContextBytes) {
    throw new DidCommError('ERR_TOO_LARGE', `the context of a key derivation is longer than ${maxContextBytes}`)
  }
  const prk = crypto.hkdfSha256.extract(secret, inputs.salt ?? new Uint8Array(0))
  const key = crypto.hkdfSha256.expand(prk, context, use.keyBytes)
  prk.fill(0)
  return key
}

/** The COSE_KDF_Context of RFC 9053 §5.2. */
function kdfContext(use: CoseKdfUse, { partyU, partyV, publicInfo, privateInfo }: CoseKdfInputs): Uint8Array {
  const { algorithmId, keyBytes, protectedHeader } = use
  const suppPubInfo = [keyBytes * 8, protectedHeader, ...(publicInfo ? [publicInfo] : [])]
  const context = [algorithmId, partyInfo(partyU), partyInfo(partyV), suppPubInfo]
  return encodeCbor(privateInfo ? [...context, privateInfo] : context)
}

function partyInfo({ identity = null, nonce = null, other = null }: Partial<Record<keyof CoseParty, CborValue>> = {}) {
  return [identity, nonce, other]
}
