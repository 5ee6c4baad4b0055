import { DidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'
import { formatState, type PeerState, parseState } from './state.ts'
import type { MqttStateTopics } from './state-topics.ts'

/** The PUBLISH of a state. */
interface StateOptions {
  readonly qos: 1
  readonly retain: true
}

interface Will extends StateOptions {
  readonly topic: string
  readonly payload: string
  readonly properties: { readonly willDelayInterval: number }
}

/** What is used of a client of mqtt.js to say that it is there, and that it no longer is. */
export interface BirthClient {
  readonly connected: boolean
  readonly outgoing: Readonly<Record<number, { readonly cb: unknown }>>
  publish(
    topic: string,
    payload: string,
    options: StateOptions,
    callback: (error?: (Error & { code?: number | string }) | null) => void,
  ): unknown
  removeOutgoingMessage(messageId: number): unknown
  on(event: 'close', listener: () => void): unknown
}

export interface MqttBirthOptions {
  readonly client: BirthClient
  readonly topics: MqttStateTopics
  readonly topic: string
  readonly setWill: (will: Will) => void
  readonly birthNumber: () => number
  readonly willDelayMs: number
  readonly timer: Timer
  /** Ends the connection and makes another one. */
  readonly restart: () => void
  readonly onError: (error: DidCommError) => void
}

/** Repairs of a state that others have overwritten are at least so far apart. */
const repairPauseMs = 60_000
/** How long a graceful end waits for the PUBACK of the last state. */
const farewellMs = 5_000

/**
 * Says on the state topic, retained, whether the agent is connected: `online` with each connection, and `offline` as its last will or at
 * its graceful end, both with the birth number of that connection (`docs/mqtt.md`, "State").
 */
export class MqttBirth {
  readonly #options: MqttBirthOptions
  #number = -1
  #isClosing = false
  readonly #pending = new Set<unknown>()
  #cancelPause: (() => void) | undefined
  #unrepaired: { readonly seen: PeerState | undefined } | undefined

  constructor(options: MqttBirthOptions) {
    this.#options = options
    options.client.on('close', () => this.#forget())
    options.topics.listen(options.topic, (payload, retained) => this.#seen(payload, retained))
  }

  /** To be called before each connection: takes a number for it, and leaves the last will. */
  beforeConnect(): void {
    const { topic, birthNumber, willDelayMs, setWill } = this.#options
    const given = birthNumber()
    if (!Number.isSafeInteger(given) || given < 0) throw new RangeError('"birthNumber" expected an integer, 0 or more')
    this.#number = Math.min(Math.max(given, this.#number + 1), Number.MAX_SAFE_INTEGER)
    setWill({
      topic,
      payload: this.#text(false),
      qos: 1,
      retain: true,
      properties: { willDelayInterval: Math.ceil(willDelayMs / 1000) },
    })
  }

  /** To be called with each new connection, after the subscriptions: the broker then sends the state that is overwritten here first. */
  connected(): void {
    if (this.#options.client.connected) void this.#publish(true)
  }

  /** Says that it ends, where there is a connection to say it over; a last will is then not published. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#cancelPause?.()
    if (!this.#options.client.connected) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.timer(farewellMs, resolve)
      void this.#publish(false).then(() => {
        cancel()
        resolve()
      })
    })
    this.#forget()
  }

  #text(online: boolean): string {
    return formatState({ online, birth: this.#number })
  }

  /** Resolves when it was taken, refused or lost. */
  #publish(online: boolean): Promise<void> {
    const { client, topic, onError } = this.#options
    return new Promise((resolve) => {
      const done = (error?: (Error & { code?: number | string }) | null) => {
        this.#pending.delete(done)
        resolve()
        if (typeof error?.code !== 'number') return
        onError(new DidCommError('ERR_TRANSPORT_REJECTED', `the broker refuses "${topic}"`, { cause: error }))
      }
      this.#pending.add(done)
      client.publish(topic, this.#text(online), { qos: 1, retain: true }, done)
    })
  }

  /** The next connection has a state of its own: mqtt.js shall not send this one again. */
  #forget(): void {
    const { client } = this.#options
    for (const [id, { cb }] of Object.entries(client.outgoing)) {
      if (this.#pending.has(cb)) client.removeOutgoingMessage(Number(id))
    }
  }

  /**
   * Watches what others read of us. An old will that comes late is overwritten. A larger number, from a run with another clock, or the end
   * of this very birth, can only be overcome with a larger number, and as the last will must have it too, with another connection.
   */
  #seen(payload: Uint8Array, retained: boolean): void {
    if (this.#isClosing || !this.#options.client.connected) return
    const state = parseState(payload)
    if (state && state.birth >= this.#number) {
      const isOurs = state.birth === this.#number && state.online
      if (!isOurs && state.birth < Number.MAX_SAFE_INTEGER) this.#repairSoon(state)
    } else if (!retained) {
      // What is retained as we subscribe is about to be overwritten anyway.
      this.#repairSoon(state)
    }
  }

  /** Repairs at once, but soon after another repair only what was seen last, at the end of a pause. */
  #repairSoon(seen: PeerState | undefined): void {
    if (this.#cancelPause) {
      this.#unrepaired = { seen }
      return
    }
    this.#repair(seen)
    this.#cancelPause = this.#options.timer(repairPauseMs, () => {
      const left = this.#unrepaired
      this.#cancelPause = undefined
      this.#unrepaired = undefined
      if (left && this.#options.client.connected) this.#repairSoon(left.seen)
    })
  }

  #repair(seen: PeerState | undefined): void {
    if (seen && seen.birth >= this.#number) {
      this.#number = seen.birth
      this.#options.restart()
    } else {
      void this.#publish(true)
    }
  }
}
