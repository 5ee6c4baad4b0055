import type { Crypto, Secrets } from '../crypto/crypto.ts'
import type { Resolve } from '../did/document.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import type { Encoding, EnvelopeContext, EnvelopeFormat, Packed, Unpacked } from '../envelope/envelope.ts'
import { profiles } from '../envelope/profiles.ts'
import { DidCommError } from '../errors.ts'
import { type Draft, type Packable, threadId, typeKey, typeRegistry } from '../message/index.ts'
import type { SeenStore } from '../store.ts'
import type { Packet, Receipt, Transport } from '../transport.ts'
import type { World } from '../world.ts'
import { type Acks, EMPTY } from './acks.ts'
import { carriage } from './carriage.ts'
import { composed } from './compose.ts'
import type { Contacts } from './contacts.ts'
import { coreTypes } from './core-types.ts'
import { type Attempt, attemptsOver, deliver } from './deliver.ts'
import { dispatcher, type Waiter } from './dispatch.ts'
import type { AgentCounters, AgentEvent } from './event.ts'
import { type Freshness, inbox } from './inbox.ts'
import { LiveConnections } from './live.ts'
import { packetOf } from './packet.ts'
import type { Peers, PeerWorld } from './peers.ts'
import type { Preference } from './preference.ts'
import { PROBLEM_REPORT } from './problem.ts'
import type { Handler, Protocol } from './protocol.ts'
import type { Refusals } from './refusals.ts'
import type { Rotation } from './rotation.ts'
import { routesTo } from './route.ts'
import type { Plan, SendOptions } from './send-options.ts'

/** The world of one agent. Everything it touches is passed in. */
export interface AgentOptions extends World {
  /** The DID it speaks as, where a call names no other. */
  did: string
  crypto: Crypto
  secrets: Secrets
  resolve: Resolve
  /** The encodings it speaks; the first is what it starts with. */
  envelopes: readonly EnvelopeFormat[]
  /** Where several serve one scheme, each that can reach a URI is tried, in this order. */
  transports: readonly Transport[]
  /**
   * Which ways to a party this side would rather take, such as `['ble', 'mqtt', 'https']`. Default: the order of its DID document, the preference of its
   * owner.
   */
  preferTransports?: Preference
  protocols?: readonly Protocol[]
  contacts?: Contacts
  /** Remembers what was received. Without it a message that comes twice is handled twice. */
  seen?: SeenStore
  /** Tells whether to listen to what was opened. Default: anything that was encrypted. */
  accepts?: (received: Unpacked) => boolean
  /** How old a `created_time` may be, and whether messages without one are taken. Default: any age. */
  freshness?: Freshness
  /** Acknowledges messages to those who ask for it: `acks()`. Default: nobody gets an acknowledgement. */
  acks?: Acks
  /** Follows contacts to their new DIDs: `didRotation()`. Needs `contacts`. */
  rotation?: Rotation
  /** Speaks to each party in the way that it understands: `peerMemory()`. Default: in the same way to all, but for what contacts say. */
  peers?: (world: PeerWorld) => Peers
  /** After so many errors in a thread nothing more is said in it. Default: 5. */
  maxErrorsPerThread?: number
  /** Tells senders what is not taken: `refusals()`. Default: nobody is told by a message. */
  refusals?: Refusals
  /** Learns what happens. Must not throw. */
  onEvent?: (event: AgentEvent) => void
}

/** A message that is packed and addressed: it can be stored, and sent again byte by byte. */
export interface Outgoing {
  id: string
  to: string
  uri: string
  packet: Packet
  encoding: Encoding
  /** What to send to where if `uri` cannot be reached, in order; absent where there is one way only. */
  alternatives?: readonly Attempt[]
}

export interface Agent {
  readonly did: string
  /** Handles messages of `type`, in place of a protocol that was passed in for it. */
  on(type: string, handler: Handler): void
  /** Completes, packs and addresses a message without sending it. */
  prepare(draft: Draft, options: SendOptions): Promise<Outgoing>
  /** Sends what `prepare` returned, or what was stored of it: over the first of its ways that works. */
  transmit(outgoing: Pick<Outgoing, 'uri' | 'packet' | 'alternatives'>): Promise<void>
  /** Prepares and transmits; returns the id of the message. */
  send(draft: Draft, options: SendOptions): Promise<string>
  /**
   * Sends and waits for the first message of the same thread from the same party, or a problem report about it. A draft with
   * `expires_time` is waited for until then.
   *
   * @throws TypeError where a request is under way in the same thread
   * @throws DidCommError `ERR_TIMEOUT` after `timeoutMs`, `ERR_CLOSED`, and what sending throws
   */
  request(draft: Draft, options: SendOptions & { timeoutMs?: number }): Promise<Unpacked>
  /** Takes a packet as a transport would bring it. */
  receive(packet: Packet): Promise<Receipt>
  /** Starts the transports, all or none. */
  start(): Promise<void>
  /** Closes the transports and lets requests under way fail with `ERR_CLOSED`. */
  close(): Promise<void>
  counters(): AgentCounters
}

type Reply = NonNullable<Packet['reply']>

/** Makes an agent: the party that sends and receives DIDComm messages for the holder of some DIDs. */
export function createAgent(options: AgentOptions): Agent {
  const { did, resolve, contacts, transports, envelopes } = options
  const protocols = options.protocols ?? []
  const handlers = new Map<string, Handler>()
  const waiters = new Map<string, Waiter>()
  /** Replies that are being sent. */
  const underWay = new Set<Promise<void>>()
  const counters: AgentCounters = {
    sent: 0,
    failover: 0,
    resent: 0,
    received: 0,
    duplicate: 0,
    failed: 0,
    unanswered: 0,
    acknowledged: 0,
    refused: {},
  }
  const live = new LiveConnections()
  const carried = carriage(options.transports, report)
  const canReach = carried.reaches
  const peers = options.peers?.({ ...options, canReach, send, background, report })
  const knownKids = peers?.knownKids ?? contacts?.knownKids
  const context: EnvelopeContext = {
    crypto: options.crypto,
    secrets: options.secrets,
    resolve,
    randomBytes: options.randomBytes,
    types: typeRegistry([...coreTypes, ...protocols.flatMap((protocol) => protocol.types ?? [])]),
    ...(knownKids && { knownKids }),
    ...(options.rotation && { priorOf: options.rotation.priorOf }),
  }
  const { acks, refusals, maxErrorsPerThread = 5 } = options
  const handling = {
    handlers,
    waiters,
    maxErrorsPerThread,
    live,
    answer,
    push,
    background,
    report,
    ...(acks && { acks }),
    ...(refusals && { refusals }),
  }
  const receive = inbox({ ...options, peerMemory: peers, open, dispatch: dispatcher(handling), report })

  function on(type: string, handler: Handler): void {
    handlers.set(typeKey(type), handler)
  }

  function report(event: AgentEvent): void {
    if (event.kind === 'refused') counters.refused[event.code] = (counters.refused[event.code] ?? 0) + 1
    else counters[event.kind] += 1
    options.onEvent?.(event)
  }

  async function open(bytes: Uint8Array): Promise<Unpacked> {
    const [first] = bytes
    const format = envelopes.find((candidate) => first !== undefined && candidate.recognizes(first, bytes))
    if (!format) {
      const isFragment = first !== undefined && first >> 4 === 3
      const what = isFragment
        ? 'this is a fragment, which no transport here joins'
        : 'the first byte begins no envelope known here'
      throw new DidCommError('ERR_ENVELOPE_MALFORMED', what)
    }
    return format.unpack(bytes, context)
  }

  function formatFor(encoding: Encoding | undefined): EnvelopeFormat {
    const format = envelopes.find((candidate) => encoding === undefined || candidate.encoding === encoding)
    if (!format) throw new TypeError(`"envelopes" has no format for ${encoding ?? 'any encoding'}`)
    return format
  }

  /** Decides what a call leaves open. */
  async function planned(to: SendOptions): Promise<Plan> {
    const contact = contacts?.get(to.to)
    const by = { ...to, from: to.from ?? contact?.own ?? did }
    return peers ? peers.plan(by) : { ...by, encoding: to.encoding ?? contact?.encoding }
  }

  async function pack(draft: Draft, plan: Plan, format = formatFor(plan.encoding)): Promise<Packed> {
    const { to } = plan
    const contact = contacts?.get(to)
    const named = plan.audience ?? [to]
    const message = composed(draft, { ...plan, to: named, contact, nowMs: options.now() })
    if (message.id === undefined && !format.derivesId) message.id = options.newId()
    const packed = await format.pack(message, { to: plan.together ? named : to, ...authorship(plan, message) }, context)
    for (const reader of plan.together ? named : [to]) checkTaken(packed, reader)
    peers?.packed(draft, plan, packed)
    return packed
  }

  /** Holds to what a party says that it takes (DIDComm v2.1, "Agent Constraint Disclosure"). @throws DidCommError `ERR_TOO_LARGE` */
  function checkTaken({ bytes }: Packed, reader: string): void {
    const { maxReceiveBytes = Number.POSITIVE_INFINITY } = contacts?.get(reader) ?? {}
    if (bytes.length <= maxReceiveBytes) return
    const message = `${bytes.length} bytes are more than the ${maxReceiveBytes} that ${reader} takes`
    throw new DidCommError('ERR_TOO_LARGE', message)
  }

  async function prepare(draft: Draft, asked: SendOptions): Promise<Outgoing> {
    const plan = await planned(asked)
    const format = formatFor(plan.encoding)
    const { to } = asked
    const profile = profiles[format.encoding]
    const routes = await routesTo(to, contacts?.get(to), {
      resolve,
      canReach,
      profile,
      prefer: options.preferTransports,
    })
    // One id on all ways, so that what arrives twice is known.
    const named = draft.id === undefined && !format.derivesId ? { ...draft, id: options.newId() } : draft
    // A mediator must not answer over a connection that is not the sender's (return_route extension).
    const { return_route: _, ...mediated } = named
    const { id, attempts } = await attemptsOver(routes, {
      draft: named,
      direct: () => pack(named, plan, format),
      mediated: () => pack(mediated as Draft, plan, format),
      wrap: async ({ bytes }, routingKeys) => {
        const wrapped = await forwarder().forward(bytes, { next: to, routingKeys }, context)
        // What the mediators behind the first one get is smaller.
        checkTaken(wrapped, didOf(routingKeys[0] ?? to))
        return wrapped
      },
      fits: carried.fits,
    })
    const [{ uri, packet }, ...alternatives] = attempts
    const rest = alternatives.length > 0 ? { alternatives } : {}
    return { id, to, uri, packet, encoding: format.encoding, ...rest }
  }

  function forwarder(): Required<Pick<EnvelopeFormat, 'forward'>> {
    const forward = envelopes.find((format) => format.forward)?.forward
    if (!forward) throw new TypeError('"envelopes" has no format that can wrap for a mediator')
    return { forward }
  }

  async function transmit({ uri, packet, alternatives = [] }: Pick<Outgoing, 'uri' | 'packet' | 'alternatives'>) {
    try {
      await deliver([{ uri, packet }, ...alternatives], carried.send, report)
    } catch (cause) {
      if (!(await peers?.refused(packet, cause))) throw cause
    }
  }

  /** Sends over the connection that the recipient holds open; returns nothing where there is none, or it has broken. */
  async function sendLive(draft: Draft, to: SendOptions): Promise<string | undefined> {
    const reply = live.get(to.to)
    if (!reply) return undefined
    const packed = await pack(draft, await planned(to))
    try {
      await sendOver(reply, packetOf(packed, draft))
    } catch {
      live.drop(to.to)
      return undefined
    }
    return packed.id
  }

  async function sendOver(reply: Reply, packet: Packet): Promise<void> {
    await reply(packet)
    report({ kind: 'sent', bytes: packet.bytes.length })
  }

  async function send(draft: Draft, to: SendOptions): Promise<string> {
    const id = await sendLive(draft, to)
    if (id !== undefined) return id
    const outgoing = await prepare(draft, to)
    await transmit(outgoing)
    return outgoing.id
  }

  async function request(draft: Draft, to: SendOptions & { timeoutMs?: number }): Promise<Unpacked> {
    const outgoing = await prepare({ return_route: 'all', ...draft }, to)
    const thread = (draft.thid ?? outgoing.id).toLowerCase()
    if (waiters.has(thread)) throw new TypeError('"thid" expected a thread in which no request is under way')
    // Without a time to expire, or a clock, it is NaN.
    const leftMs = (draft.expires_time ?? Number.NaN) * 1000 - options.now()
    const timeoutMs = to.timeoutMs ?? (Number.isNaN(leftMs) ? undefined : Math.max(0, leftMs))
    let cancel: (() => void) | undefined
    const reply = new Promise<Unpacked>((resolve, reject) => {
      const takesAcks = to.pleaseAck === true || draft['please_ack'] !== undefined
      waiters.set(thread, { from: canonicalDid(to.to), takesAcks, resolve, reject })
      if (timeoutMs === undefined) return
      const error = new DidCommError('ERR_TIMEOUT', `no answer within ${timeoutMs} ms`)
      cancel = options.timer(timeoutMs, () => {
        peers?.unanswered(to.to)
        reject(error)
      })
    })
    try {
      // The reply may fail before transmit has: neither may go unobserved.
      const [received] = await Promise.all([reply, transmit(outgoing)])
      return received
    } finally {
      cancel?.()
      waiters.delete(thread)
    }
  }

  function background(task: Promise<void>): void {
    underWay.add(task)
    void task.finally(() => underWay.delete(task))
  }

  async function answer(reply: Draft, received: Unpacked, back: Packet['reply']): Promise<void> {
    const threaded = reply.pthid === undefined ? { thid: threadId(received.message), ...reply } : reply
    if (back) await push(threaded, received, back)
    else await send(threaded, answeringTo(received))
  }

  async function push(draft: Draft, received: Unpacked, back: Reply): Promise<void> {
    await sendOver(back, packetOf(await pack(draft, await planned(answeringTo(received))), draft))
  }

  /** Answers as the DID that was written to, or what took its place for this contact. */
  function answeringTo({ sender, recipient, encoding }: Unpacked): SendOptions {
    if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'an anonymous message cannot be answered')
    const from = contacts?.get(sender)?.own ?? recipient
    return { to: sender, encoding, ...(from !== undefined && { from }) }
  }

  for (const protocol of protocols) {
    for (const [type, handler] of Object.entries(protocol.handlers)) on(type, handler)
  }
  for (const type of [PROBLEM_REPORT, EMPTY]) {
    if (!handlers.has(typeKey(type))) on(type, () => undefined)
  }

  return {
    did,
    on,
    prepare,
    transmit,
    send,
    request,
    receive,
    counters: () => structuredCopy(counters),
    async start() {
      try {
        // Together: a broker that is away does not keep the others waiting.
        await Promise.all(transports.map((transport) => transport.start(receive)))
      } catch (error) {
        await Promise.all(transports.map((transport) => transport.close()))
        throw error
      }
    },
    async close() {
      for (const waiter of waiters.values()) waiter.reject(new DidCommError('ERR_CLOSED', 'the agent was closed'))
      await Promise.all(transports.map((transport) => transport.close()))
      await Promise.all(underWay)
    },
  }
}

/** How a message shows who it is from. */
function authorship({ sign, anonymous, protectSender, from, introduces: asked }: Plan, message: Packable) {
  const introduces = (asked || message.from_prior !== undefined) && { introduces: true }
  if (sign) return { sign: from, ...introduces }
  return anonymous ? {} : { from, ...(protectSender && { protectSender }), ...introduces }
}

function structuredCopy(counters: AgentCounters): AgentCounters {
  return { ...counters, refused: { ...counters.refused } }
}
