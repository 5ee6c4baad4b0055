import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readProblem } from '../../runtime/agent/problem.ts'
import { concatBytes } from '../../runtime/bytes/index.ts'
import { openKeys } from '../../runtime/crypto/sealed-keys.ts'
import { didWeb } from '../../runtime/did/did-web.ts'
import { didWebvh } from '../../runtime/did/did-webvh.ts'
import { didJwk, didKey, didPeer, firstOf } from '../../runtime/did/index.ts'
import { readAttachment, unpack, verifyFromPrior } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { parseCompact, typeRegistry } from '../../runtime/message/index.ts'
import { readInvitationUrl } from '../../runtime/protocols/out-of-band.ts'
import { pack as senmlPack } from '../../runtime/protocols/telemetry.ts'
import { contextOf, crypto, party } from '../envelope/world.ts'
import { cborTarget, coseTarget } from '../fuzz/cose.ts'
import { didTarget, documentTarget, heldTarget, secretTarget } from '../fuzz/dids.ts'
import { agentTarget, compactTarget, envelopeTargets, innerTarget } from '../fuzz/envelopes.ts'
import { fragmentingTarget, reassemblyTarget } from '../fuzz/fragments.ts'
import { headerTarget } from '../fuzz/headers.ts'
import { passphraseTarget, sealedKeysTarget } from '../fuzz/keys.ts'
import { attachmentTarget, fromPriorTarget, invitationTarget, problemTarget } from '../fuzz/parsers.ts'
import { fuzz } from '../fuzz/random.ts'
import { httpTarget, wsTarget } from '../fuzz/sockets.ts'
import { compactPlaintextTarget, senmlTarget } from '../fuzz/telemetry.ts'
import { families } from '../fuzz/vectors.ts'
import { didWebTarget, webvhTarget } from '../fuzz/web.ts'

// Other inputs at each run. A failure says the seed of its round, and `SEED` gives them all again.
const seed = process.env['SEED'] ?? String(randomInt(2 ** 31))
process.stderr.write(`SEED=${seed}\n`)

const ofFamilies = (await families()).flatMap((family) => [
  ...envelopeTargets(family),
  innerTarget(family),
  agentTarget(family),
])
const documentTargets = [didTarget(), documentTarget(), await fromPriorTarget()]
const targets = [
  ...ofFamilies.map((target) => ({ target, rounds: 100_000 })),
  { target: compactTarget(), rounds: 100_000 },
  { target: await headerTarget(), rounds: 100_000 },
  ...documentTargets.map((target) => ({ target, rounds: 200_000 })),
  { target: heldTarget(), rounds: 100_000 },
  { target: secretTarget(), rounds: 50_000 },
  { target: await attachmentTarget(), rounds: 100_000 },
  { target: await cborTarget(), rounds: 100_000 },
  { target: coseTarget(), rounds: 300_000 },
  ...[invitationTarget(), problemTarget()].map((target) => ({ target, rounds: 500_000 })),
  ...[didWebTarget(), senmlTarget(), compactPlaintextTarget()].map((target) => ({ target, rounds: 200_000 })),
  { target: sealedKeysTarget(), rounds: 100_000 },
  { target: reassemblyTarget(), rounds: 200_000 },
  { target: fragmentingTarget(), rounds: 50_000 },
  ...[webvhTarget(), await passphraseTarget()].map((target) => ({ target, rounds: 50_000 })),
]

describe('millions of inputs that were changed by chance', () => {
  it.each(targets)('$target.name: $rounds', async ({ target, rounds }) => {
    await fuzz(target, seed, rounds)
  })
})

describe('a hundred thousand strangers', () => {
  it.each([wsTarget, httpTarget])('%o: 50000', async (make) => {
    const target = await make()
    await fuzz(target, seed, 50_000)
    await target.end()
  })
})

const context = contextOf(party('did:example:alice'), [party('did:example:bob')])
const resolve = firstOf(didKey(crypto), didPeer(crypto), didJwk())
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const open = (text: string): Promise<unknown> => unpack(bytesOf(text), context, { maxBytes: 1 << 24 })
const base64url = (text: string): string => Buffer.from(text).toString('base64url')
const type = '"type":"https://example.org/a/1.0/b","id":"1"'
const report = (comment: string, args: string[]): unknown => readProblem({ body: { code: 'e.p.x', comment, args } })
const attached = (data: object): Promise<unknown> =>
  readAttachment({ data }, { crypto, maxBytes: 1 << 24, get: async () => bytesOf('x') })

const fromWeb = (content: Uint8Array): Promise<unknown> =>
  didWeb({ get: async () => content, maxBytes: 1 << 24 }).resolve('did:web:example.com')
const fromWebvh = (log: string): Promise<unknown> =>
  didWebvh({ crypto, get: async () => bytesOf(log), now: () => 0, maxBytes: 1 << 24 }).resolve(
    'did:webvh:QmUbTyW8QGNWxWJonYpeMs8vToktBYxzhk6cgJV9JYzfwo:example.com',
  )
const compactOptions = { types: typeRegistry([]), implied: {}, id: '1' }

/** Inputs that ask for more than their share, of about `size` characters. */
const greedy: Readonly<Record<string, (size: number) => unknown>> = {
  'a deep body': (size) => open(`{${type},"body":${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}}`),
  'deep lists': (size) => open(`{"a":${'['.repeat(size)}`),
  'a list of empty lists': (size) => open(`{${type},"body":{"a":[${'[],'.repeat(size / 3)}1]}}`),
  'the same name again': (size) => open(`{${'"a":1,'.repeat(size / 6)}${type}}`),
  'many names': (size) => open(`{${Array.from({ length: size / 12 }, (_, i) => `"name${i}":1`).join()},${type}}`),
  'backslashes in a text': (size) => open(`{${type},"body":{"a":"${'\\\\'.repeat(size / 2)}"}}`),
  'quotes in a text': (size) => open(`{${type},"body":{"a":"${'\\"'.repeat(size / 2)}"}}`),
  'a text without its end': (size) => open(`{"a":"${'\\'.repeat(size)}`),
  'a long number': (size) => open(`{${type},"body":{"a":1${'0'.repeat(size)}}}`),
  'recipients without end': (size) => open(`{"ciphertext":"AA","recipients":[${'{},'.repeat(size / 3)}{}]}`),
  'a long protected header': (size) => open(`{"ciphertext":"AA","protected":"${'e'.repeat(size)}","recipients":[]}`),
  'signatures without end': (size) => open(`{"payload":"AA","signatures":[${'{},'.repeat(size / 3)}{}]}`),
  'recipients in "to"': (size) => open(`{${type},"to":[${'"did:a:b",'.repeat(size / 10)}"did:a:b"]}`),
  'a long "from"': (size) => open(`{${type},"from":"did:a:${'%41:'.repeat(size / 4)}"}`),
  'a long message type': (size) => open(`{"id":"1","type":"https://a${'/'.repeat(size)}b/1.0"}`),
  'a problem whose comment repeats its argument': (size) => report('{1}'.repeat(size / 6), ['a'.repeat(size / 2)]),
  'a problem with many arguments': (size) => report('{1}', Array<string>(size / 4).fill('a')),
  'a from_prior of dots': (size) => verifyFromPrior('.'.repeat(size), context),
  'a long from_prior': (size) => verifyFromPrior(`${'e'.repeat(size)}.AA.AA`, context),
  'a multihash in base58': (size) => attached({ links: ['x'], hash: 'z'.repeat(size) }),
  'a multihash in hexadecimal': (size) => attached({ links: ['x'], hash: 'f'.repeat(size) }),
  'an attachment of padding': (size) => attached({ base64: '='.repeat(size) }),
  'an attachment of plus signs': (size) => attached({ base64: '+/'.repeat(size / 2) }),
  'many links': (size) => attached({ links: Array(size / 4).fill('x'), hash: 'zQm' }),
  'an invitation of parameters': (size) => readInvitationUrl(`?${'&'.repeat(size)}_oob=AA`),
  'an invitation of percent signs': (size) => readInvitationUrl(`?_oob=${'%41'.repeat(size / 3)}`),
  'a long did:key': (size) => resolve(`did:key:z${'6'.repeat(size)}`),
  'a did:key as long as one may be': () => resolve(`did:key:z${'6'.repeat(8000)}`),
  'a did:peer:2 of elements': (size) => resolve(`did:peer:2${'.Ez6LS'.repeat(size / 6)}`),
  'a did:peer:2 of services': (size) => resolve(`did:peer:2${'.SeyJ0IjoiZG0ifQ'.repeat(Math.min(size, 8000) / 16)}`),
  'a did:peer:2 of padding': (size) => resolve(`did:peer:2${'.S='.repeat(Math.min(size, 8000) / 4)}`),
  'a document of a did:web of lists': (size) => fromWeb(bytesOf('['.repeat(size))),
  'a document of a did:web with many keys': (size) => {
    const verificationMethod = Array(size >> 5).fill({ id: '#key-1', type: 'Multikey', publicKeyMultibase: 'z6Mk' })
    return fromWeb(bytesOf(JSON.stringify({ id: 'did:web:example.com', verificationMethod })))
  },
  'a log of empty lines': (size) => fromWebvh('\n'.repeat(size)),
  'a log of many entries': (size) => fromWebvh('{}\n'.repeat(size / 3)),
  'a log with one long entry': (size) => fromWebvh(JSON.stringify({ parameters: {}, state: { a: '['.repeat(size) } })),
  'SenML of many records': (size) => senmlPack({ senml: Array(size >> 3).fill({ n: 'a', v: 1 }) }),
  'SenML with many fields': (size) =>
    senmlPack({ senml: [Object.fromEntries(Array.from({ length: size >> 4 }, (_, i) => [`f${i}`, i]))] }),
  'a compact plaintext of lists': (size) => parseCompact(new Uint8Array(size).fill(0x81), compactOptions),
  'a compact plaintext that is short of what it says': (size) =>
    parseCompact(concatBytes(Uint8Array.of(0x9a, 0x7f, 255, 255, 255), new Uint8Array(size)), compactOptions),
  'keys at rest of zeros': (size) => openKeys(new Uint8Array(size), new Uint8Array(32), crypto),
  'a did:jwk of lists': (size) => resolve(`did:jwk:${base64url('['.repeat(Math.min(size, 6000)))}`),
}

/** The least time of three, in milliseconds. */
async function timeOf(work: () => unknown): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const start = performance.now()
    try {
      await work()
    } catch (error) {
      if (!isDidCommError(error)) throw error
    }
    times.push(performance.now() - start)
  }
  return Math.min(...times)
}

describe('what asks for more than its share takes time with its length, and no more', () => {
  it.each(Object.entries(greedy))('such as %s', async (_, work) => {
    const [small, big] = [await timeOf(() => work(1 << 16)), await timeOf(() => work(1 << 20))]
    // Sixteen times as long: with the square of the length it were 256 times the time.
    expect(big).toBeLessThan(128 * small + 100)
    expect(big).toBeLessThan(1000)
  })
})
