import {
  type AgentEvent,
  acks,
  contactBook,
  didKeyIdentity,
  didRotation,
  firstOf,
  isDidCommError,
  languages,
  memoryMailbox,
  memorySeenStore,
  readProblem,
  sequencing,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { encryptJwe, type JweRecipient } from 'didcomm-mote/jwe'
import { basicMessages } from 'didcomm-mote/protocols/basicmessage'
import { mediator } from 'didcomm-mote/protocols/coordinate-mediation'
import { discoverFeatures, maxReceiveBytesOf } from 'didcomm-mote/protocols/discover-features'
import { liveDelivery, pickupMediator } from 'didcomm-mote/protocols/messagepickup'
import { webRedirect } from 'didcomm-mote/protocols/out-of-band'
import { routing } from 'didcomm-mote/protocols/routing'
import { pack, telemetry } from 'didcomm-mote/protocols/telemetry'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { userProfile } from 'didcomm-mote/protocols/user-profile'
import { expect } from 'vitest'
import { keyAgreementKeys } from '../../runtime/did/index.ts'
import { party } from '../agent/world.ts'
import { seededBytes } from '../envelope/world.ts'
import { hostile } from './hostile.ts'
import { changedJson, withHostile } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** Messages that are encrypted as they should be, and whose headers and bodies are anything: what a known sender can do. */

const NOTE = 'https://example.org/notes/1.0/note'
const REPORT_PROBLEM = 'https://didcomm.org/report-problem/2.0/problem-report'
const profile = { displayName: 'Alice', displayPicture: '#p', description: 'x' }

/** One message of each type, in which nothing is wrong. */
const bodies: Readonly<Record<string, object>> = {
  [NOTE]: { text: 'x' },
  [REPORT_PROBLEM]: { code: 'e.p.xfer', comment: '{1} {2}', args: ['a', 'b'], escalate_to: 'mailto:a@example.org' },
  'https://didcomm.org/empty/1.0/empty': {},
  'https://didcomm.org/trust-ping/2.0/ping': { response_requested: true },
  'https://didcomm.org/trust-ping/2.7/Ping-Response': {},
  'https://didcomm.org/discover-features/2.0/queries': {
    queries: [{ 'feature-type': 'protocol', match: 'https://*' }],
  },
  'https://didcomm.org/discover-features/2.0/disclose': {
    disclosures: [{ 'feature-type': 'constraint', id: 'max_receive_bytes', value: '65536', roles: ['x'] }],
  },
  'https://didcomm.org/user-profile/1.0/profile': { profile, send_back_yours: true },
  'https://didcomm.org/user-profile/1.0/request-profile': { query: ['displayName'] },
  'https://didcomm.org/basicmessage/2.0/message': { content: 'x' },
  'https://didcomm.org/telemetry/1.0/report': { senml: [{ n: 't', v: 21.5, u: 'Cel' }] },
  'https://didcomm.org/coordinate-mediation/3.0/mediate-request': {},
  'https://didcomm.org/coordinate-mediation/3.0/recipient-update': {
    updates: [{ recipient_did: 'did:example:x', action: 'add' }],
  },
  'https://didcomm.org/coordinate-mediation/3.0/recipient-query': { paginate: { limit: 10, offset: 0 } },
  'https://didcomm.org/messagepickup/3.0/status-request': { recipient_did: 'did:example:x' },
  'https://didcomm.org/messagepickup/3.0/delivery-request': { limit: 10, recipient_did: 'did:example:x' },
  'https://didcomm.org/messagepickup/3.0/messages-received': { message_id_list: ['x'] },
  'https://didcomm.org/messagepickup/3.0/live-delivery-change': { live_delivery: true },
  'https://didcomm.org/message-pickup/4.0/delivery-request': {
    message_count_limit: 10,
    recipient_did: 'did:example:x',
  },
  'https://didcomm.org/message-pickup/4.0/live-delivery-change': { live_delivery: true },
  'https://didcomm.org/coordinate-mediation/2.0/keylist-update': {
    updates: [{ recipient_did: 'did:example:y', action: 'remove' }],
  },
  'https://didcomm.org/coordinate-mediation/2.0/keylist-query': { paginate: { limit: 10, offset: 0 } },
  'https://didcomm.org/routing/2.0/forward': { next: 'did:example:x' },
}

/** Headers as they should be, and some that look like it. */
const headers: Readonly<Record<string, readonly unknown[]>> = {
  please_ack: [[''], ['x', ''], [], Array(70).fill(''), [[]], 'x', { 0: 'x' }],
  ack: [['x'], [''], Array(1000).fill('x'), [null, 7, 'x'], 'x'],
  thid: ['t', 'T', 'x'.repeat(256), 'x'.repeat(257), '__proto__', ''],
  pthid: ['p', 'constructor', '../..', ''],
  return_route: ['all', 'none', 'thread', 'ALL', ['all']],
  return_route_thread: ['t', ['t'], 7],
  'accept-lang': [['en', 'de'], ['x'.repeat(1000)], Array(1000).fill('en'), 'en', [{}]],
  lang: ['en', ['en'], 7],
  sender_order: [1, 2, 1e15, -1, 0, 1.5, '1', 2 ** 53, null],
  received_orders: [[{ id: 'x', last: 1, gaps: [] }], [{ gaps: 'x' }], 'x'],
  created_time: [1_767_225_600, 0, 1e15, 2 ** 52, -1, '1'],
  expires_time: [1_867_225_600, 1, 2 ** 52, null],
  from_prior: ['a.b.c', '', 'eyJ9.eyJ9.AA', '.'.repeat(1000)],
  web_redirect: [{ status: 'OK', redirectUrl: 'javascript:x' }, 'x', null],
  l10n: [{ inline: [] }, 7],
  attachments: [
    [{ id: 'p', data: { base64: 'AA' } }],
    [{ id: 'p', data: { json: {} } }],
    Array(65).fill({ id: 'p', data: { json: { ciphertext: 'AA' } } }),
    [{ data: { links: ['x'], hash: 'x' } }],
  ],
}

function messageFrom(from: string, to: string, random: Random): object {
  const type = random.pick(Object.keys(bodies))
  const body = bodies[type] ?? {}
  const changed = [body, withHostile(body, random), changedJson({ body } as never, random)['body']]
  const message: Record<string, unknown> = {
    id: `m${random.below(1000)}`,
    type,
    from,
    to: [to],
    thid: `t${random.below(20)}`,
    created_time: 1_767_225_600,
    body: random.pick(changed),
  }
  for (let count = random.below(5); count > 0; count--) {
    const name = random.pick(Object.keys(headers))
    message[name] = random.pick(random.below(3) === 0 ? hostile : (headers[name] ?? []))
  }
  return random.below(8) === 0 ? changedJson(message as never, random) : message
}

/** Everything that an agent can be given, in one. */
function busyAgent() {
  const events: AgentEvent[] = []
  const resolve = firstOf(didKey(crypto), didPeer(crypto))
  const contacts = contactBook(crypto, resolve)
  const mailbox = memoryMailbox()
  const [order, spoken] = [sequencing(), languages()]
  const mine = party('b', [], {
    contacts,
    acks: acks(),
    rotation: didRotation(),
    seen: memorySeenStore(),
    onEvent: (event) => events.push(event),
    protocols: [
      trustPing(),
      telemetry(),
      discoverFeatures({
        features: [{ type: 'protocol', id: 'https://didcomm.org/trust-ping/2.0' }],
        onDisclosed: (features) => void maxReceiveBytesOf(features),
      }),
      userProfile({ own: () => ({ displayName: 'Bob' }), onProfile: () => undefined }),
      basicMessages(() => undefined),
      mediator({ routingDids: ['did:example:mediator'], mailbox }),
      pickupMediator({ mailbox, live: liveDelivery(mailbox) }),
      routing({ crypto, mailbox, mayForward: () => true }),
    ],
  })
  for (const type of [NOTE, REPORT_PROBLEM, 'https://didcomm.org/telemetry/1.0/report']) {
    mine.agent.on(type, (received) => {
      const { message } = received
      expect(spoken.of(received).length).toBeLessThanOrEqual(32)
      expect(order.incoming(received).gaps.length).toBeLessThanOrEqual(256)
      order.outgoing(message.thid ?? message.id)
      readProblem(message)
      webRedirect({ web_redirect: message['web_redirect'] })
      if (type.includes('telemetry')) pack(message.body)
      return type === NOTE ? { type: NOTE } : undefined
    })
  }
  return { ...mine, events, resolve }
}

/** An agent with all protocols: it takes a message or refuses it, and never says more than one thing back. */
export async function headerTarget(): Promise<Target> {
  const { agent, did, events, resolve } = busyAgent()
  const alice = didKeyIdentity(crypto, new Uint8Array(32).fill(97))
  const secrets = memorySecrets(crypto, alice.secretKeys)
  const recipients: JweRecipient[] = keyAgreementKeys(await resolve(did))
  const [own] = keyAgreementKeys(await resolve(alice.did))
  const kid = own?.kid ?? expect.fail('alice has a key')
  const sender = { kid, deriveBits: (peer: Uint8Array) => secrets.deriveBits(kid, peer, true) }
  const randomBytes = seededBytes('headers')
  return {
    name: 'headers',
    async run(random) {
      events.length = 0
      const text = JSON.stringify(messageFrom(alice.did, did, random))
      const plaintext = new TextEncoder().encode(text)
      const by = random.below(4) === 0 ? {} : { sender }
      const bytes = await encryptJwe({ plaintext, recipients, ...by }, { crypto, randomBytes })
      let replies = 0
      const packet = { bytes, mediaType: 'application/didcomm-encrypted+json' }
      const reply = async (): Promise<void> => {
        replies++
      }
      const ways = [packet, { ...packet, reply }, { ...packet, reply, persistent: true } as const]
      await agent.receive(random.pick(ways))
      expect(replies, text).toBeLessThanOrEqual(1)
      for (const event of events) {
        if (event.kind === 'failed') throw new Error(text, { cause: event.cause })
        if (event.kind === 'unanswered' && !isDidCommError(event.cause)) throw new Error(text, { cause: event.cause })
      }
      const [refused] = events.filter(({ kind }) => kind === 'refused')
      return refused?.kind === 'refused' ? refused.code : 'accepted'
    },
  }
}
