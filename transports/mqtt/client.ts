/** What is used of an inbound PUBLISH of mqtt.js. */
export interface MqttPublish {
  readonly topic: string | Uint8Array
  readonly payload: string | Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly messageId?: number | undefined
  readonly properties?:
    | {
        readonly contentType?: string | undefined
        readonly responseTopic?: string | undefined
        readonly correlationData?: Uint8Array | undefined
      }
    | undefined
}

/** What is used of a packet that is about to be written. */
export interface MqttSent {
  readonly cmd: string
  readonly messageId?: number | undefined
  topic?: string
  properties?: { topicAlias?: number | undefined } | undefined
}

/** Properties of a PUBLISH (MQTT 5 §3.3.2.3). */
export interface MqttProperties {
  contentType?: string
  /** In seconds. */
  messageExpiryInterval?: number
  responseTopic?: string
  correlationData?: Uint8Array
}

/** What is used of a packet that came. */
export interface MqttReceived {
  readonly cmd: string
  readonly messageId?: number | undefined
  /** MQTT 5 §3.4.2.1. */
  readonly reasonCode?: number | undefined
}

/** What is used of a client of mqtt.js 5, so that this package need not import it. */
export interface MqttClient {
  readonly connected: boolean
  readonly options: {
    readonly clean?: boolean | undefined
    readonly protocolVersion?: number | undefined
    readonly properties?: { readonly topicAliasMaximum?: number | undefined } | undefined
    readonly autoAssignTopicAlias?: boolean | undefined
    readonly autoUseTopicAlias?: boolean | undefined
  }
  /** Of the CONNACK; mqtt.js has it since 5.16. */
  readonly serverProperties?:
    | {
        readonly receiveMaximum?: number | undefined
        readonly maximumPacketSize?: number | undefined
        readonly topicAliasMaximum?: number | undefined
        readonly sharedSubscriptionAvailable?: boolean | undefined
      }
    | undefined
  readonly stream: {
    readonly destroyed: boolean
    write(bytes: Uint8Array): boolean
    end(): unknown
    destroy(): unknown
    on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
    removeListener(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  }
  readonly outgoing: Readonly<Record<number, { readonly cb: unknown }>>
  handleMessage(packet: MqttPublish, callback: (error?: Error) => void): void
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: { qos: 1; retain: false; properties?: MqttProperties },
    callback: (error?: (Error & { code?: number | string }) | null) => void,
  ): unknown
  subscribe(
    topics: { [topic: string]: { qos: 1 } } & { resubscribe?: boolean },
    callback: (
      error: (Error & { code?: number | string; packet?: unknown }) | null,
      granted?: readonly { qos: number }[],
    ) => void,
  ): unknown
  unsubscribe(topics: string[], callback: (error?: Error) => void): unknown
  removeOutgoingMessage(messageId: number): unknown
  on(event: 'connect' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'packetreceive', listener: (packet: MqttReceived) => void): unknown
  on(event: 'packetsend', listener: (packet: MqttSent) => void): unknown
  removeListener(event: 'connect' | 'close', listener: () => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'packetreceive', listener: (packet: MqttReceived) => void): unknown
  removeListener(event: 'packetsend', listener: (packet: MqttSent) => void): unknown
}
