import { DidCommError } from '../../runtime/errors.ts'
import type { MqttClient, MqttSent } from './client.ts'

/** More than any agent sends, and little enough for a small gateway. */
const leastLimitBytes = 16 * 1024 * 1024

export interface MqttGuardOptions {
  readonly client: MqttClient
  readonly maxPacketBytes: number
  readonly onError: (error: DidCommError) => void
}

/**
 * Ends a connection over which a packet comes that does not end. mqtt.js keeps all bytes of a packet until it is whole, and the Remaining
 * Length may promise 256 MiB (MQTT 3.1.1 §2.2.3, MQTT 5 §2.1.4). What is counted is what has come since the last whole packet, so that
 * nothing need be parsed twice. The limit is far over `maxPacketBytes`: a message between the two is dropped and acknowledged, whereas one
 * over the limit would come again with each connection.
 *
 * It also ends a connection on which mqtt.js could not read a packet (MQTT 5 §4.13.1): mqtt.js would go on somewhere within the bytes.
 */
export class MqttGuard {
  readonly #client: MqttClient
  readonly #limitBytes: number
  readonly #onError: (error: DidCommError) => void
  readonly #onReceive = () => {
    this.#bytes = 0
  }
  readonly #onSend = ({ cmd }: MqttSent) => {
    if (cmd === 'connect') this.#watch()
  }
  readonly #onData = (chunk: Uint8Array) => this.#count(chunk.length)
  readonly #onClientError = (cause: Error) => this.#clientError(cause)
  #stream: MqttClient['stream'] | undefined
  #bytes = 0

  constructor({ client, maxPacketBytes, onError }: MqttGuardOptions) {
    this.#client = client
    this.#limitBytes = Math.max(leastLimitBytes, 2 * maxPacketBytes)
    this.#onError = onError
    client.on('error', this.#onClientError)
    client.on('packetreceive', this.#onReceive)
    // CONNECT is the first that is written to a new stream (MQTT 5 §3.1).
    client.on('packetsend', this.#onSend)
    this.#watch()
  }

  close(): void {
    this.#client.removeListener('error', this.#onClientError)
    this.#client.removeListener('packetreceive', this.#onReceive)
    this.#client.removeListener('packetsend', this.#onSend)
    this.#stream?.removeListener('data', this.#onData)
  }

  #watch(): void {
    this.#stream?.removeListener('data', this.#onData)
    // A client with `manualConnect` has none yet.
    this.#stream = this.#client.stream as MqttClient['stream'] | undefined
    this.#bytes = 0
    this.#stream?.on('data', this.#onData)
  }

  #count(length: number): void {
    this.#bytes += length
    if (this.#bytes <= this.#limitBytes) return
    this.#stream?.removeListener('data', this.#onData)
    this.#stream?.destroy()
    this.#onError(new DidCommError('ERR_TOO_LARGE', `the broker sends a packet of over ${this.#limitBytes} bytes`))
  }

  #clientError(cause: Error): void {
    // What ends a connection by itself is none of our business.
    if (!this.#client.connected || this.#client.stream.destroyed) return
    this.#client.stream.destroy()
    this.#onError(new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the broker sends what is no MQTT', { cause }))
  }
}
