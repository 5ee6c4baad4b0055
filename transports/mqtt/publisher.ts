import { DidCommError } from '../../runtime/errors.ts'
import type { Packet } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import { TopicAliases } from './aliases.ts'
import type { MqttClient, MqttProperties, MqttReceived, MqttSent } from './client.ts'

export interface MqttPublisherOptions {
  readonly client: MqttClient
  /** How long a PUBACK may take. */
  readonly timeoutMs: number
  readonly withContentType: boolean
  readonly now: () => number
  readonly timer: Timer
  /** Is called when `isSending` may have changed. */
  readonly onChange: () => void
}

/** A PUBLISH that waits for its PUBACK. */
interface UnderWay {
  resolve(): void
  reject(error: DidCommError): void
  cancelTimeout(): void
}

type MqttError = Error & { code?: number | string }

/** As many PUBLISHes may wait for their PUBACK, or fewer where the broker says so (MQTT 5 §3.3.4; mqtt.js does not heed it). */
const maxInFlight = 1024

/** Reason codes of a PUBACK (MQTT 5 §3.4.2.1): not authorized, topic name invalid, payload format invalid. */
const refusals: readonly unknown[] = [135, 144, 153]
const tooLarge = 149
/** The broker has dropped it, for lack of a session that is subscribed. mqtt.js does not take it for an error. */
const noSubscribers = 16
/** The largest Message Expiry Interval (MQTT 5 §3.3.2.3.3), in seconds. */
const maxExpiryS = 0xffffffff

/** What a packet without properties is sent with. */
export const noProperties: MqttProperties = {}
const noOptions: { properties?: MqttProperties } = {}

/** The sending half of the MQTT transport: from a packet to the PUBACK of the broker. */
export class MqttPublisher {
  readonly #options: MqttPublisherOptions
  /** Each PUBLISH under way, by the callback that mqtt.js has of it. */
  readonly #inFlight = new Map<unknown, UnderWay>()
  /** The callbacks of those that the broker has dropped. */
  readonly #dropped = new Set<unknown>()
  readonly #waiting: (() => void)[] = []
  readonly #onClose = () => this.#connectionLost()
  readonly #onPacket = ({ cmd, messageId, reasonCode }: MqttReceived) => {
    // Of several packets it is not known which one was too much; the others may be sent again (MQTT 5 §3.14.2.1).
    if (cmd === 'disconnect' && reasonCode === tooLarge && this.#inFlight.size === 1)
      this.#connectionLost(packetTooLarge())
    if (cmd !== 'puback' || reasonCode !== noSubscribers || messageId === undefined) return
    // It comes before the callback, which mqtt.js does not tell the reason.
    const callback = this.#options.client.outgoing[messageId]?.cb
    if (this.#inFlight.has(callback)) this.#dropped.add(callback)
  }
  readonly #onSend = (packet: MqttSent) => {
    const { messageId } = packet
    const isOurs = messageId !== undefined && this.#inFlight.has(this.#options.client.outgoing[messageId]?.cb)
    this.#aliases.apply(packet, isOurs)
  }
  readonly #aliases: TopicAliases
  #isClosed = false
  #underWay = 0
  #onIdle: (() => void) | undefined

  constructor(options: MqttPublisherOptions) {
    this.#options = options
    const { client } = options
    this.#aliases = new TopicAliases(client)
    client.on('close', this.#onClose)
    client.on('packetreceive', this.#onPacket)
    client.on('packetsend', this.#onSend)
  }

  get isSending(): boolean {
    return this.#inFlight.size > 0
  }

  /**
   * @param more properties besides those that the packet brings; 3.1.1 has none
   * @throws DidCommError `ERR_TRANSPORT_UNREACHABLE`, `ERR_TRANSPORT_REJECTED`, `ERR_TOO_LARGE`, `ERR_MESSAGE_EXPIRED`, `ERR_CLOSED`
   */
  async publish(topic: string, packet: Packet, more: MqttProperties = noProperties): Promise<void> {
    const { client } = this.#options
    if (this.#isClosed) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    this.#underWay += 1
    try {
      while (client.connected && this.#inFlight.size >= this.#window) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
      if (!client.connected) throw unreachable('the broker is not connected')
      await this.#acknowledged(topic, packet.bytes, this.#properties(packet, more))
    } finally {
      this.#underWay -= 1
      if (this.#underWay === 0) this.#onIdle?.()
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    const { client } = this.#options
    this.#isClosed = true
    client.removeListener('close', this.#onClose)
    client.removeListener('packetreceive', this.#onPacket)
    client.removeListener('packetsend', this.#onSend)
  }

  get #window(): number {
    // 0 is a protocol error of the broker (MQTT 5 §3.2.2.3.3), and would have everything wait for ever.
    return Math.min(maxInFlight, this.#options.client.serverProperties?.receiveMaximum || maxInFlight)
  }

  #properties({ mediaType, expiresAtMs }: Packet, more: MqttProperties): { properties?: MqttProperties } {
    const { client, now, withContentType } = this.#options
    const expiryS = expiresAtMs === undefined ? undefined : expiryOf(expiresAtMs, now())
    const contentType = withContentType ? mediaType : undefined
    // mqtt.js copies what it is given: most packets bring nothing.
    const isPlain = expiryS === undefined && contentType === undefined && more === noProperties
    if (isPlain || client.options.protocolVersion !== 5) return noOptions
    const properties: MqttProperties = {
      ...(contentType !== undefined && { contentType }),
      ...(expiryS !== undefined && { messageExpiryInterval: expiryS }),
      ...more,
    }
    return { properties }
  }

  #acknowledged(topic: string, bytes: Uint8Array, properties: { properties?: MqttProperties }): Promise<void> {
    const { client, timeoutMs, timer, onChange } = this.#options
    return new Promise((resolve, reject) => {
      const acknowledged = (error?: MqttError | null) =>
        this.#settle(acknowledged, error ? publishError(error) : undefined)
      // A broker that does not acknowledge in time is taken for dead. mqtt.js then makes a new connection.
      const cancelTimeout = timer(timeoutMs, () => {
        client.stream.destroy()
        this.#connectionLost()
      })
      this.#inFlight.set(acknowledged, { resolve, reject, cancelTimeout })
      onChange()
      // A copy of its own: mqtt.js clones the whole memory behind a view, and a WebAssembly core's is large.
      const payload = new Uint8Array(bytes)
      client.publish(topic, payload, { qos: 1, retain: false, ...properties }, acknowledged)
    })
  }

  #settle(callback: unknown, error?: DidCommError): void {
    const underWay = this.#inFlight.get(callback)
    if (!underWay) return
    underWay.cancelTimeout()
    this.#inFlight.delete(callback)
    const isDropped = this.#dropped.delete(callback)
    this.#options.onChange()
    this.#waiting.shift()?.()
    const failure = error ?? (isDropped ? unreachable('nobody is subscribed there') : undefined)
    if (failure) underWay.reject(failure)
    else underWay.resolve()
  }

  /** mqtt.js would keep what was not acknowledged and send it again by itself; whoever called `send` does so, knowingly. */
  #connectionLost(why?: DidCommError): void {
    const { client } = this.#options
    const lost = new Set(this.#inFlight.keys())
    // First, for mqtt.js fails what is removed with an error of its own.
    for (const callback of lost) {
      this.#settle(callback, why ?? unreachable('the connection to the broker was lost'))
    }
    for (const [id, { cb }] of Object.entries(client.outgoing)) {
      if (lost.has(cb)) client.removeOutgoingMessage(Number(id))
    }
    this.#dropped.clear()
    for (const next of this.#waiting.splice(0)) next()
  }
}

/**
 * How long the broker is to keep a packet, in seconds. Without a clock (`nowMs` is NaN) nobody can tell.
 *
 * @throws DidCommError `ERR_MESSAGE_EXPIRED`
 */
function expiryOf(expiresAtMs: number, nowMs: number): number | undefined {
  if (Number.isNaN(nowMs)) return undefined
  const leftS = Math.ceil((expiresAtMs - nowMs) / 1000)
  if (leftS <= 0) throw new DidCommError('ERR_MESSAGE_EXPIRED', 'the packet is of no use any more')
  return leftS <= maxExpiryS ? leftS : undefined
}

const packetTooLarge = () => new DidCommError('ERR_TOO_LARGE', 'the broker takes no packets of this size')
const unreachable = (message: string) => new DidCommError('ERR_TRANSPORT_UNREACHABLE', message)

function publishError(error: MqttError): DidCommError {
  if (error.code === tooLarge) return packetTooLarge()
  const code = refusals.includes(error.code) ? 'ERR_TRANSPORT_REJECTED' : 'ERR_TRANSPORT_UNREACHABLE'
  return new DidCommError(code, 'the broker did not take the packet', { cause: error })
}
