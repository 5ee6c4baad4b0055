import {
  type Agent,
  type AgentOptions,
  contactBook,
  createAgent,
  type Outbox,
  type OutboxDepth,
  type SeenStore,
  type Unpacked,
} from 'didcomm-mote'
import { canonicalDid } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { ENCRYPTED } from 'didcomm-mote/message'
import { REPORT, telemetry } from 'didcomm-mote/protocols/telemetry'
import { BATCH, batchType } from 'didcomm-mote/protocols/telemetry-batch'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { bridge, type Device } from './bridge.ts'
import { type OutboxEvent, outboxWorker } from './outbox-worker.ts'

/** How old the message of a sensor may be: it may have waited in a broker while the gateway was down. */
const MAX_AGE_MS = 24 * 3600_000
/** SenML name characters (RFC 8428 §4.5.1) but the colon, which ends the name in what goes to the cloud. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/
const MAX_SKEW_MS = 5 * 60_000

type AgentWorld = Omit<AgentOptions, 'protocols' | 'contacts' | 'accepts' | 'seen' | 'envelopes' | 'freshness'>

export interface GatewayOptions extends AgentWorld {
  /** Where readings go. */
  cloudDid: string
  devices: readonly Device[]
  /** Keeps what is on its way to the cloud. */
  outbox: Outbox
  /** Remembers what sensors have sent. */
  seen: SeenStore
  /** Learns what becomes of what is in the outbox. Must not throw. */
  onOutboxEvent?: (event: OutboxEvent) => void
  /** Learns how much waits in the outbox, whenever that has changed: for a gauge. Must not throw. */
  onOutboxDepth?: (depth: OutboxDepth) => void
}

export interface Gateway {
  readonly agent: Agent
  /**
   * Serves a sensor from now on.
   *
   * @throws TypeError where its name is no name or another's; DidCommError where its DID does not resolve
   */
  admit(device: Device): Promise<void>
  /** Serves it no longer. */
  dismiss(did: string): void
  start(): Promise<void>
  /** Stops taking messages, lets those under way settle, and keeps the outbox for the next start. */
  close(): Promise<void>
}

/**
 * Makes a gateway: it takes compact envelopes of known sensors, and passes their reports and batches on as DIDComm JSON. Nobody else
 * is listened to; nothing is acknowledged before it is stored; what cannot be delivered is tried again.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { cloudDid, outbox, onOutboxEvent, onOutboxDepth } = options
  const cloud = canonicalDid(cloudDid)
  const devices = new Map<string, Device>()
  const contacts = contactBook(options.crypto, options.resolve)

  const isKnown = ({ encrypted, sender }: Unpacked) =>
    encrypted && sender !== undefined && (devices.has(canonicalDid(sender)) || canonicalDid(sender) === cloud)

  const agent = createAgent({
    ...options,
    envelopes: [json(), compact()],
    protocols: [telemetry(), { types: [batchType], handlers: {} }, trustPing()],
    contacts,
    accepts: isKnown,
    freshness: { maxAgeMs: MAX_AGE_MS, maxSkewMs: MAX_SKEW_MS, required: true },
  })
  const worker = outboxWorker({
    outbox,
    now: options.now,
    random: () => (options.randomBytes(1)[0] ?? 0) / 256,
    timer: options.timer,
    send: (uri, bytes, expiresAtMs) => {
      const expiry = expiresAtMs !== undefined && { expiresAtMs }
      return agent.transmit({ uri, packet: { bytes, mediaType: ENCRYPTED, ...expiry } })
    },
    ...(onOutboxEvent && { onEvent: onOutboxEvent }),
    ...(onOutboxDepth && { onDepth: onOutboxDepth }),
  })
  const carry = bridge({ agent, cloudDid, device: (did) => devices.get(did), outbox, wake: worker.wake })
  for (const type of [REPORT, BATCH]) agent.on(type, carry)

  async function admit(device: Device): Promise<void> {
    const { did, name } = device
    if (!NAME.test(name)) throw new TypeError('"name" expected letters, digits and -._/')
    for (const other of devices.values()) {
      if (other.name === name && canonicalDid(other.did) !== canonicalDid(did)) {
        throw new TypeError(`"name" expected to be new, got ${name} twice`)
      }
    }
    await contacts.add({ did, encoding: 'compact' })
    devices.set(canonicalDid(did), device)
  }
  for (const device of options.devices) await admit(device)

  return {
    agent,
    admit,
    dismiss(did) {
      devices.delete(canonicalDid(did))
      contacts.remove(did)
    },
    async start() {
      const started = agent.start()
      worker.start()
      await started
    },
    async close() {
      // The worker first learns of it, lest it takes the closed transports for an outage.
      await Promise.all([worker.close(), agent.close()])
    },
  }
}
