import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import type { Packet, Receive } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import type { MqttClient, MqttPublish } from './client.ts'
import { type MqttReplies, mqttReply } from './reply.ts'

/**
 * Why an inbound message was not handed on. `unsettled`: receiving failed for now, and the broker will not send it again,
 * because of its QoS 0 or the session that ended with the connection.
 */
export type MqttDrop = 'retained' | 'too-large' | 'unsettled'

export interface MqttInboxOptions {
  readonly client: MqttClient
  /** Tells whether messages of a topic are for this transport. */
  readonly isInbox: (topic: string) => boolean
  readonly replies: MqttReplies
  readonly maxPacketBytes: number
  readonly maxConcurrent: number
  readonly maxQueued: number
  readonly timer: Timer
  readonly onDrop: (reason: MqttDrop) => void
  /** Tells whether a PUBLISH of ours waits for its PUBACK. */
  readonly isSending: () => boolean
}

/** One inbound message from its arrival to its PUBACK. */
interface Arrival {
  readonly packet: Packet
  /** Absent for QoS 0, which has no PUBACK. */
  readonly messageId: number | undefined
  /** The connection that it came over, the only one on which its id means anything. */
  readonly stream: MqttClient['stream']
  state: 'waiting' | 'receiving' | 'settled'
  cancelRetry?: () => void
}

type HandleMessage = MqttClient['handleMessage']

/** While a PUBACK for us is outstanding, the queue may grow to this many times its bound. */
const sendingFactor = 8
const firstRetryMs = 500
const lastRetryMs = 30_000

/** Given to mqtt.js instead of a PUBACK: it then goes on with the next packet. */
const acknowledgedLater = new Error('acknowledged later')

const inboxes = new WeakMap<MqttClient, MqttInbox>()

/**
 * The receiving half of the MQTT transport. It takes the place of `client.handleMessage`, keeps what arrives in a queue,
 * and sends each PUBACK itself, in the order of arrival (MQTT 3.1.1 §4.6), once the message is settled.
 *
 * mqtt.js would hold all inbound packets while it waits for `handleMessage`, PUBACKs for our own PUBLISHes included: a
 * `receive` that sends an answer over the same client would wait for ever. So mqtt.js is told at once that there is no
 * PUBACK from it, and is held only when the queue is full.
 */
export class MqttInbox {
  readonly #options: MqttInboxOptions
  readonly #previous: HandleMessage
  readonly #handle: HandleMessage
  readonly #onClose = () => this.#connectionLost()
  #queue: Arrival[] = []
  #receiving = 0
  #isWorkDue = false
  #owed = false
  #held: (() => void)[] = []
  #receive: Receive | undefined
  #closed: (() => void) | undefined

  /** Takes over `client.handleMessage`. Nothing is lost before `open`: what arrives waits. */
  constructor(options: MqttInboxOptions) {
    const { client } = options
    const last = inboxes.get(client)
    if (last && !last.#closed) {
      throw new TypeError('"client" has an MQTT transport already; give that one all "inboxTopics"')
    }
    this.#options = options
    this.#previous = last ? last.#previous : client.handleMessage
    this.#handle = (packet, callback) => this.#arrive(packet, callback)
    client.handleMessage = this.#handle
    client.on('close', this.#onClose)
    inboxes.set(client, this)
  }

  open(receive: Receive): void {
    this.#receive = receive
    this.#work()
  }

  /**
   * Lets what is under way settle. Where the broker keeps the session, what waits is left to be delivered again, and so is
   * everything that still arrives on this connection.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    const settled = new Promise<void>((resolve) => {
      this.#closed = resolve
    })
    const forgetsWaiting = this.#keepsSession || !this.#receive
    for (const arrival of forgetsWaiting ? this.#queue.filter(({ state }) => state === 'waiting') : []) {
      this.#giveUp(arrival)
    }
    for (const arrival of this.#queue) arrival.cancelRetry?.()
    this.#work()
    await settled
    const { client } = this.#options
    client.removeListener('close', this.#onClose)
    if (!this.#keepsSession && client.handleMessage === this.#handle) client.handleMessage = this.#previous
  }

  /** To be called when what `isSending` returns has changed. */
  sendingChanged(): void {
    this.#release()
    this.#collect()
  }

  get #keepsSession(): boolean {
    return this.#options.client.options.clean === false
  }

  get #isFull(): boolean {
    return this.#queue.length >= this.#options.maxQueued
  }

  #arrive(publish: MqttPublish, callback: (error?: Error) => void): void {
    const { client } = this.#options
    if (!this.#options.isInbox(publish.topic.toString())) {
      this.#previous.call(client, publish, callback)
      return
    }
    const messageId = publish.qos === 1 ? publish.messageId : undefined
    const outcome = messageId === undefined ? undefined : acknowledgedLater
    if (this.#closed) {
      if (!this.#keepsSession || messageId === undefined) this.#options.onDrop('unsettled')
      callback(outcome)
      return
    }
    if (this.#queue.length >= this.#options.maxQueued * sendingFactor) this.#overflow(messageId)
    else this.#enqueue(publish, messageId)
    // A PUBACK for us comes behind the PUBLISHes that the broker sent before. If one is awaited, perhaps by the very `receive`
    // that must end before the queue can shrink, holding mqtt.js would hold it for ever.
    if (this.#isFull && !this.#options.isSending()) this.#held.push(() => callback(outcome))
    else callback(outcome)
  }

  /** Only a broker without a limit of messages in flight comes to this. It sends them again over a new connection. */
  #overflow(messageId: number | undefined): void {
    if (this.#keepsSession && messageId !== undefined) this.#owed = true
    else this.#options.onDrop('unsettled')
  }

  #enqueue(publish: MqttPublish, messageId: number | undefined): void {
    const { client, maxPacketBytes, onDrop, replies } = this.#options
    const { payload } = publish
    const bytes =
      typeof payload === 'string'
        ? encodeUtf8(payload)
        : new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
    const mediaType = publish.properties?.contentType
    const reply = mqttReply(publish, replies)
    const packet = { bytes, ...(mediaType !== undefined && { mediaType }), ...(reply && { reply }) }
    const drop = publish.retain ? 'retained' : bytes.length > maxPacketBytes ? 'too-large' : undefined
    if (drop) onDrop(drop)
    this.#queue.push({ packet, messageId, stream: client.stream, state: drop ? 'settled' : 'waiting' })
    this.#work()
  }

  /** Works once for all that settles at the same time: their PUBACKs then go out in one write. */
  #workSoon(): void {
    if (this.#isWorkDue) return
    this.#isWorkDue = true
    void Promise.resolve().then(() => {
      this.#isWorkDue = false
      this.#work()
    })
  }

  /** Acknowledges what is settled, begins what may begin, and lets mqtt.js go on where there is room. */
  #work(): void {
    this.#acknowledge()
    for (const arrival of this.#queue) {
      if (!this.#receive || this.#receiving >= this.#options.maxConcurrent) break
      if (arrival.state === 'waiting') this.#begin(arrival, this.#receive)
    }
    this.#release()
    this.#collect()
    if (this.#closed && this.#queue.length === 0 && this.#receiving === 0) this.#closed()
  }

  #begin(arrival: Arrival, receive: Receive): void {
    arrival.state = 'receiving'
    this.#receiving += 1
    this.#settle(arrival, receive).then(
      (settled) => {
        this.#receiving -= 1
        if (settled) arrival.state = 'settled'
        else this.#giveUp(arrival)
        this.#workSoon()
      },
      () => undefined,
    )
  }

  /**
   * Receives until it is settled; `false` where it is given up. The broker sends again only after a reconnect, which would
   * fail all that is under way, so a message that may succeed later is kept and tried again here.
   */
  async #settle(arrival: Arrival, receive: Receive): Promise<boolean> {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, lastRetryMs)) {
      try {
        await receive(arrival.packet)
        return true
      } catch {
        if (this.#closed || !this.#queue.includes(arrival)) return false
        if (!(await this.#pause(arrival, delayMs))) return false
      }
    }
  }

  #pause(arrival: Arrival, delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.timer(delayMs, () => {
        delete arrival.cancelRetry
        resolve(true)
      })
      arrival.cancelRetry = () => {
        cancel()
        resolve(false)
      }
    })
  }

  #giveUp(arrival: Arrival): void {
    arrival.state = 'settled'
    this.#queue = this.#queue.filter((other) => other !== arrival)
    if (!this.#keepsSession || arrival.messageId === undefined) this.#options.onDrop('unsettled')
  }

  #acknowledge(): void {
    const { client } = this.#options
    const pubacks: number[] = []
    while (this.#queue[0]?.state === 'settled') {
      const { messageId, stream } = this.#queue.shift() as Arrival
      // PUBACK is the same in 3.1.1 (§3.4) and, for success, in 5 (§3.4.2.1): type, length, id.
      if (messageId !== undefined && stream === client.stream) pubacks.push(0x40, 2, messageId >> 8, messageId & 0xff)
    }
    if (pubacks.length > 0 && client.connected && !client.stream.destroyed) client.stream.write(new Uint8Array(pubacks))
  }

  /** The broker will send again what it kept; the rest is still ours to receive. */
  #connectionLost(): void {
    if (!this.#keepsSession) return
    this.#owed = false
    const abandoned = this.#queue.filter(({ messageId }) => messageId !== undefined)
    this.#queue = this.#queue.filter(({ messageId }) => messageId === undefined)
    for (const arrival of abandoned) {
      if (arrival.state === 'waiting') arrival.state = 'settled'
      arrival.cancelRetry?.()
    }
    this.#work()
  }

  /** Has the broker send again what there was no room for, once there is. */
  #collect(): void {
    const { client, isSending } = this.#options
    if (!this.#owed || this.#queue.length > 0 || isSending() || !client.connected) return
    this.#owed = false
    client.stream.end()
  }

  #release(): void {
    const mayGoOn = this.#closed || !this.#isFull || this.#options.isSending()
    if (this.#held.length === 0 || !mayGoOn) return
    const held = this.#held
    this.#held = []
    for (const goOn of held) goOn()
  }
}
