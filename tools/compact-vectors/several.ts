import { type CborValue, concatBytes, encodeCbor, Tagged } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import type { Ids } from '../../runtime/envelope/compact-keys.ts'
import { several } from '../../runtime/envelope/index.ts'
import { cloud, contextOf, flipped, gateway, hex, partsOf, secretOf, sensor, type VectorKey } from './parties.ts'
import { boundTo, type RefusedVector } from './single.ts'

/** An envelope for two keys. */
export interface SeveralVector {
  name: string
  kind: 'authcrypt' | 'anoncrypt'
  sender?: VectorKey
  recipients: (VectorKey & { ephemeralSecretKey: string; extra: string; psk?: string })[]
  plaintext: string
  seed: string
  iv: string
  cek: string
  /** The Enc_structure of the content. */
  aad: string
  envelope: string
  derivedId: string
}

const readers = [gateway, cloud] as const

export async function severalVector(
  name: string,
  kind: SeveralVector['kind'],
  ids: Ids,
  plaintext: Uint8Array,
): Promise<SeveralVector> {
  const [seed, iv] = [secretOf(`${name}, seed`).slice(0, 16), secretOf(`${name}, iv`).slice(0, 12)]
  const ephemerals = readers.map(({ key }) => secretOf(`${name}, for ${key.kid}`))
  const options = { plaintext, recipients: [gateway.key, cloud.key] as const, ids }
  const sender = kind === 'authcrypt' ? { sender: sensor.key } : {}
  const sealed = await several().seal?.({ ...options, ...sender }, contextOf(seed, iv, ...ephemerals))
  if (!sealed) throw new TypeError('several() seals')
  const [protectedHeader, , , recipients] = partsOf(sealed.bytes)
  const kids = readers.map(({ key }) => {
    const url = new TextEncoder().encode(key.kid)
    return ids === 'long' ? url : crypto.sha256(url).slice(0, 8)
  })
  return {
    name,
    kind,
    ...(kind === 'authcrypt' ? { sender: sensor.hex } : {}),
    recipients: readers.map((reader, index) => {
      const { info, ...psk } = boundTo(kind, reader)
      return { ...reader.hex, ephemeralSecretKey: hex(ephemerals[index]!), extra: info, ...psk }
    }),
    plaintext: hex(plaintext),
    seed: hex(seed),
    iv: hex(iv),
    cek: hex(crypto.hmacSha256(seed, encodeCbor(['didcomm-mote/c1 several', kids, plaintext]))),
    aad: hex(encodeCbor(['Encrypt', protectedHeader, encodeCbor(recipients)])),
    envelope: hex(sealed.bytes),
    derivedId: sealed.derivedId,
  }
}

type Recipient = [Uint8Array, Map<CborValue, CborValue>, Uint8Array]
type Parts = [Uint8Array, Map<CborValue, CborValue>, Uint8Array, Recipient[]]

export function refusedSeveral(vector: SeveralVector, anonymous: SeveralVector): RefusedVector[] {
  const envelope = Uint8Array.from(Buffer.from(vector.envelope, 'hex'))
  const others = partsOf(Uint8Array.from(Buffer.from(anonymous.envelope, 'hex'))) as Parts
  const rebuilt = (change: (parts: Parts) => unknown): Uint8Array => {
    const parts = partsOf(envelope) as Parts
    change(parts)
    return encodeCbor(new Tagged(96, parts as CborValue[]))
  }
  const header = new Map<CborValue, CborValue>([
    [1, 24],
    [5, Uint8Array.from(Buffer.from(vector.iv, 'hex'))],
  ])
  const refused: Record<string, Uint8Array> = {
    'the last bit is flipped, of a key for somebody else': flipped(envelope, -1),
    'a bit of the ciphertext is flipped': flipped(envelope, 40),
    'a recipient is left out': rebuilt((parts) => parts[3].pop()),
    'the recipients are in another order': rebuilt((parts) => parts[3].reverse()),
    'a recipient is there twice': rebuilt((parts) => parts[3].push(parts[3][0]!)),
    'the wrapped keys are exchanged': rebuilt(([, , , [a, b]]) => {
      ;[a![2], b![2]] = [b![2], a![2]]
    }),
    'one recipient is without a sender': rebuilt((parts) => {
      parts[3][1] = others[3][1]!
    }),
    'the IV is not protected': rebuilt((parts) => {
      parts[0] = encodeCbor(new Map([[1, 24]]))
      parts[1] = new Map([[5, header.get(5)]])
    }),
    'the content encryption is another': rebuilt((parts) => {
      parts[0] = encodeCbor(new Map(header).set(1, 3))
    }),
    'the content is another, under the same key': recontent(vector, rebuilt, new TextEncoder().encode('forged')),
    'a recipient was left out by another, who knows the key': recontent(vector, rebuilt, undefined),
  }
  return Object.entries(refused).map(([why, bytes]) => ({ why, envelope: hex(bytes) }))
}

/** What a recipient can do: encrypt again under the key of the content. */
function recontent(
  vector: SeveralVector,
  rebuilt: (change: (parts: Parts) => unknown) => Uint8Array,
  plaintext: Uint8Array | undefined,
): Uint8Array {
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
  return rebuilt((parts) => {
    if (!plaintext) parts[3].pop()
    const aad = encodeCbor(['Encrypt', parts[0], encodeCbor(parts[3])])
    const content = concatBytes(bytesOf(vector.seed), plaintext ?? bytesOf(vector.plaintext))
    parts[2] = crypto.chacha20poly1305.seal(bytesOf(vector.cek), bytesOf(vector.iv), content, aad)
  })
}
