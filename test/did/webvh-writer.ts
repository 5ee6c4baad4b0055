import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { encodeBase58btc, encodeUtf8 } from '../../runtime/bytes/index.ts'

/** A log of a did:webvh, written from the specification alone, with other cryptography than that which reads it. */

export interface Signer {
  readonly multikey: string
  sign(message: Uint8Array): Uint8Array
}

export interface Draft {
  readonly parameters?: Record<string, unknown>
  readonly state?: Record<string, unknown>
  readonly versionTime?: string
  readonly signers: readonly Signer[]
}

export type Entry = Record<string, unknown> & { versionId: string; state: Record<string, unknown> }

export function signer(seed: number): Signer {
  const secretKey = new Uint8Array(32).fill(seed)
  const publicKey = ed25519.getPublicKey(secretKey)
  return {
    multikey: `z${encodeBase58btc(Uint8Array.of(0xed, 0x01, ...publicKey))}`,
    sign: (message) => ed25519.sign(message, secretKey),
  }
}

/** RFC 8785, for what these logs are made of. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`
}

export function multihash(text: string): string {
  return encodeBase58btc(Uint8Array.of(0x12, 0x20, ...sha256(encodeUtf8(text))))
}

export function proofOf({ multikey, sign }: Signer, document: unknown, changes: Record<string, unknown> = {}) {
  const options = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    proofPurpose: 'assertionMethod',
    verificationMethod: `did:key:${multikey}#${multikey}`,
    created: '2026-01-01T00:00:00Z',
    ...changes,
  }
  const digest = (value: unknown) => sha256(encodeUtf8(canonical(value)))
  const signature = sign(Uint8Array.of(...digest(options), ...digest(document)))
  return { ...options, proofValue: `z${encodeBase58btc(signature)}` }
}

/** Writes a log; the first draft needs `parameters.updateKeys`. `{SCID}` stands for the SCID in all of them. */
export function writeLog(drafts: readonly Draft[], host = 'example.com'): { did: string; log: Entry[] } {
  const log: Entry[] = []
  let scid = '{SCID}'
  for (const [index, draft] of drafts.entries()) {
    const first = index === 0 ? { method: 'did:webvh:1.0', scid: '{SCID}' } : {}
    const preliminary = {
      versionId: log.at(-1)?.versionId ?? '{SCID}',
      versionTime: draft.versionTime ?? `2026-01-0${index + 1}T00:00:00Z`,
      parameters: { ...first, ...draft.parameters },
      state: { id: `did:webvh:{SCID}:${host}`, ...draft.state },
    }
    if (index === 0) scid = multihash(canonical(preliminary))
    const unnamed = JSON.parse(JSON.stringify(preliminary).replaceAll('{SCID}', scid))
    const document = { ...unnamed, versionId: `${index + 1}-${multihash(canonical(unnamed))}` }
    log.push({ ...document, proof: draft.signers.map((one) => proofOf(one, document)) })
  }
  return { did: `did:webvh:${scid}:${host}`, log }
}
