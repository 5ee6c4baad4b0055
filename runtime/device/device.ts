import type { Acks } from '../agent/acks.ts'
import { acknowledged, EMPTY, withAcks } from '../agent/acks.ts'
import { composed } from '../agent/compose.ts'
import { coreTypes } from '../agent/core-types.ts'
import type { AgentEvent } from '../agent/event.ts'
import { inbox } from '../agent/inbox.ts'
import { packetOf } from '../agent/packet.ts'
import { PROBLEM_REPORT, ProblemError, problemReport } from '../agent/problem.ts'
import type { Handler, Protocol } from '../agent/protocol.ts'
import type { Crypto, Secrets } from '../crypto/crypto.ts'
import { canonicalDid, didOf } from '../did/did-url.ts'
import type { PublicKey } from '../did/document.ts'
import { LruMap } from '../did/lru.ts'
import { packCompact, unpackCompact } from '../envelope/compact.ts'
import type { Binding } from '../envelope/compact-binding.ts'
import type { Ids } from '../envelope/compact-keys.ts'
import type { Packed, Unpacked } from '../envelope/envelope.ts'
import { pskCache } from '../envelope/psk-cache.ts'
import { DidCommError } from '../errors.ts'
import { type Draft, threadId, typeKey, typeRegistry } from '../message/index.ts'
import type { SeenStore } from '../store.ts'
import type { Packet, Receipt, Transport } from '../transport.ts'
import type { World } from '../world.ts'
import { pinnedKeys } from './pinned-keys.ts'

/** What is never answered, and need not be handled. */
const SILENT: readonly string[] = [typeKey(PROBLEM_REPORT), typeKey(EMPTY)]

const unresolved = () => Promise.reject(new DidCommError('ERR_DID_NOT_FOUND', 'a device resolves no DIDs'))

/** A party that a device knows from the start. */
export interface Peer {
  /** Its X25519 key. `kid` is the DID URL under which its DID document lists it; the DID is that of the URL. */
  readonly key: PublicKey
  /** Where to send to it. */
  readonly uri: string
}

export interface DeviceOptions extends World {
  crypto: Crypto
  /** Holds the private key of `key`. */
  secrets: Secrets
  /** The X25519 key that it speaks and listens with. */
  key: PublicKey
  /** Those whom it writes to and listens to, and nobody else. The first is where messages go that name nobody. */
  peers: readonly [Peer, ...Peer[]]
  transport: Transport
  protocols?: readonly Protocol[]
  /** Remembers what was received. Without it a message that comes twice is handled twice. */
  seen?: SeenStore
  /** Acknowledges messages to those who ask for it: `acks()`. */
  acks?: Acks
  /** `long` where the peers do not know this device yet: 60 bytes a message more. Default `short`. */
  ids?: Ids
  /** Learns what happens. Must not throw. */
  onEvent?: (event: AgentEvent) => void
}

/** A party that is too small for an agent. */
export interface Device {
  readonly did: string
  /** Packs a message and sends it, to the first peer where `to` is absent. Returns its id. */
  send(draft: Draft, options?: { to?: string; pleaseAck?: boolean }): Promise<string>
  /** Takes a packet as the transport would bring it. */
  receive(packet: Packet): Promise<Receipt>
  start(): Promise<void>
  close(): Promise<void>
}

/**
 * Makes the small agent of a device that was told whom to trust when it was set up: it knows its peers' keys, so that no DID is resolved and
 * no document read, and speaks compact authcrypt over one transport. For anything more there is `createAgent`, and the two
 * understand each other.
 */
export function createDevice(options: DeviceOptions): Device {
  const { crypto, key, peers, transport, acks } = options
  const protocols = options.protocols ?? []
  const did = didOf(key.kid)
  const keys = [key, ...peers.map((peer) => peer.key)]
  const handlers = new Map<string, Handler>()
  const underWay = new Set<Promise<void>>()
  const context = {
    crypto,
    secrets: options.secrets,
    randomBytes: options.randomBytes,
    types: typeRegistry([...coreTypes, ...protocols.flatMap(({ types = [] }) => types)]),
    pskCache: pskCache(2 * peers.length),
    bindings: new LruMap<Binding>(4 * peers.length),
    ...pinnedKeys(keys, crypto),
    resolve: unresolved,
  }
  for (const { handlers: own } of protocols) {
    for (const [type, handler] of Object.entries(own)) handlers.set(typeKey(type), handler)
  }

  function report(event: AgentEvent): void {
    options.onEvent?.(event)
  }

  function peerOf(name: string): Peer {
    const peer = peers.find((candidate) => canonicalDid(didOf(candidate.key.kid)) === canonicalDid(name))
    if (!peer) throw new DidCommError('ERR_DID_NOT_FOUND', 'the device does not know this party')
    return peer
  }

  function pack(draft: Draft, peer: Peer, pleaseAck = false): Promise<Packed> {
    const to = didOf(peer.key.kid)
    const about = { to: [to], from: did, contact: undefined, nowMs: options.now(), anonymous: false, pleaseAck }
    return packCompact(
      composed(draft, about),
      { to: peer.key.kid, from: key.kid, ids: options.ids ?? 'short' },
      context,
    )
  }

  async function sendTo(peer: Peer, draft: Draft, pleaseAck?: boolean): Promise<string> {
    const packed = await pack(draft, peer, pleaseAck)
    const { bytes, id } = packed
    if (bytes.length > transport.maxPacketBytes) {
      const { maxPacketBytes: most } = transport
      throw new DidCommError(
        'ERR_TOO_LARGE',
        `${bytes.length} bytes are more than the ${most} that the transport carries`,
      )
    }
    await transport.send(peer.uri, packetOf(packed, draft))
    report({ kind: 'sent', uri: peer.uri, bytes: bytes.length })
    return id
  }

  async function handle(received: Unpacked): Promise<Draft | undefined> {
    const { message } = received
    const type = typeKey(message.type)
    const handler = handlers.get(type)
    const isSilent = SILENT.includes(type)
    if (!handler && !isSilent)
      throw new DidCommError('ERR_MESSAGE_UNHANDLED', `no protocol here handles ${message.type}`)
    try {
      const reply = await handler?.(received)
      return isSilent ? undefined : reply
    } catch (error) {
      if (error instanceof ProblemError) return isSilent ? undefined : problemReport(error, message)
      throw error
    }
  }

  async function dispatch(received: Unpacked, { reply: back }: Packet): Promise<void> {
    const { message, sender = '' } = received
    const peer = peerOf(sender)
    const ids = acknowledged(message)
    if (ids.length > 0) report({ kind: 'acknowledged', ids, sender })
    const due = acks?.due(received) ?? []
    const reply = withAcks(await handle(received), due)
    if (!reply) return
    const threaded = reply.pthid === undefined ? { thid: threadId(message), ...reply } : reply
    const isAsked = message['return_route'] === 'all'
    const answered = (back && isAsked ? sendBack(peer, threaded, back) : sendTo(peer, threaded)).then(
      () => undefined,
      (cause: unknown) => report({ kind: 'unanswered', to: sender, type: reply.type, cause }),
    )
    // Not waited for where it takes a way of its own: the transport may not go on before this packet is done.
    if (back && isAsked) await answered
    else background(answered)
  }

  async function sendBack(peer: Peer, draft: Draft, back: NonNullable<Packet['reply']>): Promise<void> {
    const packet = packetOf(await pack(draft, peer), draft)
    await back(packet)
    report({ kind: 'sent', bytes: packet.bytes.length })
  }

  function background(task: Promise<void>): void {
    underWay.add(task)
    void task.finally(() => underWay.delete(task))
  }

  const receive = inbox({
    ...options,
    open: (bytes) => unpackCompact(bytes, context),
    accepts: ({ sender }) => sender !== undefined,
    dispatch,
    report,
  })

  return {
    did,
    receive,
    async send(draft, { to, pleaseAck } = {}) {
      return sendTo(to === undefined ? peers[0] : peerOf(to), draft, pleaseAck)
    },
    start: () => transport.start(receive),
    async close() {
      await transport.close()
      await Promise.all(underWay)
    },
  }
}
