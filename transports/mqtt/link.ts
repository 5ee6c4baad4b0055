import type { DidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'
import type { MqttClient, MqttReceived } from './client.ts'
import { type ConnectionError, connectionError, isSilence, isVersionRefusal } from './refusal.ts'
import { type MqttVersion, MqttVersions } from './version.ts'

/** What is used of a client of mqtt.js where its connection is ours to make. */
export interface LinkClient {
  readonly connected: boolean
  /** Absent before the first connection is begun. */
  readonly stream: MqttClient['stream'] | undefined
  readonly options: { protocolVersion?: 3 | 4 | 5 | undefined }
  connect(): unknown
  end(force: boolean, done: () => void): unknown
  on(event: 'connect' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: ConnectionError) => void): unknown
  on(event: 'packetreceive', listener: (packet: MqttReceived) => void): unknown
}

export interface MqttLinkOptions {
  /** Made with `manualConnect: true` and `reconnectPeriod: 0`: mqtt.js knows one fixed pause, the same for all. */
  readonly client: LinkClient
  readonly version: MqttVersion | undefined
  readonly timer: Timer
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
  /** Is called before each connection is made. */
  readonly beforeConnect: () => void
  readonly onConnection: (connected: boolean) => void
  readonly onError: (error: DidCommError) => void
}

interface Pauses {
  readonly firstMs: number
  readonly lastMs: number
}

const pauses: Pauses = { firstMs: 1_000, lastMs: 60_000 }
/** Where somebody has to change something first. */
const longPauses: Pauses = { firstMs: 60_000, lastMs: 600_000 }
/** A connection that has held so long was a good one. */
const steadyMs = 5_000
/** So long 3.1.1 is good enough where the broker has refused 5. */
const olderForMs = 3_600_000
/** How long the broker may take to answer what is under way at the end, and to close its side. */
const lingerMs = 2_000

/**
 * Returns how long to wait after so many failures in a row: the double each time up to the last, less a random part of up to half.
 *
 * @param failures at least 1
 * @param random a number from 0 to below 1
 */
export function reconnectPauseMs(failures: number, random: number, { firstMs, lastMs }: Pauses = pauses): number {
  const longestMs = Math.min(lastMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.ceil(longestMs * (1 - random / 2))
}

/** Keeps one client of mqtt.js connected: makes each connection, in the version that the broker speaks, until it is closed. */
export class MqttLink {
  readonly #options: MqttLinkOptions
  readonly #versions: MqttVersions
  /** Resolves with the first connection that the broker refuses for good. */
  readonly refused: Promise<void>
  #onRefused: () => void = () => undefined
  #state: 'new' | 'open' | 'closed' = 'new'
  #cancelPause: (() => void) | undefined
  #cancelSteady: (() => void) | undefined
  #cancelOlder: (() => void) | undefined
  #failures = 0
  /** Of the connection that there is, or is being made. */
  #error: ConnectionError | undefined
  #answered = false
  #wasConnected = false
  #isRestart = false

  constructor(options: MqttLinkOptions) {
    this.#options = options
    this.#versions = new MqttVersions(options.version)
    this.refused = new Promise((resolve) => {
      this.#onRefused = resolve
    })
    const { client } = options
    client.on('connect', () => this.#connected())
    client.on('close', () => this.#closed())
    client.on('error', (error) => {
      this.#error ??= error
      // mqtt.js goes on with a connection whose packets it cannot read any more, and hears nothing.
      client.stream?.destroy()
    })
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack') this.#answered = true
      if (packet.cmd === 'disconnect') this.#error = serverDisconnect(packet.reasonCode)
    })
  }

  open(): void {
    if (this.#state !== 'new') return
    this.#state = 'open'
    this.#connect()
  }

  /** Ends the connection without a word, and makes another one. */
  restart(): void {
    this.#isRestart = true
    this.#options.client.stream?.end()
  }

  async close(): Promise<void> {
    const { client, timer } = this.#options
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    for (const cancel of [this.#cancelPause, this.#cancelSteady, this.#cancelOlder]) cancel?.()
    if (!wasOpen || !client.stream) return
    await new Promise<void>((resolve) => {
      // mqtt.js waits without end for the answers to what it has sent.
      const cancelLinger = timer(lingerMs, () => {
        client.stream?.destroy()
        resolve()
      })
      client.end(!client.connected, () => {
        cancelLinger()
        resolve()
      })
    })
  }

  #connect(): void {
    const { client, beforeConnect } = this.#options
    this.#cancelPause = undefined
    this.#error = undefined
    this.#answered = false
    this.#wasConnected = false
    this.#isRestart = false
    try {
      client.options.protocolVersion = this.#versions.next
      beforeConnect()
      client.connect()
    } catch (error) {
      // Thrown in a timer, it would end the program.
      this.#failed(connectionError(error as ConnectionError))
    }
  }

  #connected(): void {
    const { timer, onConnection } = this.#options
    this.#wasConnected = true
    this.#versions.accepted()
    this.#cancelSteady = timer(steadyMs, () => {
      this.#failures = 0
    })
    if (this.#versions.canImprove) {
      this.#cancelOlder ??= timer(olderForMs, () => {
        this.#cancelOlder = undefined
        this.#versions.improve()
      })
    }
    onConnection(true)
  }

  #closed(): void {
    this.#cancelSteady?.()
    if (this.#wasConnected) this.#options.onConnection(false)
    if (this.#state === 'closed') return
    if (this.#changesVersion()) this.#connectIn(0)
    else if (this.#isRestart) this.#pause(pauses)
    else this.#failed(connectionError(this.#error))
  }

  #failed(error: DidCommError): void {
    const isRefused = error.code === 'ERR_TRANSPORT_REJECTED'
    this.#pause(isRefused ? longPauses : pauses)
    if (isRefused) this.#onRefused()
    this.#options.onError(error)
  }

  #pause(limits: Pauses): void {
    this.#failures += 1
    this.#connectIn(reconnectPauseMs(this.#failures, this.#options.random(), limits))
  }

  #changesVersion(): boolean {
    if (this.#wasConnected) return false
    if (isVersionRefusal(this.#error)) return this.#versions.refused()
    return !this.#answered && isSilence(this.#error) && this.#versions.silent()
  }

  #connectIn(delayMs: number): void {
    this.#cancelPause = this.#options.timer(delayMs, () => this.#connect())
  }
}

function serverDisconnect(reasonCode: number | undefined): ConnectionError {
  return Object.assign(new Error('the broker has ended the connection'), { code: reasonCode ?? 0 })
}
