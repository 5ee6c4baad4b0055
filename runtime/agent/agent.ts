import type { Crypto, Secrets } from '../crypto/crypto.ts'
import type { Resolve } from '../did/document.ts'
import { canonicalDid } from '../did/index.ts'
import type { Encoding, EnvelopeContext, EnvelopeFormat, Packed, Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { type Draft, type Packable, threadId, typeKey, typeRegistry } from '../message/index.ts'
import type { SeenStore } from '../store.ts'
import type { Packet, Receipt, Transport } from '../transport.ts'
import type { World } from '../world.ts'
import { type Acks, EMPTY } from './acks.ts'
import { composed } from './compose.ts'
import type { Contacts } from './contacts.ts'
import { type Attempt, attemptsOver, deliver } from './deliver.ts'
import { dispatcher, type Waiter } from './dispatch.ts'
import type { AgentCounters, AgentEvent } from './event.ts'
import { type Freshness, inbox } from './inbox.ts'
import { LiveConnections } from './live.ts'
import { PROBLEM_REPORT } from './problem.ts'
import type { Handler, Protocol } from './protocol.ts'
import type { Refusals } from './refusals.ts'
import type { Rotation } from './rotation.ts'
import { routesTo } from './route.ts'

/** The world of one agent. Everything it touches is passed in. */
export interface AgentOptions extends World {
  /** The DID it speaks as, where a call names no other. */
  did: string
  crypto: Crypto
  secrets: Secrets
  resolve: Resolve
  /** The encodings it speaks; the first is what it starts with. */
  envelopes: readonly EnvelopeFormat[]
  transports: readonly Transport[]
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
  /** After so many errors in a thread nothing more is said in it. Default: 5. */
  maxErrorsPerThread?: number
  /** Tells senders what is not taken: `refusals()`. Default: nobody is told by a message. */
  refusals?: Refusals
  /** Learns what happens. Must not throw. */
  onEvent?: (event: AgentEvent) => void
}

export interface SendOptions {
  /** The DID of the recipient. */
  to: string
  /** All DIDs that get the message, each in an envelope of its own: the header `to` names them. Default: the recipient alone. */
  audience?: readonly string[]
  /** One envelope for all of `audience`, sent where `to` is: for links on which one transmission reaches them. Needs a format for several. */
  together?: boolean
  /** The DID to speak as. */
  from?: string
  /** Does not tell the recipient who sends (anoncrypt). */
  anonymous?: boolean
  /** Signs inside an anoncrypt envelope, so that the recipient can prove to others who wrote it. */
  sign?: boolean
  /** Hides the sender from mediators: anoncrypt around authcrypt, in JSON and `didcomm/v2+cbor`. */
  protectSender?: boolean
  /** Asks the recipient to acknowledge the message; the event `acknowledged` tells when it has. */
  pleaseAck?: boolean
  /** Default: what the contact prefers, else the first of `envelopes`. */
  encoding?: Encoding
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
    received: 0,
    duplicate: 0,
    failed: 0,
    unanswered: 0,
    acknowledged: 0,
    refused: {},
  }
  const live = new LiveConnections()
  const context: EnvelopeContext = {
    crypto: options.crypto,
    secrets: options.secrets,
    resolve,
    randomBytes: options.randomBytes,
    types: typeRegistry(protocols.flatMap((protocol) => protocol.types ?? [])),
    ...(contacts && { knownKids: contacts.knownKids }),
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
  const receive = inbox({ ...options, open, dispatch: dispatcher(handling), report })

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
    if (!format) throw new DidCommError('ERR_ENVELOPE_MALFORMED', 'the first byte begins no envelope known here')
    return format.unpack(bytes, context)
  }

  function formatFor(encoding: Encoding | undefined): EnvelopeFormat {
    const format = envelopes.find((candidate) => encoding === undefined || candidate.encoding === encoding)
    if (!format) throw new TypeError(`"envelopes" has no format for ${encoding ?? 'any encoding'}`)
    return format
  }

  function transportFor(uri: string): Transport | undefined {
    const scheme = uri.slice(0, uri.indexOf(':')).toLowerCase()
    return transports.find((transport) => transport.schemes.includes(scheme))
  }

  async function pack(draft: Draft, to: SendOptions, format: EnvelopeFormat): Promise<Packed> {
    const { anonymous = false, pleaseAck = false } = to
    const contact = contacts?.get(to.to)
    const from = to.from ?? contact?.own ?? did
    const named = to.audience ?? [to.to]
    const message = composed(draft, { to: named, from, contact, nowMs: options.now(), anonymous, pleaseAck })
    if (message.id === undefined && !format.derivesId) message.id = options.newId()
    const by = authorship(to, from, message)
    const packed = await format.pack(message, { to: to.together ? named : to.to, ...by }, context)
    if (packed.bytes.length <= (contact?.maxReceiveBytes ?? Number.POSITIVE_INFINITY)) return packed
    throw new DidCommError('ERR_TOO_LARGE', `${packed.bytes.length} bytes are more than the recipient takes`)
  }

  async function prepare(draft: Draft, to: SendOptions): Promise<Outgoing> {
    const contact = contacts?.get(to.to)
    const format = formatFor(to.encoding ?? contact?.encoding)
    const routes = await routesTo(to.to, contact, resolve, (uri) => transportFor(uri) !== undefined)
    // One id on all ways, so that what arrives twice is known.
    const named = draft.id === undefined && !format.derivesId ? { ...draft, id: options.newId() } : draft
    // A mediator must not answer over a connection that is not the sender's (return_route extension).
    const { return_route: _, ...mediated } = named
    const { id, attempts } = await attemptsOver(routes, {
      direct: () => pack(named, to, format),
      mediated: () => pack(mediated as Draft, to, format),
      wrap: ({ bytes }, routingKeys) => forwarder().forward(bytes, { next: to.to, routingKeys }, context),
    })
    const [{ uri, packet }, ...alternatives] = attempts
    const rest = alternatives.length > 0 ? { alternatives } : {}
    return { id, to: to.to, uri, packet, encoding: format.encoding, ...rest }
  }

  function forwarder(): Required<Pick<EnvelopeFormat, 'forward'>> {
    const forward = envelopes.find((format) => format.forward)?.forward
    if (!forward) throw new TypeError('"envelopes" has no format that can wrap for a mediator')
    return { forward }
  }

  async function transmit({ uri, packet, alternatives = [] }: Pick<Outgoing, 'uri' | 'packet' | 'alternatives'>) {
    await deliver([{ uri, packet }, ...alternatives], transmitOnce, report)
  }

  async function transmitOnce({ uri, packet }: Attempt): Promise<void> {
    const transport = transportFor(uri)
    if (!transport) throw new DidCommError('ERR_DID_UNUSABLE', `no transport here serves ${uri}`)
    if (packet.bytes.length > transport.maxPacketBytes) {
      throw new DidCommError('ERR_TOO_LARGE', `${packet.bytes.length} bytes are more than the transport carries`)
    }
    await transport.send(uri, packet)
    report({ kind: 'sent', uri, bytes: packet.bytes.length })
  }

  /** Sends over the connection that the recipient holds open; returns nothing where there is none, or it has broken. */
  async function sendLive(draft: Draft, to: SendOptions): Promise<string | undefined> {
    const reply = live.get(to.to)
    if (!reply) return undefined
    const { bytes, mediaType, id } = await pack(draft, to, formatFor(to.encoding ?? contacts?.get(to.to)?.encoding))
    try {
      await reply({ bytes, mediaType })
    } catch {
      live.drop(to.to)
      return undefined
    }
    report({ kind: 'sent', bytes: bytes.length })
    return id
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
    const expiresMs = draft.expires_time === undefined ? Number.NaN : draft.expires_time * 1000 - options.now()
    const timeoutMs = to.timeoutMs ?? (Number.isNaN(expiresMs) ? undefined : Math.max(0, expiresMs))
    let cancel: (() => void) | undefined
    const reply = new Promise<Unpacked>((resolve, reject) => {
      const takesAcks = to.pleaseAck === true || draft['please_ack'] !== undefined
      waiters.set(thread, { from: canonicalDid(to.to), takesAcks, resolve, reject })
      if (timeoutMs === undefined) return
      const error = new DidCommError('ERR_TIMEOUT', `no answer within ${timeoutMs} ms`)
      cancel = options.timer(timeoutMs, () => reject(error))
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
    const { message, sender, recipient, encoding } = received
    if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'an anonymous message cannot be answered')
    const threaded = reply.pthid === undefined ? { thid: threadId(message), ...reply } : reply
    if (back) return push(threaded, received, back)
    const from = ownDidFor(sender, recipient)
    await send(threaded, { to: sender, encoding, ...(from !== undefined && { from }) })
  }

  async function push(draft: Draft, received: Unpacked, back: NonNullable<Packet['reply']>): Promise<void> {
    const { sender, recipient, encoding } = received
    if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'an anonymous message cannot be answered')
    const from = ownDidFor(sender, recipient)
    const to = { to: sender, encoding, ...(from !== undefined && { from }) }
    const { bytes, mediaType } = await pack(draft, to, formatFor(encoding))
    await back({ bytes, mediaType })
    report({ kind: 'sent', bytes: bytes.length })
  }

  /** The DID to answer as: the one that was written to, or what took its place for this contact. */
  function ownDidFor(sender: string, recipient: string | undefined): string | undefined {
    return contacts?.get(sender)?.own ?? recipient
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
function authorship({ sign, anonymous, protectSender }: SendOptions, from: string, message: Packable) {
  const introduces = message.from_prior !== undefined && { introduces: true }
  if (sign) return { sign: from, ...introduces }
  return anonymous ? {} : { from, ...(protectSender && { protectSender }), ...introduces }
}

function structuredCopy(counters: AgentCounters): AgentCounters {
  return { ...counters, refused: { ...counters.refused } }
}
