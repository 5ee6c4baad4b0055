import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import type { MqttPublish } from './client.ts'

/** What is used of a client of mqtt.js for topics of states. */
export interface StateTopicsClient {
  readonly connected: boolean
  handleMessage(packet: MqttPublish, callback: (error?: Error) => void): void
  subscribe(
    topics: { [topic: string]: { qos: 0 } },
    callback: (error: (Error & { packet?: unknown }) | null) => void,
  ): unknown
  unsubscribe(topics: string[], callback: (error?: Error) => void): unknown
}

export type StateListener = (payload: Uint8Array, retained: boolean) => void

const maxTopics = 10_000
const stateTopicForm = /^dc1\/[a-z2-7]{16}\/state$/

/**
 * Subscribes topics of states, on each connection anew, and hands on what comes. With QoS 0: what is missed comes again, retained, with the next
 * subscription, and may not fill the session in which the broker keeps envelopes.
 *
 * It takes the place of `client.handleMessage`, so it has to be made before the transport, which does the same for its inbox.
 */
export class MqttStateTopics {
  readonly #client: StateTopicsClient
  readonly #onRefused: (topics: readonly string[]) => void
  readonly #listeners = new Map<string, Set<StateListener>>()
  readonly #leaving = new Set<string>()

  constructor(client: StateTopicsClient, onRefused: (topics: readonly string[]) => void) {
    this.#client = client
    this.#onRefused = onRefused
    client.handleMessage = (packet, callback) => {
      this.#arrive(packet)
      callback()
    }
  }

  /**
   * Adds a listener; returns what takes it away.
   *
   * @throws RangeError where 10,000 topics have listeners
   */
  listen(topic: string, listener: StateListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    if (listeners.size === 0 && this.#listeners.size >= maxTopics) {
      throw new RangeError(`more than ${maxTopics} agents whose state is watched`)
    }
    this.#listeners.set(topic, listeners.add(listener))
    // Once more for a topic that is subscribed, so that the broker sends what it retains to the new listener.
    if (this.#client.connected) this.#subscribe([topic])
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0 || this.#listeners.get(topic) !== listeners) return
      this.#listeners.delete(topic)
      if (this.#client.connected) this.#leave(topic)
    }
  }

  /** To be called with each new connection. */
  connected(): void {
    this.#leaving.clear()
    if (this.#listeners.size > 0) this.#subscribe([...this.#listeners.keys()])
  }

  #subscribe(topics: readonly string[]): void {
    this.#client.subscribe(Object.fromEntries(topics.map((topic) => [topic, { qos: 0 as const }])), (error) => {
      // Without an answer, which mqtt.js has in the error, the connection is gone, and the next one subscribes again.
      if (error?.packet !== undefined) this.#onRefused(topics)
    })
  }

  #leave(topic: string): void {
    if (this.#leaving.has(topic)) return
    this.#leaving.add(topic)
    this.#client.unsubscribe([topic], () => this.#leaving.delete(topic))
  }

  #arrive({ topic: name, payload, retain }: MqttPublish): void {
    const topic = name.toString()
    const listeners = this.#listeners.get(topic)
    if (!listeners) {
      // A kept session remembers what was watched in an earlier run.
      if (stateTopicForm.test(topic)) this.#leave(topic)
      return
    }
    const bytes = typeof payload === 'string' ? encodeUtf8(payload) : payload
    for (const listener of [...listeners]) listener(bytes, retain)
  }
}
