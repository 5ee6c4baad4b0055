import { world } from 'didcomm-mote/world'
import { describe, expect, test } from 'vitest'
import { createAgent } from '../../runtime/agent/agent.ts'
import type { AgentEvent } from '../../runtime/agent/event.ts'
import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import {
  crypto as core,
  memorySecrets,
  type SecretJwk,
  type SecretKey,
  secretKeyFromJwk,
} from '../../runtime/crypto/index.ts'
import type { DidDocument } from '../../runtime/did/document.ts'
import { json, type Leniency, pack, type Unpacked, unpack } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'

import { testResolve, testTypes } from '../envelope/world.ts'
import { sharedVectors } from '../vectors.ts'

/** The same vectors as in `vectors.test.ts`, through an agent: it does with each what `unpack` does. */

const crypto = withCurves(core, p256, p384, p521, secp256k1)
/** A day after the messages of the vectors were made, and before they expired. */
const NOW_MS = 1_516_300_000_000
const PROPOSAL = 'http://example.com/protocols/lets_do_lunch/1.0/proposal'

interface Parties {
  documents: readonly DidDocument[]
  secrets: readonly SecretJwk[]
}

/** Checking both halves of a key of P-521 takes milliseconds, and each party has many: once for all vectors. */
const secretKeys = new Map<readonly SecretJwk[], SecretKey[]>()
function secretKeysOf(secrets: readonly SecretJwk[]): SecretKey[] {
  const keys = secretKeys.get(secrets) ?? secrets.map((jwk) => secretKeyFromJwk(jwk, crypto))
  secretKeys.set(secrets, keys)
  return keys
}

const contextOf = ({ documents, secrets }: Parties) => ({
  crypto,
  secrets: memorySecrets(crypto, secretKeysOf(secrets)),
  resolve: testResolve(documents),
  randomBytes: world().randomBytes,
  types: testTypes,
})

/** An agent that holds every key of the vectors and takes signed messages as well. */
function receiver(parties: Parties, allow: readonly Leniency[] = []) {
  const received: Unpacked[] = []
  const events: AgentEvent[] = []
  const agent = createAgent({
    ...world(),
    ...contextOf(parties),
    now: () => NOW_MS,
    did: 'did:example:bob',
    envelopes: [json({ allow })],
    transports: [],
    accepts: ({ sender, encrypted }) => encrypted || sender !== undefined,
    onEvent: (event) => events.push(event),
  })
  for (const type of [PROPOSAL, 'https://didcomm.org/routing/2.0/forward']) {
    agent.on(type, (one) => {
      received.push(one)
      return undefined
    })
  }
  const receive = (bytes: Uint8Array) => agent.receive({ bytes, mediaType: 'application/didcomm-encrypted+json' })
  return { receive, received, events }
}

/** Brings one envelope to an agent, and expects of it what `unpack` does by itself. */
async function agrees(bytes: Uint8Array, parties: Parties, allow: readonly Leniency[] = []): Promise<void> {
  const { receive, received, events } = receiver(parties, allow)
  const alone = await unpack(bytes, contextOf(parties), { allow }).catch((error: unknown) => error)
  const receipt = await receive(bytes)
  if (alone instanceof Error) {
    expect(receipt).toBe('refused')
    expect(isDidCommError(alone), String(alone)).toBe(true)
    expect(events).toEqual([expect.objectContaining({ kind: 'refused', code: Reflect.get(alone, 'code') })])
    return expect(received).toEqual([])
  }
  expect(events).toEqual([expect.objectContaining({ kind: 'received' })])
  expect(received).toEqual([alone])
}

const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

const secrets = sharedVectors<SecretJwk[]>('sicpa/secrets.json')
const named = sharedVectors<Record<string, DidDocument>>('sicpa/diddocs.json')
const documents = Object.entries(named ?? {})
  .filter(([name]) => !name.endsWith('NO_SECRETS'))
  .map(([, document]) => document)
const sicpa: Parties = { documents, secrets: secrets ?? [] }

type Jwes = { name: string; jwe: object | string; plaintext_utf8: string }[]
type Named = { name: string; jws: object }[]

describe.skipIf(!secrets)('the vectors of the sicpa libraries, through an agent,', () => {
  const forbidden = ({ plaintext_utf8 }: Jwes[number]): boolean => 'ciphertext' in JSON.parse(plaintext_utf8)
  const all = sharedVectors<Jwes>('sicpa/encrypted_positive.json') ?? []
  const signed = sharedVectors<{ positive: Named; negative: Named }>('sicpa/signed.json')

  test.each(all.filter((vector) => !forbidden(vector)))('$name is received [A9]', async ({ jwe }) => {
    const { receive } = receiver(sicpa)
    expect(await receive(bytesOf(jwe))).toBe('accepted')
    await agrees(bytesOf(jwe), sicpa)
  })

  test.each(all.filter(forbidden))(
    '$name is refused, and received where that is allowed [A10, Z4]',
    async ({ jwe }) => {
      expect(await receiver(sicpa).receive(bytesOf(jwe))).toBe('refused')
      await agrees(bytesOf(jwe), sicpa)
      expect(await receiver(sicpa, ['anoncrypt-authcrypt-signed']).receive(bytesOf(jwe))).toBe('accepted')
      await agrees(bytesOf(jwe), sicpa, ['anoncrypt-authcrypt-signed'])
    },
  )

  const bad = sharedVectors<Jwes>('sicpa/encrypted_negative.json') ?? []
  test.each(bad)('$name is refused [C4]', async ({ jwe }) => {
    expect(await receiver(sicpa).receive(bytesOf(jwe))).toBe('refused')
    await agrees(bytesOf(jwe), sicpa)
  })

  test.each(signed?.positive ?? [])('$name is received [H2, Z6]', async ({ jws }) => {
    expect(await receiver(sicpa).receive(bytesOf(jws))).toBe('accepted')
    await agrees(bytesOf(jws), sicpa)
  })

  test.each(signed?.negative ?? [])('$name is refused [C4]', async ({ jws }) => {
    expect(await receiver(sicpa).receive(bytesOf(jws))).toBe('refused')
    await agrees(bytesOf(jws), sicpa)
  })

  test('from_prior in an encrypted message is received with what it proves, or refused [I1, I2, I5, Z10]', async () => {
    const vectors =
      sharedVectors<Record<'valid_jwt' | 'invalid_jwt' | 'invalid_signature_jwt', string>>('sicpa/from_prior.json')
    const [from, to] = ['did:example:alice', 'did:example:bob']
    const packed = async (from_prior: string | undefined): Promise<Uint8Array> => {
      const message = { id: '1', type: PROPOSAL, from, to: [to], from_prior: from_prior ?? expect.fail(), body: {} }
      return (await pack(message, { to, from }, contextOf(sicpa))).bytes
    }
    const { receive, received } = receiver(sicpa)
    expect(await receive(await packed(vectors?.valid_jwt))).toBe('accepted')
    expect(received[0]?.prior).toMatchObject({ did: 'did:example:charlie', next: from, issuedAt: 123_456 })
    expect(await receive(await packed(vectors?.invalid_jwt))).toBe('refused')
    expect(await receive(await packed(vectors?.invalid_signature_jwt))).toBe('refused')
  })
})

const index = sharedVectors<{ vectors: { name: string; file: string; layers?: string[] }[] }>('spec/index.json')

describe.skipIf(!index)('the appendix of the specification, through an agent,', () => {
  const read = <T>(name: string): T => sharedVectors<T>(name) ?? expect.fail(name)
  const people = ['alice', 'bob']
  const spec: Parties = index
    ? {
        documents: people.map((name) => read<DidDocument>(`spec/diddoc_${name}.json`)),
        secrets: people.flatMap((name) => read<SecretJwk[]>(`spec/secrets_${name}.json`)),
      }
    : { documents: [], secrets: [] }
  const layered = (index?.vectors ?? []).filter(({ layers }) => layers)

  test.each(layered)('$name ends as in unpack [A9, A10, Z2, Z3, Z4, Z5, Z6]', async ({ file, layers }) => {
    const bytes = bytesOf(read(file))
    const isForbidden = layers?.join() === 'anoncrypt,authcrypt,sign'
    expect(await receiver(spec).receive(bytes)).toBe(isForbidden ? 'refused' : 'accepted')
    await agrees(bytes, spec)
    expect(await receiver(spec, ['anoncrypt-authcrypt-signed']).receive(bytes)).toBe('accepted')
    await agrees(bytes, spec, ['anoncrypt-authcrypt-signed'])
  })
})
