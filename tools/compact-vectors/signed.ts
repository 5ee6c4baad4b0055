import { type CborValue, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import type { Ids } from '../../runtime/envelope/compact-keys.ts'
import { pack, packSignedCompact } from '../../runtime/envelope/index.ts'
import type { Packable } from '../../runtime/message/index.ts'
import { contextOf, flipped, gateway, hex, partsOf, secretOf, signer, type VectorKey } from './parties.ts'
import type { RefusedVector } from './single.ts'

/** A signed message, and the same message inside of an anoncrypt envelope. */
export interface SignedVector {
  name: string
  signer: VectorKey
  plaintext: string
  externalAad: string
  /** The Sig_structure: what is signed. */
  toBeSigned: string
  envelope: string
  derivedId: string
  /** The message as its reader gets it. */
  message: object
  encrypted?: { recipient: VectorKey; ephemeralSecretKey: string; envelope: string }
}

export async function signedVector(name: string, ids: Ids, message: Packable): Promise<SignedVector> {
  const { bytes, id } = await packSignedCompact(message, { from: signer.key.kid, ids }, contextOf())
  const [protectedHeader, , payload] = partsOf(bytes) as Uint8Array[]
  const externalAad = encodeCbor(['didcomm-mote/c1 signed', signer.key.kid])
  const from = signer.key.kid.slice(0, signer.key.kid.indexOf('#'))
  const vector = {
    name,
    signer: signer.hex,
    plaintext: hex(payload!),
    externalAad: hex(externalAad),
    toBeSigned: hex(encodeCbor(['Signature1', protectedHeader, externalAad, payload])),
    envelope: hex(bytes),
    derivedId: id,
    message: { id, from, ...message },
  }
  if (message.to === undefined) return vector
  const ephemeral = secretOf(name)
  const options = { to: gateway.key.kid, sign: signer.key.kid, encoding: 'compact', ids } as const
  const encrypted = await pack(message, options, contextOf(ephemeral))
  const { bytes: envelope } = encrypted
  return {
    ...vector,
    encrypted: { recipient: gateway.hex, ephemeralSecretKey: hex(ephemeral), envelope: hex(envelope) },
  }
}

export function refusedSigned(short: Uint8Array, long: Uint8Array): RefusedVector[] {
  const [header, , payload, signature] = partsOf(short) as Uint8Array[]
  const [longHeader] = partsOf(long) as Uint8Array[]
  const kid = crypto.sha256(new TextEncoder().encode(signer.key.kid)).slice(0, 8)
  const rebuilt = (protectedHeader: Uint8Array, unprotected: Map<CborValue, CborValue> = new Map()): Uint8Array =>
    encodeCbor(new Tagged(18, [protectedHeader, unprotected, payload, signature]))
  const refused: Record<string, Uint8Array> = {
    'the last bit of the signature is flipped': flipped(short, -1),
    'a bit of the payload is flipped': flipped(short, 25),
    'the kid is the long form of the same key': rebuilt(longHeader!),
    'the algorithm is the other number of Ed25519': rebuilt(
      encodeCbor(
        new Map<CborValue, CborValue>([
          [1, -8],
          [4, kid],
        ]),
      ),
    ),
    'the algorithm is on another curve': rebuilt(
      encodeCbor(
        new Map<CborValue, CborValue>([
          [1, -9],
          [4, kid],
        ]),
      ),
    ),
    'the kid is not protected': rebuilt(encodeCbor(new Map([[1, -19]])), new Map([[4, kid]])),
    'the kid is missing': rebuilt(encodeCbor(new Map([[1, -19]]))),
    'the unprotected header has a label': rebuilt(header!, new Map([[3, 0]])),
    'the payload is elsewhere': encodeCbor(new Tagged(18, [header!, new Map(), null, signature])),
    'it is signed without external_aad': signedOver(header!, new Uint8Array(0), payload!),
    'it is signed for another profile': signedOver(header!, encodeCbor(['another profile', signer.key.kid]), payload!),
  }
  return Object.entries(refused).map(([why, envelope]) => ({ why, envelope: hex(envelope) }))
}

function signedOver(header: Uint8Array, externalAad: Uint8Array, payload: Uint8Array): Uint8Array {
  const data = encodeCbor(['Signature1', header, externalAad, payload])
  const signature = crypto.ed25519.sign(data, signer.secretKey)
  return encodeCbor(new Tagged(18, [header, new Map(), payload, signature]))
}
