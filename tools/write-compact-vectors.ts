import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { encodeCbor } from '../runtime/bytes/index.ts'
import { type MessageVector, messageVectors } from './compact-vectors/messages.ts'
import { secretOf } from './compact-vectors/parties.ts'
import { refusedSeveral, type SeveralVector, severalVector } from './compact-vectors/several.ts'
import { refusedSigned, type SignedVector, signedVector } from './compact-vectors/signed.ts'
import { type CompactVector, type RefusedVector, refusedSingle, singleVector } from './compact-vectors/single.ts'

// Writes test/vectors/own/compact.json, the test vectors of docs/compact-envelope.md. Everything in them is fixed, so that
// a second run writes the same file: node --import tsx --conditions=didcomm-mote-source tools/write-compact-vectors.ts

export interface CompactVectors {
  source: string
  /** For one key. */
  vectors: CompactVector[]
  /** Envelopes for the parties of the first of `vectors`, none of which may open. */
  refused: RefusedVector[]
  signed: SignedVector[]
  /** Messages of the signer of the first of `signed`, none of which may verify. */
  refusedSigned: RefusedVector[]
  several: SeveralVector[]
  /** Envelopes for the parties of the first of `several`, none of which may open for its first recipient. */
  refusedSeveral: RefusedVector[]
  messages: MessageVector[]
}

/** Computes all that the file holds. */
export async function compactVectors(): Promise<CompactVectors> {
  const reading = encodeCbor([1, secretOf('a reading').slice(0, 20)])
  const named = encodeCbor([1, new TextEncoder().encode('a longer body, so that lengths take two bytes. '.repeat(6))])
  const vectors = [
    await singleVector('authcrypt, short ids, 20-byte body', 'authcrypt', 'short', reading),
    await singleVector('authcrypt, long ids, 20-byte body', 'authcrypt', 'long', reading),
    await singleVector('anoncrypt, short id, 20-byte body', 'anoncrypt', 'short', reading),
    await singleVector('anoncrypt, long id, 20-byte body', 'anoncrypt', 'long', reading),
    await singleVector('authcrypt, short ids, 282-byte body', 'authcrypt', 'short', named),
    await singleVector('anoncrypt, short id, empty plaintext', 'anoncrypt', 'short', new Uint8Array(0)),
  ]
  const message = { type: 'https://example.com/telemetry/1.0/report', body: { t: 21.5 } }
  const addressed = { ...message, to: ['did:web:gateway.example.com'], created_time: 1_767_225_600 }
  const signed = [
    await signedVector('signed, short id', 'short', message),
    await signedVector('signed, long id', 'long', message),
    await signedVector('signed and encrypted, short ids', 'short', addressed),
    await signedVector('signed and encrypted, long ids', 'long', addressed),
  ]
  const several = [
    await severalVector('authcrypt for two, short ids, 20-byte body', 'authcrypt', 'short', reading),
    await severalVector('authcrypt for two, long ids, 20-byte body', 'authcrypt', 'long', reading),
    await severalVector('anoncrypt for two, short ids, 20-byte body', 'anoncrypt', 'short', reading),
    await severalVector('authcrypt for two, short ids, 282-byte body', 'authcrypt', 'short', named),
  ]
  return {
    source: 'tools/write-compact-vectors.ts, version c1',
    vectors,
    refused: refusedSingle(envelopeOf(vectors[0]), envelopeOf(vectors[1])),
    signed,
    refusedSigned: refusedSigned(envelopeOf(signed[0]), envelopeOf(signed[1])),
    several,
    refusedSeveral: refusedSeveral(several[0]!, several[2]!),
    messages: messageVectors(),
  }
}

function envelopeOf(vector: { envelope: string } | undefined): Uint8Array {
  return Uint8Array.from(Buffer.from(vector?.envelope ?? '', 'hex'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../test/vectors/own/compact.json', import.meta.url))
  writeFileSync(file, `${JSON.stringify(await compactVectors(), null, 2)}\n`)
}
