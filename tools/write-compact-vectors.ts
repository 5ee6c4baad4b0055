import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../runtime/bytes/index.ts'
import { crypto } from '../runtime/crypto/index.ts'
import { memorySecrets } from '../runtime/crypto/memory-secrets.ts'
import type { PublicKey } from '../runtime/did/document.ts'
import type { Ids } from '../runtime/envelope/compact-keys.ts'
import { sealCompact } from '../runtime/envelope/compact-seal.ts'

// Writes test/vectors/own/compact.json, the test vectors of docs/compact-envelope.md. Everything in them is fixed, so that
// a second run writes the same file: node --import tsx --conditions=didcomm-mote-source tools/write-compact-vectors.ts

export interface CompactVector {
  name: string
  kind: 'authcrypt' | 'anoncrypt'
  sender?: { url: string; secretKey: string; publicKey: string }
  recipient: { url: string; secretKey: string; publicKey: string }
  ephemeralSecretKey: string
  plaintext: string
  info: string
  psk?: string
  aad: string
  envelope: string
  derivedId: string
}

export interface CompactVectors {
  source: string
  vectors: CompactVector[]
  /** Envelopes for the parties of the first authcrypt vector, none of which may open. */
  refused: { why: string; envelope: string }[]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** A fixed secret: the hash of its name. */
const secretOf = (name: string): Uint8Array => crypto.sha256(new TextEncoder().encode(`compact.json ${name}`))

function partyOf(url: string) {
  const secretKey = secretOf(url)
  const key: PublicKey = { kid: url, curve: 'X25519', bytes: crypto.x25519.getPublicKey(secretKey) }
  return { key, secretKey, hex: { url, secretKey: hex(secretKey), publicKey: hex(key.bytes) } }
}

const sensor = partyOf('did:example:sensor#key-1')
const gateway = partyOf('did:web:gateway.example.com#key-2')

async function vectorOf(
  name: string,
  kind: CompactVector['kind'],
  ids: Ids,
  plaintext: Uint8Array,
): Promise<CompactVector> {
  const ephemeral = secretOf(name)
  const secrets = memorySecrets(crypto, [{ kid: sensor.key.kid, curve: 'X25519', secretKey: sensor.secretKey }])
  const context = {
    crypto,
    secrets,
    randomBytes: () => ephemeral.slice(),
    resolve: () => Promise.reject(new TypeError('nothing here is resolved')),
    keysOf: () => Promise.reject(new TypeError('nothing here is looked up')),
    types: { byCode: () => undefined, byType: () => undefined },
  }
  const sender = kind === 'authcrypt' ? { sender: sensor.key } : {}
  const sealed = await sealCompact({ plaintext, recipients: [gateway.key], ids, ...sender }, context)

  // What lies between, for those who look for their mistake: computed here once more, step by step.
  const urls = kind === 'authcrypt' ? [sensor.key.kid, gateway.key.kid] : [gateway.key.kid]
  const info = encodeCbor([`didcomm-mote/c1 ${kind}`, ...urls])
  const prk = crypto.hkdfSha256.extract(crypto.x25519.getSharedSecret(sensor.secretKey, gateway.key.bytes))
  const [protectedHeader, unprotected] = partsOf(sealed.bytes)
  const aad = encodeCbor(['Encrypt0', protectedHeader as Uint8Array, unprotected.get(4) as Uint8Array])
  return {
    name,
    kind,
    ...(kind === 'authcrypt' ? { sender: sensor.hex } : {}),
    recipient: gateway.hex,
    ephemeralSecretKey: hex(ephemeral),
    plaintext: hex(plaintext),
    info: hex(info),
    ...(kind === 'authcrypt' ? { psk: hex(crypto.hkdfSha256.expand(prk, info, 32)) } : {}),
    aad: hex(aad),
    envelope: hex(sealed.bytes),
    derivedId: sealed.derivedId,
  }
}

type Parts = [CborValue, Map<CborValue, CborValue>, CborValue]
const partsOf = (envelope: Uint8Array): Parts => (decodeCbor(envelope) as Tagged).value as Parts

function refusedOf(short: Uint8Array, long: Uint8Array): CompactVectors['refused'] {
  const rebuilt = (change: (parts: Parts) => void): Uint8Array => {
    const parts = partsOf(short.slice())
    change(parts)
    return encodeCbor(new Tagged(16, parts as CborValue[]))
  }
  const flipped = (index: number): Uint8Array => {
    const bytes = short.slice()
    bytes.set([(bytes.at(index) ?? 0) ^ 1], index < 0 ? bytes.length + index : index)
    return bytes
  }
  const withProtected = (entries: [CborValue, CborValue][]): Uint8Array =>
    rebuilt((parts) => {
      parts[0] = encodeCbor(new Map(entries))
    })
  const pskId = short.slice(9, 17)
  const refused: Record<string, Uint8Array> = {
    'the last bit of the tag is flipped': flipped(-1),
    'a bit of the ciphertext is flipped': flipped(70),
    'a bit of ek is flipped': flipped(40),
    'the kid is the long form of the same key': rebuilt((parts) => {
      parts[1].set(4, new TextEncoder().encode(gateway.key.kid))
    }),
    'the kid and psk_id are exchanged for the long forms': rebuilt((parts) => {
      parts[0] = partsOf(long)[0]
      parts[1].set(4, partsOf(long)[1].get(4) as Uint8Array)
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

/** Computes all that the file holds. */
export async function compactVectors(): Promise<CompactVectors> {
  const reading = encodeCbor([1, secretOf('a reading').slice(0, 20)])
  const named = encodeCbor([1, new TextEncoder().encode('a longer body, so that lengths take two bytes. '.repeat(6))])
  const vectors = [
    await vectorOf('authcrypt, short ids, 20-byte body', 'authcrypt', 'short', reading),
    await vectorOf('authcrypt, long ids, 20-byte body', 'authcrypt', 'long', reading),
    await vectorOf('anoncrypt, short id, 20-byte body', 'anoncrypt', 'short', reading),
    await vectorOf('anoncrypt, long id, 20-byte body', 'anoncrypt', 'long', reading),
    await vectorOf('authcrypt, short ids, 282-byte body', 'authcrypt', 'short', named),
    await vectorOf('anoncrypt, short id, empty plaintext', 'anoncrypt', 'short', new Uint8Array(0)),
  ]
  const [short, long] = vectors.map(({ envelope }) => new Uint8Array(Buffer.from(envelope, 'hex')))
  if (!short || !long) throw new TypeError('there are vectors above')
  return { source: 'tools/write-compact-vectors.ts, version c1', vectors, refused: refusedOf(short, long) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../test/vectors/own/compact.json', import.meta.url))
  writeFileSync(file, `${JSON.stringify(await compactVectors(), null, 2)}\n`)
}
