import { expect } from 'vitest'
import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import { didWeb } from '../../runtime/did/did-web.ts'
import { didWebvh } from '../../runtime/did/did-webvh.ts'
import { type Draft, proofOf, signer, writeLog } from '../did/webvh-writer.ts'
import { crypto } from '../envelope/world.ts'
import { documents, use } from './dids.ts'
import { changedBytes, changedJson, changedJsonText, changedText, withHostile } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** What web servers say of DIDs. */

const bytesOf = (value: unknown): Uint8Array => encodeUtf8(typeof value === 'string' ? value : JSON.stringify(value))

/** A did:web, and what its server answers. */
export function didWebTarget(): Target {
  const dids = ['did:web:example.com', 'did:web:example.com%3A8443:user:alice', 'did:web:a.b.example:x%20y']
  return {
    name: 'did:web',
    async run(random) {
      const did = random.below(3) === 0 ? changedText(random.pick(dids), random, random.pick(dids)) : random.pick(dids)
      const document = { ...random.pick(documents), ...(random.below(4) > 0 && { id: did }) }
      const other = random.pick(documents)
      const changed =
        random.below(3) === 0 ? withHostile(document, random) : changedJson(document as never, random, other as never)
      const content = random.pick([
        () => bytesOf(changed),
        () => bytesOf({ ...(changed as object), id: did }),
        () => bytesOf(changedJsonText(JSON.stringify(document), random, JSON.stringify(other))),
        () => changedBytes(bytesOf(document), random, bytesOf(other)),
      ])()
      const asked: string[] = []
      const get = async (url: string) => {
        asked.push(url)
        return content
      }
      const resolved = await didWeb({ get, maxBytes: 20_000 }).resolve(did)
      expect([resolved.id, asked.length]).toEqual([did, 1])
      expect(new URL(asked[0] ?? '').href.startsWith('https://')).toBe(true)
      use(resolved)
      return 'resolved'
    },
  }
}

const [first, second, witness] = [signer(1), signer(2), signer(3)]
const witnesses = { threshold: 1, witnesses: [{ id: `did:key:${witness.multikey}` }] }
const drafts: readonly Draft[] = [
  { parameters: { updateKeys: [first.multikey], portable: true }, signers: [first] },
  { parameters: { updateKeys: [second.multikey], witness: witnesses }, state: { version: 2 }, signers: [first] },
  { parameters: { ttl: 60 }, state: { version: 3 }, signers: [second] },
]

/** The log of a did:webvh that was changed has no state that its owner did not sign. */
export function webvhTarget(): Target {
  const { did, log } = writeLog(drafts)
  const approvals = log.map(({ versionId }) => ({ versionId, proof: [proofOf(witness, { versionId })] }))
  const other = writeLog([{ ...drafts[0], signers: [second] } as Draft, ...drafts.slice(1)])
  const states = log.map(({ state }) => state)
  const linesOf = (entries: readonly unknown[]): string => entries.map((entry) => JSON.stringify(entry)).join('\n')
  const changes: readonly ((random: Random) => string)[] = [
    (random) =>
      linesOf(log.map((entry) => (random.below(3) === 0 ? changedJson(entry, random, random.pick(other.log)) : entry))),
    (random) => linesOf(log.map((entry) => (random.below(3) === 0 ? withHostile(entry, random) : entry))),
    (random) => changedJsonText(linesOf(log), random, linesOf(other.log)),
    (random) => linesOf(log.filter(() => random.below(4) > 0)),
    () => linesOf(log),
  ]
  return {
    name: 'did:webvh',
    async run(random) {
      const text = random.pick(changes)(random)
      const approved = random.below(2) === 0 ? approvals : changedJson(approvals as never, random, other.log as never)
      const get = async (url: string) => bytesOf(url.endsWith('l') ? text : JSON.stringify(approved))
      const webvh = didWebvh({ crypto, get, now: () => Date.parse('2026-02-01'), maxBytes: 100_000, maxEntries: 8 })
      const document = await webvh.resolve(did)
      expect(states, text).toContainEqual(document)
      return 'resolved'
    },
  }
}
