import { createHash } from 'node:crypto'
import { type AgentEvent, createAgent, readProblem } from 'didcomm-mote'
import { world } from 'didcomm-mote/world'
import { expect } from 'vitest'
import { type DidDocument, didOf, keyAgreementKeys } from '../../runtime/did/index.ts'
import { openCompact } from '../../runtime/envelope/compact-seal.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import { compact, json, several, signed, type Unpacked, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe, type JweRecipient } from '../../runtime/envelope/jwe/index.ts'
import type { CompactVectors } from '../../tools/write-compact-vectors.ts'
import { contextOf, crypto, type Party, seededBytes } from '../envelope/world.ts'
import { ownVectors } from '../vectors.ts'
import { changedBytes, changedJson, changedJsonText } from './mutate.ts'
import type { Random, Target } from './random.ts'
import { claim, counted, everything, type Family } from './vectors.ts'

const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** One way to change an envelope into another, beside a third of the same family. */
type Change = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array

const isJson = (bytes: Uint8Array): boolean => bytes[0] === 0x7b

/** The object that is written, or none where what is written is broken already. */
function objectOf(bytes: Uint8Array): object | undefined {
  try {
    return isJson(bytes) ? JSON.parse(decode(bytes)) : undefined
  } catch {
    return undefined
  }
}

const inBytes: Change = (bytes, other, random) => changedBytes(bytes, random, other)

const inText: Change = (bytes, other, random) =>
  isJson(bytes) ? encode(changedJsonText(decode(bytes), random, decode(other))) : changedBytes(bytes, random, other)

const inStructure: Change = (bytes, other, random) => {
  const [root, from] = [objectOf(bytes), objectOf(other)]
  if (!root) return changedBytes(bytes, random, other)
  return encode(changedJson(root as never, random, (from ?? root) as never))
}

const kidsIn = (root: object): string[] =>
  [...JSON.stringify(root).matchAll(/"kid":"([^"]+)"/g)].map(([, kid]) => kid ?? '')

/** Other recipients or signers, with the "apv" that belongs to them. */
const inKids: Change = (bytes, other, random) => {
  const [root, from] = [objectOf(bytes), objectOf(other)]
  const kids = [...kidsIn(root ?? {}), ...kidsIn(from ?? {}), 'did:example:bob#key-x25519-1', 'did:example:alice#key-1']
  const changed = JSON.parse(JSON.stringify(root ?? {}), (name, value) =>
    name === 'kid' && random.below(2) === 0 ? random.pick(kids) : value,
  )
  const { protected: text, recipients } = changed as { protected?: unknown; recipients?: unknown }
  if (typeof text !== 'string' || !Array.isArray(recipients)) return encode(changed)
  const header = objectOf(Buffer.from(text, 'base64url'))
  const apv = createHash('sha256').update(kidsIn(recipients).sort().join('.')).digest('base64url')
  return encode({ ...changed, protected: Buffer.from(JSON.stringify({ ...header, apv })).toString('base64url') })
}

const changes: Readonly<Record<string, Change>> = { inBytes, inText, inStructure, inKids }

/** What holds of whatever was opened: nobody is said to have said what they did not say. */
function expectTrue(opened: Unpacked, { claims }: Family, input: Uint8Array): void {
  if (opened.sender === undefined && !opened.encrypted) {
    expect(opened, decode(input)).toMatchObject({ layers: [], nonRepudiable: false })
    return
  }
  expect(claims.has(claim(opened)), decode(input)).toBe(true)
}

/** A change to the envelopes of a family, opened. */
export function envelopeTargets(family: Family): Target[] {
  return Object.entries(changes).map(([name, change]) => ({
    name: `${family.name}, ${name}`,
    async run(random) {
      const bytes = change(random.pick(family.envelopes), random.pick(family.envelopes), random)
      const { context, steps } = counted(family)
      try {
        const opened = await unpack(bytes, context, random.below(4) === 0 ? { allow: everything } : {})
        expectTrue(opened, family, bytes)
        return opened.encrypted ? 'encrypted' : opened.nonRepudiable ? 'signed' : 'plaintext'
      } finally {
        // Three layers at most, each for two keys, which are looked for among 64 recipients or 8 signatures.
        expect(steps.derived, decode(bytes)).toBeLessThanOrEqual(6)
        expect(steps.resolved, decode(bytes)).toBeLessThanOrEqual(72)
      }
    },
  }))
}

function x25519Keys(documents: readonly DidDocument[]): JweRecipient[] {
  return documents.flatMap((document) => keyAgreementKeys(document)).filter(({ curve }) => curve === 'X25519')
}

/** An envelope that is changed and encrypted anew, as a stranger can do with what is signed: still nobody said it. */
export function innerTarget(family: Family): Target {
  const recipients = x25519Keys(family.documents)
  const randomBytes = seededBytes(family.name)
  return {
    name: `${family.name}, inside of an anoncrypt`,
    async run(random) {
      const change = random.pick(Object.values(changes))
      const plaintext = change(random.pick(family.envelopes), random.pick(family.envelopes), random)
      const bytes = await encryptJwe({ plaintext, recipients: [random.pick(recipients)] }, { crypto, randomBytes })
      const { context } = counted(family)
      const opened = await unpack(bytes, context, random.below(2) === 0 ? { allow: everything } : {})
      const { sender, recipient, nonRepudiable, message } = opened
      if (sender !== undefined || nonRepudiable) expectTrue(opened, family, plaintext)
      // What was signed for one party does not pass as if it were for another.
      if (nonRepudiable) expect(message.to?.map(didOf), decode(plaintext)).toContain(recipient)
      return opened.layers.map(({ kind }) => kind).join()
    },
  }
}

/** The same through an agent that takes whatever it can open: it neither fails nor hands on what was not said. */
export function agentTarget(family: Family): Target {
  const received: Unpacked[] = []
  const events: AgentEvent[] = []
  const { context } = counted(family)
  const agent = createAgent({
    ...world(),
    ...context,
    now: () => 1_516_300_000_000,
    did: 'did:example:bob',
    envelopes: [json({ allow: everything }), compact()],
    transports: [],
    accepts: () => true,
    onEvent: (event) => events.push(event),
  })
  for (const type of [
    'http://example.com/protocols/lets_do_lunch/1.0/proposal',
    'https://didcomm.org/routing/2.0/forward',
    'https://didcomm.org/telemetry/1.0/report',
  ]) {
    agent.on(type, (one) => {
      received.push(one)
      readProblem(one.message)
      return undefined
    })
  }
  return {
    name: `${family.name}, through an agent`,
    async run(random) {
      events.length = 0
      received.length = 0
      const change = random.pick(Object.values(changes))
      const bytes = change(random.pick(family.envelopes), random.pick(family.envelopes), random)
      const receipt = await agent.receive({ bytes, mediaType: 'application/didcomm-encrypted+json' })
      for (const one of received) expectTrue(one, family, bytes)
      expect(events.length).toBe(1)
      const [event] = events
      if (event?.kind === 'refused') return event.code
      expect([receipt, event?.kind]).toEqual(['accepted', 'received'])
      return receipt
    },
  }
}

/** The compact vectors of our own: what opens is the content of one, from whom it is. */
export function compactTarget(): Target {
  const file = ownVectors<CompactVectors>('own/compact.json')
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
  const partyOf = ({ url, publicKey, secretKey }: CompactVectors['vectors'][number]['recipient']): Party => {
    const did = url.slice(0, url.indexOf('#'))
    const x = Buffer.from(publicKey, 'hex').toString('base64url')
    const signs = file.signed.some(({ signer }) => signer.url === url)
    const curve = signs ? 'Ed25519' : 'X25519'
    const method = { id: url, type: 'JsonWebKey2020', controller: did, publicKeyJwk: { kty: 'OKP', crv: curve, x } }
    const document = { id: did, verificationMethod: [method], [signs ? 'authentication' : 'keyAgreement']: [url] }
    return { did, document, keys: [{ kid: url, curve, secretKey: bytesOf(secretKey) }] }
  }
  const opened = [...file.vectors, ...file.several, ...file.signed]
  const envelopes = [...opened, ...file.refused, ...file.refusedSeveral, ...file.refusedSigned].map(({ envelope }) =>
    bytesOf(envelope),
  )
  const claims = opened.map((vector) => `${byWhom(vector)} ${vector.plaintext}`)
  const openers = new Map([
    [0xd2, signed().open],
    [0xd8, several().open],
  ])
  return {
    name: 'own, in bytes',
    async run(random) {
      const { sender, ...vector } = { sender: undefined, ...random.pick(opened) }
      const own =
        'recipients' in vector
          ? random.pick(vector.recipients)
          : 'recipient' in vector
            ? vector.recipient
            : vector.signer
      const knownKids = async () => opened.flatMap((one) => byWhom(one) ?? [])
      const context = contextOf(partyOf(own), sender ? [partyOf(sender)] : [], { knownKids })
      const bytes = changedBytes(random.pick(envelopes), random, random.pick(envelopes))
      const { layer, content } = await (openers.get(bytes[0] ?? 0) ?? openCompact)(bytes, documentKeys(context))
      const by =
        layer?.kind === 'authcrypt' ? layer.senderKid : layer?.kind === 'signed' ? layer.signerKids[0] : undefined
      const said = `${by} ${Buffer.from(content).toString('hex')}`
      expect(claims, Buffer.from(bytes).toString('hex')).toContain(said)
      return 'opened'
    },
  }
}

/** Whose word a vector is, if anybody's. */
function byWhom(vector: { sender?: { url: string }; signer?: { url: string } }): string | undefined {
  return (vector.sender ?? vector.signer)?.url
}
