import { DidCommError } from '../runtime/errors.ts'
import type { Packet } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import type { MqttClient, MqttReceived } from './mqtt-client.ts'

export interface MqttPublisherOptions {
  readonly client: MqttClient
  /** How long a PUBACK may take. */
  readonly timeoutMs: number
  readonly withContentType: boolean
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
    if (cmd !== 'puback' || reasonCode !== noSubscribers || messageId === undefined) return
    // It comes before the callback, which mqtt.js does not tell the reason.
    const callback = this.#options.client.outgoing[messageId]?.cb
    if (this.#inFlight.has(callback)) this.#dropped.add(callback)
  }
  #underWay = 0
  #onIdle: (() => void) | undefined

  constructor(options: MqttPublisherOptions) {
    this.#options = options
    options.client.on('close', this.#onClose)
    options.client.on('packetreceive', this.#onPacket)
  }

  get isSending(): boolean {
    return this.#inFlight.size > 0
  }

  /** @throws DidCommError `ERR_TRANSPORT_UNREACHABLE`, `ERR_TRANSPORT_REJECTED`, `ERR_TOO_LARGE` */
  async publish(topic: string, packet: Packet): Promise<void> {
    const { client } = this.#options
    this.#underWay += 1
    try {
      while (client.connected && this.#inFlight.size >= this.#window) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
      if (!client.connected) throw unreachable('the broker is not connected')
      await this.#acknowledged(topic, packet)
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
    this.#options.client.removeListener('close', this.#onClose)
    this.#options.client.removeListener('packetreceive', this.#onPacket)
  }

  get #window(): number {
    return Math.min(maxInFlight, this.#options.client.serverProperties?.receiveMaximum ?? maxInFlight)
  }

  #acknowledged(topic: string, { bytes, mediaType }: Packet): Promise<void> {
    const { client, timeoutMs, timer, onChange, withContentType } = this.#options
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
      const properties = withContentType && mediaType ? { properties: { contentType: mediaType } } : {}
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
  #connectionLost(): void {
    const { client } = this.#options
    for (const [id, { cb }] of Object.entries(client.outgoing)) {
      if (this.#inFlight.has(cb)) client.removeOutgoingMessage(Number(id))
    }
    for (const callback of [...this.#inFlight.keys()]) {
      this.#settle(callback, unreachable('the connection to the broker was lost'))
    }
    this.#dropped.clear()
    for (const next of this.#waiting.splice(0)) next()
  }
}

const unreachable = (message: string) => new DidCommError('ERR_TRANSPORT_UNREACHABLE', message)

function publishError(error: MqttError): DidCommError {
  if (error.code === tooLarge) return new DidCommError('ERR_TOO_LARGE', 'the broker takes no packets of this size')
  const code = refusals.includes(error.code) ? 'ERR_TRANSPORT_REJECTED' : 'ERR_TRANSPORT_UNREACHABLE'
  return new DidCommError(code, 'the broker did not take the packet', { cause: error })
}
