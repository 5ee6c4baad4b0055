import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import type { World } from '../../runtime/world.ts'
import { checkSize } from '../reply.ts'
import { world } from '../world.ts'
import { DifLink } from './dif.ts'
import { encodeInfo, isBleName, maxValueBytes, maxWindow } from './framing.ts'
import { KeptLinks } from './kept.ts'
import { type BleConnection, BleLink } from './link.ts'
import type { BleCentral, BlePeripheral, BlePort, Introduce } from './port.ts'

export { agentName } from '../agent-name.ts'
export type { BleCentral, BlePeripheral, BlePort, BlePortEvents, Introduce } from './port.ts'

export interface BleOptions {
  /** The name under which this party is reached, as in `ble:<name>`: `agentName(did, sha256)`, or any of 1 to 29 unreserved characters. */
  readonly name: string
  /** Connects to others: `nodeBleCentral`, `webBleCentral`. */
  readonly central?: BleCentral
  /** Is connected to: `bluezPeripheral`. */
  readonly peripheral?: BlePeripheral
  /** Applies to both directions; 64 KiB where absent. */
  readonly maxPacketBytes?: number
  /** How many fragments of the other side may be here without a receipt, 1 to 32; 32 where absent. */
  readonly window?: number
  /** Connections over this number are not opened; 7 where absent, as many as common controllers have. */
  readonly maxLinks?: number
  /** How long a connection may take to open, and a receipt to come; 30 s where absent. */
  readonly timeoutMs?: number
  /** Learns that a connection has ended, and why where it was given up from here. Must not throw. */
  readonly onDisconnect?: (uri: string, fault?: Error) => void
  readonly world?: Pick<World, 'now' | 'timer'>
}

/** The BLE transport, and what only it has. */
export interface BleTransport extends Transport {
  /**
   * Connects to a peripheral and stays connected, from now or from `start`, with growing pauses where it fails: so that the peripheral can
   * send. Returns what ends that; an open connection is left as it is.
   */
  stayLinked(uri: string): () => void
}

/**
 * Moves packets over Bluetooth Low Energy (`docs/ble.md`). `send` opens a connection or uses the one that is open, in whichever role, and
 * resolves when the other side has settled the packet. What comes in has a `reply` that works until the connection ends. A name proves
 * nothing: anybody can advertise any.
 *
 * @throws TypeError, RangeError for options that do not fit together
 *
 * @example
 * import { ble } from 'didcomm-mote/transports/ble'
 * import { nodeBleCentral } from 'didcomm-mote/transports/ble-central'
 * import { createBluetooth } from 'node-ble'
 *
 * const central = nodeBleCentral({ bluetooth: createBluetooth().bluetooth })
 * const transport = ble({ name: 'gateway-1', central })
 */
export function ble(options: BleOptions): BleTransport {
  if (!isBleName(options.name)) {
    throw new TypeError(`"name" expected 1 to 29 unreserved URI characters, got "${options.name}"`)
  }
  const { window = maxWindow } = options
  if (!(window >= 1 && window <= maxWindow)) throw new RangeError(`"window" expected 1 to ${maxWindow}, got ${window}`)
  return new PortTransport(options)
}

class PortTransport implements BleTransport {
  readonly schemes = ['ble'] as const
  readonly maxPacketBytes: number
  readonly #options: BleOptions
  readonly #world: Pick<World, 'now' | 'timer'>
  readonly #timeoutMs: number
  readonly #introduce: Introduce
  readonly #links = new Set<BleConnection>()
  readonly #sends = new Set<Promise<void>>()
  readonly #dialing = new Map<string, Promise<BleConnection>>()
  /** What gives up each connection that is being opened. */
  readonly #abandons = new Set<() => void>()
  readonly #kept: KeptLinks
  #receive: Receive | undefined
  #closing: Promise<void> | undefined

  constructor(options: BleOptions) {
    const { maxPacketBytes = 65_536, name, timeoutMs = 30_000, window = maxWindow } = options
    this.#options = options
    this.maxPacketBytes = maxPacketBytes
    this.#timeoutMs = timeoutMs
    this.#world = options.world ?? world()
    this.#introduce = (longest) =>
      encodeInfo({ window, name, maxMessageBytes: maxPacketBytes, maxValueBytes: Math.min(longest, maxValueBytes) })
    this.#kept = new KeptLinks(this.#world.timer, async (linked) => {
      await (await this.#linkTo(linked)).ended
    })
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw closed()
    if (this.#receive) throw new TypeError('"start" was called before')
    this.#receive = receive
    const { name, peripheral } = this.#options
    await peripheral?.start(name, this.#introduce, (port) => this.#accept(port))
    this.#kept.start()
  }

  async send(uri: string, packet: Packet): Promise<void> {
    if (this.#closing) throw closed()
    if (!this.#receive) throw new TypeError('"send" was called before "start"')
    const name = nameOf(uri)
    checkSize(packet.bytes, this.maxPacketBytes)
    const sent = this.#exchange(name, packet)
    this.#sends.add(sent)
    await sent.finally(() => this.#sends.delete(sent))
  }

  stayLinked(uri: string): () => void {
    if (!this.#options.central) throw new TypeError('"stayLinked" needs "central"')
    return this.#kept.add(nameOf(uri))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#kept.close()
    await Promise.allSettled([...this.#sends])
    for (const abandon of [...this.#abandons]) abandon()
    await Promise.all([...this.#links].map((link) => Promise.all([link.close(), link.ended])))
    await Promise.all([this.#options.peripheral?.close(), this.#options.central?.close()])
  }

  async #exchange(name: string, packet: Packet): Promise<void> {
    await (await this.#linkTo(name)).send(packet)
  }

  /** The open link to a name; the one that was opened last, where several say they have it. */
  async #linkTo(name: string): Promise<BleConnection> {
    const open = [...this.#links].filter((link) => link.name === name && link.isOpen).at(-1)
    if (open) return open
    const underWay = this.#dialing.get(name)
    if (underWay) return underWay
    const dialed = this.#dial(name).finally(() => this.#dialing.delete(name))
    this.#dialing.set(name, dialed)
    return dialed
  }

  async #dial(name: string): Promise<BleConnection> {
    const { central } = this.#options
    if (!central) throw unreachable(`no link to "ble:${name}", and no central to open one`)
    if (this.#isFull && !this.#makeRoom()) throw unreachable('as many connections as may be are open')
    const link = this.#link(await this.#connect(central, name), name)
    if (link.name === name) return link
    await link.close()
    throw unreachable(`who answers at "ble:${name}" has another name`)
  }

  /** Connects, but not for ever; what comes too late is ended. */
  #connect(central: BleCentral, name: string): Promise<BlePort> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const settle = (how: () => void) => {
        if (isOver) return
        isOver = true
        cancelTimeout()
        this.#abandons.delete(abandon)
        how()
      }
      const fail = (error: DidCommError) => settle(() => reject(error))
      const cancelTimeout = this.#world.timer(this.#timeoutMs, () =>
        fail(unreachable(`"ble:${name}" did not answer within ${this.#timeoutMs} ms`)),
      )
      const abandon = () => fail(closed())
      this.#abandons.add(abandon)
      central.connect(name, this.#introduce).then(
        (port) => {
          if (isOver) port.close().catch(() => undefined)
          settle(() => resolve(port))
        },
        (cause) => fail(unreachable(`"ble:${name}" cannot be reached`, cause)),
      )
    })
  }

  get #isFull(): boolean {
    return this.#links.size + this.#dialing.size >= (this.#options.maxLinks ?? 7)
  }

  /** Ends the link that was opened first and has nothing to do, and is not to stay. */
  #makeRoom(): boolean {
    const idle = [...this.#links].find((link) => !link.isBusy && !this.#kept.has(link.name))
    if (!idle) return false
    this.#links.delete(idle)
    void idle.close()
    return true
  }

  /** Takes over what has connected to our peripheral. */
  #accept(port: BlePort): void {
    try {
      if (!this.#closing && !this.#isFull) {
        this.#link(port, '')
        return
      }
    } catch {
      // It has introduced itself badly.
    }
    port.close().catch(() => undefined)
  }

  #link(port: BlePort, dialed: string): BleConnection {
    const { onDisconnect, window = maxWindow } = this.#options
    const common = {
      receive: async (packet: Packet) => (await this.#receive?.(packet)) ?? 'refused',
      maxPacketBytes: this.maxPacketBytes,
      timeoutMs: this.#timeoutMs,
      world: this.#world,
    }
    const link: BleConnection = port.info
      ? new BleLink(port, { ...common, window })
      : new DifLink(port, { ...common, name: dialed })
    this.#links.add(link)
    void link.ended.then(() => {
      this.#links.delete(link)
      if (link.name !== '') onDisconnect?.(`ble:${link.name}`, link.fault)
    })
    return link
  }
}

const unreachable = (message: string, cause?: unknown) =>
  new DidCommError('ERR_TRANSPORT_UNREACHABLE', message, cause === undefined ? {} : { cause })

const closed = () => new DidCommError('ERR_CLOSED', 'the transport is closed')

function nameOf(uri: string): string {
  const name = /^ble:(.*)$/i.exec(uri)?.[1] ?? ''
  if (!isBleName(name)) throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the URI is no ble:<name>')
  return name
}
