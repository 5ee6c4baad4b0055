import { connect } from 'mqtt'
import type { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import { world } from '../world.ts'
import { MqttBirth } from './birth.ts'
import { clientOptions } from './client-options.ts'
import type { MqttConnectionOptions } from './connection-options.ts'
import { MqttLink } from './link.ts'
import { mqtt } from './mqtt.ts'
import { subscriptionRefusal } from './refusal.ts'
import { isNewerState, type PeerState, parseState, stateTopic } from './state.ts'
import { MqttStateTopics } from './state-topics.ts'
import { inboxTopic } from './topic.ts'
import type { MqttVersion } from './version.ts'

export type { MqttConnectionOptions } from './connection-options.ts'
export { formatState, isNewerState, type PeerState, parseState, stateTopic } from './state.ts'
export type { MqttVersion } from './version.ts'

/** The MQTT transport with a connection of its own. */
export interface MqttConnection extends Transport {
  readonly connected: boolean
  /** Of the connection that there is, or else of the next one. */
  readonly protocolVersion: MqttVersion
  /**
   * Watches the state of another agent on the same broker. The listener is called with what the broker retains, and with each newer state, and
   * must not throw. It is a hint: whoever may write to the topic can say anything.
   *
   * @returns what ends it
   * @throws RangeError where 10,000 agents are watched
   */
  onPeerState(did: string, listener: (state: PeerState) => void): () => void
}

/**
 * Makes an MQTT transport from a URL (`docs/mqtt.md`): it connects with `start`, in MQTT 5 or 3.1.1, comes back after each loss, and ends
 * the connection with `close`. The broker keeps a session under a client id that stays the same.
 *
 * @throws TypeError for a URL, names, certificates or keys that cannot be used
 * @throws RangeError for times that MQTT cannot express
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { mqttConnection } from 'didcomm-mote/transports/mqtt-connect'
 *
 * const transport = mqttConnection({ url: 'mqtts://broker.example', did: 'did:example:gateway', sha256 })
 */
export function mqttConnection(options: MqttConnectionOptions): MqttConnection {
  return new OwnMqttConnection(options)
}

class OwnMqttConnection implements MqttConnection {
  readonly schemes: readonly string[]
  readonly maxPacketBytes: number
  readonly #client: ReturnType<typeof connect>
  readonly #sha256: MqttConnectionOptions['sha256']
  readonly #topics: MqttStateTopics
  readonly #birth: MqttBirth | undefined
  readonly #transport: Transport
  readonly #link: MqttLink
  readonly #onError: (error: DidCommError) => void
  #ready: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(options: MqttConnectionOptions) {
    const { did, sha256, timer = world().timer, now = world().now, onError = () => undefined } = options
    const client = connect(clientOptions(options))
    this.#client = client
    this.#sha256 = sha256
    this.#onError = onError
    this.#topics = new MqttStateTopics(client, (topics) => onError(subscriptionRefusal(topics)))
    if (options.state !== false) {
      this.#birth = new MqttBirth({
        client,
        topics: this.#topics,
        topic: stateTopic(did, sha256),
        setWill: (will) => Object.assign(client.options, { will }),
        birthNumber: options.birthNumber ?? (() => clockNumber(now())),
        willDelayMs: options.willDelayMs ?? 10_000,
        timer,
        restart: () => this.#link.restart(),
        onError,
      })
    }
    const inboxTopics = options.inboxTopics ?? [inboxTopic(did, sha256)]
    this.#transport = mqtt({ ...options, client, inboxTopics, broker: [options.url, options.broker ?? []].flat() })
    this.schemes = this.#transport.schemes
    this.maxPacketBytes = this.#transport.maxPacketBytes
    this.#link = new MqttLink({
      client,
      version: options.protocolVersion,
      timer,
      random: options.random ?? Math.random,
      beforeConnect: () => this.#birth?.beforeConnect(),
      onConnection: (connected) => {
        if (connected) this.#connected()
        options.onConnection?.(connected)
      },
      onError,
    })
  }

  get connected(): boolean {
    return this.#client.connected
  }

  get protocolVersion(): MqttVersion {
    return this.#client.options.protocolVersion === 4 ? 4 : 5
  }

  onPeerState(did: string, listener: (state: PeerState) => void): () => void {
    let last: PeerState | undefined
    return this.#topics.listen(stateTopic(did, this.#sha256), (payload) => {
      const state = parseState(payload)
      if (!state || !isNewerState(state, last)) return
      last = state
      listener(state)
    })
  }

  /**
   * Connects, and begins to receive. It resolves when the broker has accepted the subscriptions, and without them where it has refused the
   * connection, or after `timeoutMs`: they are then made with the first connection.
   *
   * @throws DidCommError `ERR_TRANSPORT_REJECTED` where the broker refuses a subscription, `ERR_CLOSED`
   */
  async start(receive: Receive): Promise<void> {
    const started = this.#transport.start(receive)
    this.#ready = started.catch(() => undefined)
    if (!this.#closing) this.#link.open()
    let hasReturned = false
    started.catch((error: DidCommError) => {
      if (hasReturned) this.#onError(error)
    })
    await Promise.race([started, this.#link.refused])
    hasReturned = true
  }

  send(uri: string, packet: Packet): Promise<void> {
    return this.#transport.send(uri, packet)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#transport.close()
    await this.#birth?.close()
    await this.#link.close()
  }

  /** Says that the agent is there once its inbox is, for whoever sends to it at this sign. */
  #connected(): void {
    this.#topics.connected()
    void this.#ready.then(() => this.#birth?.connected())
  }
}

/** A clock that does not know the time begins anew each time; what the broker has retained then tells from where to go on. */
const clockNumber = (nowMs: number) => (nowMs > 0 ? Math.trunc(nowMs) : 0)
