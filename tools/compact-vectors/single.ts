import { type CborValue, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import type { Ids } from '../../runtime/envelope/compact-keys.ts'
import { sealCompact } from '../../runtime/envelope/compact-seal.ts'
import { contextOf, flipped, gateway, hex, partsOf, secretOf, sensor, type VectorKey } from './parties.ts'

/** An envelope for one key. */
export interface CompactVector {
  name: string
  kind: 'authcrypt' | 'anoncrypt'
  sender?: VectorKey
  recipient: VectorKey
  ephemeralSecretKey: string
  plaintext: string
  info: string
  psk?: string
  aad: string
  envelope: string
  derivedId: string
}

/** An envelope that must not open, and why. */
export interface RefusedVector {
  why: string
  envelope: string
}

/** What lies between a sender and a recipient, for those who look for their mistake: computed here once more, step by step. */
export function boundTo(kind: 'authcrypt' | 'anoncrypt', recipient: typeof gateway): { info: string; psk?: string } {
  const urls = kind === 'authcrypt' ? [sensor.key.kid, recipient.key.kid] : [recipient.key.kid]
  const info = encodeCbor([`didcomm-mote/c1 ${kind}`, ...urls])
  if (kind === 'anoncrypt') return { info: hex(info) }
  const prk = crypto.hkdfSha256.extract(crypto.x25519.getSharedSecret(sensor.secretKey, recipient.key.bytes))
  return { info: hex(info), psk: hex(crypto.hkdfSha256.expand(prk, info, 32)) }
}

export async function singleVector(
  name: string,
  kind: CompactVector['kind'],
  ids: Ids,
  plaintext: Uint8Array,
): Promise<CompactVector> {
  const ephemeral = secretOf(name)
  const sender = kind === 'authcrypt' ? { sender: sensor.key } : {}
  const sealed = await sealCompact({ plaintext, recipients: [gateway.key], ids, ...sender }, contextOf(ephemeral))
  const [protectedHeader, unprotected] = partsOf(sealed.bytes) as [Uint8Array, Map<number, Uint8Array>]
  const aad = encodeCbor(['Encrypt0', protectedHeader, unprotected.get(4)])
  return {
    name,
    kind,
    ...(kind === 'authcrypt' ? { sender: sensor.hex } : {}),
    recipient: gateway.hex,
    ephemeralSecretKey: hex(ephemeral),
    plaintext: hex(plaintext),
    ...boundTo(kind, gateway),
    aad: hex(aad),
    envelope: hex(sealed.bytes),
    derivedId: sealed.derivedId,
  }
}

type Parts = [CborValue, Map<CborValue, CborValue>, CborValue]

export function refusedSingle(short: Uint8Array, long: Uint8Array): RefusedVector[] {
  const rebuilt = (change: (parts: Parts) => void): Uint8Array => {
    const parts = partsOf(short) as Parts
    change(parts)
    return encodeCbor(new Tagged(16, parts as CborValue[]))
  }
  const withProtected = (entries: [CborValue, CborValue][]): Uint8Array =>
    rebuilt((parts) => {
      parts[0] = encodeCbor(new Map(entries))
    })
  const pskId = short.slice(9, 17)
  const longParts = () => partsOf(long) as Parts
  const refused: Record<string, Uint8Array> = {
    'the last bit of the tag is flipped': flipped(short, -1),
    'a bit of the ciphertext is flipped': flipped(short, 70),
    'a bit of ek is flipped': flipped(short, 40),
    'the kid is the long form of the same key': rebuilt((parts) => {
      parts[1].set(4, new TextEncoder().encode(gateway.key.kid))
    }),
    'the kid and psk_id are exchanged for the long forms': rebuilt((parts) => {
      parts[0] = longParts()[0]
      parts[1].set(4, longParts()[1].get(4) as Uint8Array)
    }),
    'psk_id is missing': withProtected([[1, 42]]),
    'psk_id is not protected': rebuilt((parts) => {
      parts[0] = encodeCbor(new Map([[1, 42]]))
      parts[1].set(-5, pskId)
    }),
    'the algorithm is another': withProtected([
      [1, 35],
      [-5, pskId],
    ]),
    'the protected header has an unknown label': withProtected([
      [1, 42],
      [-5, pskId],
      [3, 0],
    ]),
    'the unprotected header has an unknown label': rebuilt((parts) => {
      parts[1].set(5, new Uint8Array(12))
    }),
    'ek is all zero': rebuilt((parts) => {
      parts[1].set(-4, new Uint8Array(32))
    }),
    'ek has 31 bytes': rebuilt((parts) => {
      parts[1].set(-4, new Uint8Array(31))
    }),
    'kid has 7 bytes': rebuilt((parts) => {
      parts[1].set(4, new Uint8Array(7))
    }),
    'the tag is missing': short.slice(1),
    'the last byte is missing': short.slice(0, -1),
    'a byte follows': Uint8Array.of(...short, 0),
    'the array has an indefinite length': Uint8Array.of(0xd0, 0x9f, ...short.subarray(2), 0xff),
    'the length of the protected header is not the shortest': Uint8Array.of(
      0xd0,
      0x83,
      0x58,
      0x0e,
      ...short.subarray(3),
    ),
  }
  return Object.entries(refused).map(([why, envelope]) => ({ why, envelope: hex(envelope) }))
}
