import { expect } from 'vitest'
import { isProblemCode, readProblem } from '../../runtime/agent/problem.ts'
import {
  attachBytes,
  attachLinks,
  createFromPrior,
  readAttachment,
  signAttachment,
  verifyAttachment,
  verifyFromPrior,
} from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { parseMessage } from '../../runtime/message/index.ts'
import type { Message } from '../../runtime/message/message.ts'
import {
  invitation,
  invitationUrl,
  readInvitationUrl,
  request,
  requests,
  webRedirect,
} from '../../runtime/protocols/out-of-band.ts'
import { contextOf, crypto, party } from '../envelope/world.ts'
import { changedBytes, changedJson, changedJsonText, changedText, withHostile } from './mutate.ts'
import type { Random, Target } from './random.ts'
import { fromPriors } from './vectors.ts'

/** What is read inside of messages, and of URLs. */

const alice = party('did:example:alice')
const bob = party('did:example:bob')
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A JSON text whose structure or whose letters were changed. */
function changed(value: object, random: Random, other: object = value): string {
  const text = JSON.stringify(random.below(4) === 0 ? value : changedJson(value as never, random, other as never))
  return random.below(4) === 0 ? changedJsonText(text, random, JSON.stringify(other)) : text
}

/** A rotation that was changed is of nobody. */
export async function fromPriorTarget(): Promise<Target> {
  const prior = await createFromPrior({ prior: alice.did, next: bob.did, issuedAt: 1 }, asAlice)
  const end = await createFromPrior({ prior: bob.did, issuedAt: 2 }, asBob)
  const sources = [...[prior, end].map((jwt) => ({ jwt, context: asBob })), ...fromPriors()]
  const genuine = new Map<string, string>()
  for (const { jwt, context } of sources) {
    const read = await verifyFromPrior(jwt, context).catch((error: unknown) => {
      if (!isDidCommError(error)) throw error
    })
    if (read) genuine.set(JSON.stringify(read), jwt)
  }
  expect(genuine.size).toBeGreaterThan(1)
  return {
    name: 'from_prior',
    async run(random) {
      const [{ jwt, context }, other] = [random.pick(sources), random.pick(sources).jwt]
      const parts = jwt.split('.')
      const at = random.below(parts.length)
      parts[at] =
        random.below(5) === 0
          ? (other.split('.')[at] ?? '')
          : changedText(parts[at] ?? '', random, other.split('.')[at])
      const text = random.below(6) === 0 ? changedText(jwt, random, other) : parts.join('.')
      const read = await verifyFromPrior(text, context)
      expect(genuine.has(JSON.stringify(read)), text).toBe(true)
      return 'verified'
    },
  }
}

/** An attachment that was changed has another content or none, and nobody has signed it. */
export async function attachmentTarget(): Promise<Target> {
  const content = encode('{"t":21.5}')
  const message: Message = {
    id: '1',
    type: 'https://example.org/notes/1.0/note',
    body: {},
    attachments: [
      await signAttachment(attachBytes(content, { id: '1' }), alice.did, asAlice),
      await signAttachment({ id: '2', data: { json: { t: 21.5 } } }, bob.did, asBob),
      attachLinks(['https://example.org/a', 'https://example.org/b'], content, crypto, { id: '3' }),
    ],
  }
  return {
    name: 'attachments',
    async run(random) {
      const { attachments = [] } = parseMessage(encode(changed(message, random)))
      const ends = new Set<string>()
      for (const attachment of attachments.slice(0, 8)) {
        let fetched = 0
        const get = async (): Promise<Uint8Array> => {
          fetched++
          return random.below(2) === 0 ? content : changedBytes(content, random, content)
        }
        const bytes = await readAttachment(attachment, { crypto, get, maxBytes: 2000 }).catch((error: unknown) => {
          if (!isDidCommError(error)) throw error
          ends.add(error.code)
        })
        expect(fetched).toBeLessThanOrEqual(8)
        if (!bytes) continue
        expect(bytes.length).toBeLessThanOrEqual(2000)
        if (fetched > 0) expect(Buffer.from(bytes)).toEqual(Buffer.from(content))
        const by = await verifyAttachment(attachment, bytes, asBob).catch((error: unknown) => {
          if (!isDidCommError(error)) throw error
          ends.add(error.code)
        })
        if (by) expect([[alice.did, bob.did].includes(by), Buffer.from(bytes)]).toEqual([true, Buffer.from(content)])
        ends.add(by ? 'signed' : 'read')
      }
      return [...ends].sort()[0] ?? 'none'
    },
  }
}

/** Invitations out of URLs, and of what a short one leads to. */
export function invitationTarget(): Target {
  const inner: Message = {
    id: 'in',
    type: 'https://didcomm.org/trust-ping/2.0/ping',
    body: { response_requested: true },
  }
  const made = invitation({
    id: 'i1',
    from: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    goalCode: 'org.example.pair',
    goal: 'To pair',
    accept: ['didcomm/v2'],
    attachments: [request(inner), { id: 'x', data: { base64: Buffer.from(JSON.stringify(inner)).toString('base64') } }],
    expiresTime: 2_000_000_000,
  })
  const withRedirect = { ...made, web_redirect: { status: 'OK', redirectUrl: 'https://example.org/' } }
  const url = invitationUrl('https://example.org/x?lang=en#top', withRedirect)
  return {
    name: 'out-of-band',
    async run(random) {
      const json = changed(withRedirect, random)
      const long = `https://example.org/?_oob=${Buffer.from(json).toString(random.pick(['base64', 'base64url'] as const))}`
      const answers: readonly (() => { url: string; bytes: Uint8Array })[] = [
        () => ({ url: 'https://example.org/', bytes: encode(json) }),
        () => ({ url: 'https://example.org/', bytes: encode(changedText(long, random, url)) }),
        () => ({ url: changedText(long, random, url), bytes: new Uint8Array(0) }),
        () => ({ url: '', bytes: changedBytes(encode(json), random, encode(url)) }),
      ]
      const read = await readInvitationUrl(
        random.pick([long, changedText(url, random, long), 'https://example.org/?_oobid=1', `?_oobid=%${json}`]),
        async (_, { maxBytes }) => {
          const answer = random.pick(answers)()
          return { ...answer, bytes: answer.bytes.subarray(0, maxBytes) }
        },
      )
      expect(read.from).toMatch(/^did:/)
      expect(read.accept.every((profile) => typeof profile === 'string')).toBe(true)
      for (const message of requests(read)) expect(message.type).toContain('/')
      const redirect = webRedirect(JSON.parse(JSON.stringify(changedJson(withRedirect as never, random))))
      if (redirect) expect(redirect.redirectUrl).toMatch(/^https?:/i)
      return 'read'
    },
  }
}

/** Problem reports for people: whatever the body holds, a text comes out that somebody can read. */
export function problemTarget(): Target {
  const report = {
    id: '1',
    type: 'https://didcomm.org/report-problem/2.0/problem-report',
    pthid: 't',
    body: {
      code: 'e.p.xfer.cant-use-endpoint',
      comment: `No {1} in {2}, ${'{3}'.repeat(50)}`,
      args: ['a', 7, 'b'],
      escalate_to: 'mailto:x',
    },
  }
  return {
    name: 'problem reports',
    run(random) {
      const json = changed(
        random.below(2) === 0 ? report : { ...report, body: withHostile(report.body, random) },
        random,
      )
      const { body } = parseMessage(encode(json))
      const problem = readProblem({ body })
      if (!problem) return 'no problem'
      isProblemCode(problem.code)
      expect(problem.args.every((arg) => typeof arg === 'string')).toBe(true)
      expect(problem.text.length).toBeLessThanOrEqual(16_384)
      return 'read'
    },
  }
}
