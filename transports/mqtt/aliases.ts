import type { MqttClient, MqttSent } from './client.ts'

/** An alias takes 3 bytes: shorter topics gain nothing by it. */
const minTopicChars = 4

/**
 * Gives the first topics of each connection an alias (MQTT 5 §3.3.2.3.4), as many as the broker takes. It stays theirs while the
 * connection lasts, so that no packet can get to a topic that is not its own.
 */
export class TopicAliases {
  readonly #client: MqttClient
  readonly #aliases = new Map<string, number>()
  #stream: unknown
  #hasNumbers = true

  constructor(client: MqttClient) {
    this.#client = client
  }

  /**
   * Puts the alias of its topic into a PUBLISH. To be called with each packet at the moment in which it is written: what was decided
   * before might go out over the next connection, where the broker knows no alias yet, or gives it to another topic.
   */
  apply(packet: MqttSent, isOurs: boolean): void {
    if (packet.cmd !== 'publish') return
    this.#begin()
    // Somebody else numbers topics on this connection: all numbers may be his.
    if (packet.properties?.topicAlias !== undefined) this.#hasNumbers = false
    const { topic = '' } = packet
    const known = this.#aliases.get(topic)
    const alias = known ?? this.#aliases.size + 1
    if (!isOurs || !this.#hasNumbers || topic.length < minTopicChars || alias > this.#max) return
    this.#aliases.set(topic, alias)
    packet.properties = { ...packet.properties, topicAlias: alias }
    if (known !== undefined) packet.topic = ''
  }

  get #max(): number {
    return this.#client.serverProperties?.topicAliasMaximum ?? 0
  }

  /** An alias ends with its connection (MQTT 5 §3.3.2.3.4). */
  #begin(): void {
    if (this.#client.stream === this.#stream) return
    this.#stream = this.#client.stream
    this.#aliases.clear()
    this.#hasNumbers = true
  }
}
