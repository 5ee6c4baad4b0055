// Packs every envelope of the table of sizes, and counts.
import { contactBook } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import type { EnvelopeContext } from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import { REPORT } from 'didcomm-mote/protocols/telemetry'
import { type Envelope, envelopes, type Scene } from './envelopes.ts'
import { links } from './links.ts'
import { methods, type Parties } from './methods.ts'

/** One row of `--json`. */
export interface SizeRow {
  readonly envelope: string
  /** The DID method of everybody in it. */
  readonly did: string
  /** The body of the message, in CBOR. */
  readonly bodyBytes: number
  readonly totalBytes: number
  /** How many frames it takes, by the name of the link. */
  readonly frames: Readonly<Record<string, number>>
}

/** An envelope as it was packed. */
export interface PackedEnvelope {
  readonly envelope: Envelope
  readonly did: string
  readonly bodyBytes: number
  readonly scene: Scene
  readonly bytes: Uint8Array
}

export const bodySizes: readonly number[] = [4, 20, 64, 256]

/** A body that takes so many bytes in CBOR: `{"t": "…"}`. */
export function bodyOf(bodyBytes: number): { t: string } {
  // The map, the key and the head of the text, which is longer from 24 characters on.
  const head = bodyBytes - 4 < 24 ? 4 : 5
  return { t: '2'.repeat(bodyBytes - head) }
}

async function contextOf({ sensor, gateway, cloud, mediator, resolve }: Parties): Promise<EnvelopeContext> {
  const everybody = [sensor, gateway, cloud, mediator]
  const contacts = contactBook(crypto, resolve)
  for (const did of new Set(everybody.flatMap((party) => [party.did, party.signer]))) await contacts.add({ did })
  return {
    crypto,
    secrets: memorySecrets(
      crypto,
      everybody.flatMap(({ secretKeys }) => secretKeys),
    ),
    resolve,
    randomBytes: (lengthBytes) => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes)),
    types: typeRegistry([{ code: 1, type: REPORT }]),
    knownKids: contacts.knownKids,
  }
}

/** Packs every envelope with every DID method around bodies of every size. */
export async function packEverything(): Promise<PackedEnvelope[]> {
  const packed: PackedEnvelope[] = []
  for (const { name: did, parties } of methods) {
    const all = await parties()
    const context = await contextOf(all)
    for (const bodyBytes of bodySizes) {
      const draft = { type: REPORT, body: bodyOf(bodyBytes) }
      const scene: Scene = { ...all, context, draft, id: '1e513ad4-48c9-444e-9e7e-5b8b45c5e325' }
      for (const envelope of envelopes) {
        const { bytes } = await envelope.pack(scene)
        packed.push({ envelope, did, bodyBytes, scene, bytes })
      }
    }
  }
  return packed
}

/** Measures what was packed. */
export function rowOf({ envelope, did, bodyBytes, bytes }: PackedEnvelope): SizeRow {
  const frames = Object.fromEntries(links.map((link) => [link.name, link.frames(bytes.length)]))
  return { envelope: envelope.name, did, bodyBytes, totalBytes: bytes.length, frames }
}
