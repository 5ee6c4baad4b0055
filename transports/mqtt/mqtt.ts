import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import { world } from '../world.ts'
import type { MqttClient, MqttProperties } from './client.ts'
import { MqttGuard } from './guard.ts'
import { type MqttDrop, MqttInbox } from './inbox.ts'
import { MqttPublisher, noProperties } from './publisher.ts'
import { type MqttSubscription, subscribe, unsubscribe } from './subscription.ts'
import { defaultInboxes, parseMqttUri, type TopicPattern, topicProblem } from './topic.ts'

export { agentName } from '../agent-name.ts'
export type { MqttClient, MqttPublish } from './client.ts'
export type { MqttDrop } from './inbox.ts'
export { sharedInbox } from './shared.ts'
export { type TopicTemplate, topicTemplate, topicTemplates } from './template.ts'
export { inboxTopic, type TopicPattern } from './topic.ts'

export interface MqttOptions {
  /**
   * A client of mqtt.js 5, with `clean: false` and a `clientId` of its own so that the broker keeps what arrives while it
   * is away. Make the transport before the client has connected, or what the broker kept may be lost. It stays the
   * caller's: `close` does not end it.
   */
  readonly client: MqttClient
  /**
   * The topics on which packets are received, as from `inboxTopic`, or sets of them, as from `topicTemplate` and `sharedInbox`; none for a
   * party that only sends. With MQTT 5, answers to what asks for them (`return_route`) come to the first that is a single topic.
   */
  readonly inboxTopics?: readonly (string | TopicPattern)[]
  /**
   * Where answers may go to senders who say where they want them (Response Topic). The default inboxes of agents and of devices where
   * absent; none where it is empty.
   */
  readonly answersTo?: readonly Pick<TopicPattern, 'matches'>[]
  /**
   * The names of the client's broker, as in `mqtts://broker.example:8883`. URIs of other brokers are then unreachable; where
   * absent, the broker in a URI is not looked at.
   */
  readonly broker?: string | readonly string[]
  /** Applies to both directions; 256 KiB where absent. */
  readonly maxPacketBytes?: number
  /** How many packets are received at the same time; 16 where absent. They begin in the order of arrival. */
  readonly maxConcurrent?: number
  /** How many packets wait to be received before the broker is held back; 256 where absent. */
  readonly maxQueued?: number
  /** How long a PUBACK or SUBACK may take; 20 s where absent. */
  readonly timeoutMs?: number
  /** Sends the media type as Content Type where the protocol is MQTT 5. It costs up to 40 bytes a packet, and nobody needs it. */
  readonly contentType?: boolean
  /** Counts inbound messages that are not handed on. */
  readonly onDrop?: (reason: MqttDrop) => void
  /**
   * Is told when the broker refuses a subscription after a reconnect, so that until the next one nothing is received, and when it
   * sends a packet that is far too large (`ERR_TOO_LARGE`) or none at all, either of which ends the connection.
   */
  readonly onError?: (error: DidCommError) => void
  /** The clock by which packets expire, which must be that of the agent; NaN where the time is not known. */
  readonly now?: () => number
  readonly timer?: Timer
}

/**
 * Moves packets over an MQTT broker with QoS 1, never retained (`docs/mqtt.md`). The broker is the next hop: a `send`
 * resolves with its PUBACK. A packet is acknowledged to the broker once `receive` has settled it.
 *
 * @throws TypeError for topics with wildcards, and where the client has an MQTT transport already
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { inboxTopic, mqtt } from 'didcomm-mote/transports/mqtt'
 * import { connect } from 'mqtt'
 *
 * const client = connect('mqtts://broker.example', { clean: false, clientId: 'gateway-1' })
 * const transport = mqtt({ client, inboxTopics: [inboxTopic('did:example:gateway', sha256)] })
 */
export function mqtt(options: MqttOptions): Transport {
  return new MqttTransport(options)
}

class MqttTransport implements Transport {
  readonly schemes = ['mqtt', 'mqtts'] as const
  readonly maxPacketBytes: number
  readonly #client: MqttClient
  readonly #replyTopic: string | undefined
  readonly #subscription: MqttSubscription
  readonly #brokers: ReadonlySet<string> | undefined
  readonly #timeoutMs: number
  readonly #timer: Timer
  readonly #onError: (error: DidCommError) => void
  readonly #inbox: MqttInbox
  readonly #publisher: MqttPublisher
  readonly #guard: MqttGuard
  readonly #onConnect = () => subscribe(this.#subscription).catch((error) => this.#onError(error))
  #last: { readonly uri: string; readonly topic: string } | undefined
  #started = false
  #stopWaiting: () => void = () => undefined
  #closing: Promise<void> | undefined

  constructor(options: MqttOptions) {
    const { client, inboxTopics = [], maxPacketBytes = 262_144, timeoutMs = 20_000 } = options
    const { now, timer } = { ...world(), ...options }
    checkClient(client)
    const topics = new Set(inboxTopics.filter((inbox) => typeof inbox === 'string'))
    const patterns = inboxTopics.filter((inbox) => typeof inbox !== 'string')
    for (const topic of topics) {
      const problem = topicProblem(topic)
      if (problem) throw new TypeError(`"inboxTopics" has "${topic}", which ${problem}`)
    }
    const filters = [...topics, ...patterns.map(({ filter }) => filter)]
    this.maxPacketBytes = maxPacketBytes
    this.#client = client
    this.#replyTopic = [...topics][0]
    this.#subscription = { client, filters, timeoutMs, timer }
    this.#brokers = brokersOf(options.broker)
    this.#timeoutMs = timeoutMs
    this.#timer = timer
    this.#onError = options.onError ?? (() => undefined)
    this.#guard = new MqttGuard({ client, maxPacketBytes, onError: this.#onError })
    this.#inbox = new MqttInbox({
      client,
      isInbox: (topic) => topics.has(topic) || patterns.some((pattern) => pattern.matches(topic)),
      replies: {
        patterns: options.answersTo ?? [defaultInboxes],
        publish: (topic, packet, properties) => this.#publish(topic, packet, properties),
      },
      maxPacketBytes,
      maxConcurrent: options.maxConcurrent ?? 16,
      maxQueued: options.maxQueued ?? 256,
      timer,
      onDrop: options.onDrop ?? (() => undefined),
      isSending: () => this.#publisher.isSending,
    })
    this.#publisher = new MqttPublisher({
      client,
      timeoutMs,
      withContentType: options.contentType === true,
      now,
      timer,
      onChange: () => this.#inbox.sendingChanged(),
    })
  }

  canReach(uri: string): boolean {
    const parsed = parseMqttUri(uri)
    return parsed !== undefined && (this.#brokers?.has(parsed.broker) ?? true)
  }

  /**
   * Begins to receive. It resolves when the broker has accepted the subscriptions, or without them after `timeoutMs`
   * where the broker is away: they are then made with the connection.
   *
   * @throws DidCommError `ERR_TRANSPORT_REJECTED` where the broker refuses a subscription, `ERR_CLOSED`
   */
  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#started) throw new TypeError('"start" was called before')
    this.#started = true
    this.#inbox.open(receive)
    if (!this.#client.connected) await this.#connected()
    if (this.#closing) return
    this.#client.on('connect', this.#onConnect)
    if (this.#client.connected) await subscribe(this.#subscription)
  }

  async send(uri: string, packet: Packet): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (!this.#started) throw new TypeError('"send" was called before "start"')
    const responseTopic = packet.wantsReply ? this.#replyTopic : undefined
    await this.#publish(this.#topicOf(uri), packet, responseTopic === undefined ? noProperties : { responseTopic })
  }

  #publish(topic: string, packet: Packet, properties: MqttProperties): Promise<void> {
    this.#checkSize(topic, packet, properties)
    return this.#publisher.publish(topic, packet, properties)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { connected, options } = this.#client
    this.#client.removeListener('connect', this.#onConnect)
    this.#stopWaiting()
    if (this.#started && connected && options.clean !== false) await unsubscribe(this.#subscription)
    await this.#inbox.close()
    await this.#publisher.close()
    this.#guard.close()
  }

  /** Packets go to the same few parties again and again. */
  #topicOf(uri: string): string {
    if (uri !== this.#last?.uri) this.#last = { uri, topic: this.#parse(uri) }
    return this.#last.topic
  }

  #parse(uri: string): string {
    const parsed = parseMqttUri(uri)
    if (!parsed) throw rejected('the URI is no mqtt://host[:port]/topic')
    const problem = topicProblem(parsed.topic)
    if (problem) throw rejected(`the topic of "${uri}" ${problem}`)
    if (this.#brokers && !this.#brokers.has(parsed.broker)) {
      throw unreachable(`"${parsed.broker}" is not the broker of this transport`)
    }
    return parsed.topic
  }

  #checkSize(topic: string, packet: Packet, { responseTopic = '', correlationData }: MqttProperties): void {
    const { length } = packet.bytes
    const brokerMax = this.#client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY
    // Headers and short properties, and UTF-8 of up to 3 bytes for each character of the topics.
    const overhead = 80 + 3 * (topic.length + responseTopic.length) + (correlationData?.length ?? 0)
    const max = Math.min(this.maxPacketBytes, brokerMax - overhead)
    if (length > max) throw new DidCommError('ERR_TOO_LARGE', `${length} bytes are more than the ${max} of this broker`)
  }

  /** Waits for the connection, but not for ever. */
  #connected(): Promise<void> {
    const client = this.#client
    return new Promise((resolve) => {
      const done = () => {
        cancelTimeout()
        client.removeListener('connect', done)
        resolve()
      }
      const cancelTimeout = this.#timer(this.#timeoutMs, done)
      client.on('connect', done)
      this.#stopWaiting = done
    })
  }
}

/** @throws TypeError where mqtt.js would do what the transport cannot do with */
function checkClient({ options }: MqttClient): void {
  if (options.properties?.topicAliasMaximum || options.autoAssignTopicAlias || options.autoUseTopicAlias) {
    throw new TypeError('"client" expected no "topicAliasMaximum", "autoAssignTopicAlias" and "autoUseTopicAlias"')
  }
}

const unreachable = (message: string) => new DidCommError('ERR_TRANSPORT_UNREACHABLE', message)
const rejected = (message: string) => new DidCommError('ERR_TRANSPORT_REJECTED', message)

function brokersOf(broker: MqttOptions['broker']): ReadonlySet<string> | undefined {
  if (broker === undefined) return undefined
  const uris = typeof broker === 'string' ? [broker] : broker
  return new Set(
    uris.map((uri) => {
      const parsed = parseMqttUri(uri)
      if (parsed?.topic !== '') throw new TypeError('"broker" expected mqtt(s)://host[:port], without a password')
      return parsed.broker
    }),
  )
}
