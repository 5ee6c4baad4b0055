import { DidCommError } from '../runtime/errors.ts'
import type { Packet, Receipt, Receive, Transport } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { checkSize, copyOf, ReplySlot } from './reply.ts'

/** How a network in memory treats packets. Everything is perfect where nothing is given. */
export interface MemoryNetworkOptions {
  /** Needed for delays. Without it packets arrive at once. */
  readonly timer?: Timer
  /** Uniform in [0, 1). Needed for the rates. */
  readonly random?: () => number
  /** How long a packet is under way, and so is its acknowledgement. */
  readonly latencyMs?: number
  /** The share of packets, and of acknowledgements, that are lost; the sender gets `ERR_TRANSPORT_UNREACHABLE`. */
  readonly lossRate?: number
  /** The share of packets that take up to four times as long, so that others overtake them. */
  readonly reorderRate?: number
  /** The share of packets that arrive twice. */
  readonly duplicateRate?: number
  /** 1 MiB where absent. */
  readonly maxPacketBytes?: number
}

/** A network within one program, with the faults of real ones. */
export interface MemoryNetwork {
  /** Makes the end of the network that is reached by the URI `memory:<address>`. */
  transport(address: string): Transport
  /**
   * Splits the network: ends reach only those of their own group. Those that no group names are a group as well, so that one
   * group is cut off from all others. What would arrive from another group is lost, acknowledgements too; the sender gets
   * `ERR_TRANSPORT_UNREACHABLE`. It takes the place of an earlier split.
   *
   * @throws TypeError for an address in two groups
   */
  partition(...groups: readonly (readonly string[])[]): void
  /** Ends the split: everyone reaches everyone again. */
  heal(): void
}

const addressForm = /^[A-Za-z0-9._~-]{1,128}$/

function checkedRate(name: string, rate: number | undefined, options: MemoryNetworkOptions): number {
  if (rate === undefined) return 0
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`"${name}" expected a number from 0 to 1, got ${rate}`)
  if (rate > 0 && !options.random) throw new TypeError(`"${name}" needs "random"`)
  return rate
}

function checkedOptions(options: MemoryNetworkOptions): Required<Omit<MemoryNetworkOptions, 'timer'>> {
  const { latencyMs = 0, maxPacketBytes = 1_048_576, random = () => 1 } = options
  if (latencyMs > 0 && !options.timer) throw new TypeError('"latencyMs" needs "timer"')
  if (options.reorderRate && !options.timer) throw new TypeError('"reorderRate" needs "timer"')
  return {
    latencyMs,
    maxPacketBytes,
    random,
    lossRate: checkedRate('lossRate', options.lossRate, options),
    reorderRate: checkedRate('reorderRate', options.reorderRate, options),
    duplicateRate: checkedRate('duplicateRate', options.duplicateRate, options),
  }
}

/** Which addresses reach each other: all, until they are split. */
class Reach {
  #groups = new Map<string, number>()

  split(groups: readonly (readonly string[])[]): void {
    const numbered = groups.flatMap((group, index) => group.map((address): [string, number] => [address, index]))
    const byAddress = new Map(numbered)
    if (byAddress.size < numbered.length) throw new TypeError('"groups" has an address twice')
    this.#groups = byAddress
  }

  has(from: string, to: string): boolean {
    return this.#groups.get(from) === this.#groups.get(to)
  }
}

/**
 * Makes a network within one program, for tests and examples. With the same `random` and `timer` it behaves the same
 * each time. Packets between two ends arrive in the order of their `send`s, unless `reorderRate` is set.
 *
 * @throws TypeError, RangeError for options that do not fit together
 *
 * @example
 * import { memoryNetwork } from 'didcomm-mote/transports/memory'
 *
 * const network = memoryNetwork()
 * const sensor = network.transport('sensor')
 * const gateway = network.transport('gateway')
 * await gateway.start(async () => 'accepted')
 * await sensor.start(async () => 'refused')
 * await sensor.send('memory:gateway', { bytes: new Uint8Array([1]) })
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const { latencyMs, maxPacketBytes, random, lossRate, reorderRate, duplicateRate } = checkedOptions(options)
  const { timer } = options
  const ends = new Map<string, (packet: Packet) => Promise<Receipt>>()
  const reach = new Reach()

  const travel = async (delayMs: number): Promise<void> => {
    if (timer && delayMs > 0) await new Promise<void>((resolve) => timer(delayMs, resolve))
  }
  const happens = (rate: number) => rate > 0 && random() < rate
  const delayMs = () => (happens(reorderRate) ? Math.max(latencyMs, 1) * (1 + 3 * random()) : latencyMs)
  const lost = (what: string) => new DidCommError('ERR_TRANSPORT_UNREACHABLE', `the network lost the ${what}`)

  /** Carries one packet from `from` to `to`, and its acknowledgement back. */
  async function carry(from: string, to: string, packet: Packet): Promise<void> {
    const isLost = happens(lossRate) || !reach.has(from, to)
    await travel(delayMs())
    const arrive = ends.get(to)
    if (isLost || !reach.has(from, to)) throw lost('packet')
    if (!arrive) throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', `nobody listens at "memory:${to}"`)
    // The second copy is on its own, as on a real network: nobody waits for what becomes of it.
    if (happens(duplicateRate)) arrive(copyOf(packet)).catch(() => undefined)
    const receipt = await arrive(packet).catch((cause: unknown) => {
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', `"memory:${to}" asks to try later`, { cause })
    })
    const isCut = !reach.has(from, to)
    await travel(latencyMs)
    if (happens(lossRate) || isCut || !reach.has(from, to)) throw lost('acknowledgement')
    if (receipt === 'too-large') throw new DidCommError('ERR_TOO_LARGE', `"memory:${to}" takes no packets of this size`)
    if (receipt === 'refused') throw new DidCommError('ERR_TRANSPORT_REJECTED', `"memory:${to}" refused the packet`)
  }

  return {
    transport: (address) => {
      if (!addressForm.test(address))
        throw new TypeError(`"address" expected 1 to 128 URI characters, got "${address}"`)
      return new MemoryTransport(address, maxPacketBytes, ends, (to, packet) => carry(address, to, packet))
    },
    partition: (...groups) => reach.split(groups),
    heal: () => reach.split([]),
  }
}

class MemoryTransport implements Transport {
  readonly schemes = ['memory'] as const
  readonly maxPacketBytes: number
  readonly #address: string
  readonly #ends: Map<string, (packet: Packet) => Promise<Receipt>>
  readonly #carry: (to: string, packet: Packet) => Promise<void>
  readonly #underWay = new Set<Promise<unknown>>()
  #receive: Receive | undefined
  #closed = false

  constructor(
    address: string,
    maxPacketBytes: number,
    ends: Map<string, (packet: Packet) => Promise<Receipt>>,
    carry: (to: string, packet: Packet) => Promise<void>,
  ) {
    this.#address = address
    this.maxPacketBytes = maxPacketBytes
    this.#ends = ends
    this.#carry = carry
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closed) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#ends.has(this.#address)) throw new TypeError(`"memory:${this.#address}" is taken`)
    this.#receive = receive
    this.#ends.set(this.#address, (packet) => this.#track(receive(packet)))
  }

  async send(uri: string, packet: Packet): Promise<void> {
    if (this.#closed) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    const receive = this.#receive
    if (!receive) throw new TypeError('"send" was called before "start"')
    const to = /^memory:(.*)$/i.exec(uri)?.[1]
    if (to === undefined) throw new DidCommError('ERR_TRANSPORT_REJECTED', `"${uri}" is no memory URI`)
    checkSize(packet.bytes, this.maxPacketBytes)
    const slot = new ReplySlot(this.maxPacketBytes)
    await this.#track(this.#carry(to, { ...copyOf(packet), reply: slot.reply })).finally(() => slot.end())
    // The packet was taken over, whatever becomes of what came back.
    const answer = slot.end()
    if (answer) await this.#track(receive(answer)).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#receive) this.#ends.delete(this.#address)
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }
}
