import { isDidCommError } from '../../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../../runtime/transport.ts'
import { turn } from '../clock.ts'
import type { Promises } from './properties.ts'

/** Two ends of one transport, not started. */
export interface Pair {
  readonly a: Transport
  readonly b: Transport
  /** Where each is reached once it has started. */
  uriOf(end: Transport): string
  /** A URI, or a state of the network, in which nobody can be reached. */
  unreachable(): Promise<string>
  /** Breaks every connection, as a bad network or a broker that begins anew does; resolves when there can be new ones. */
  interrupt(): Promise<void>
  /** Throws bytes that no transport wrote at the medium on which `b` receives. */
  garbage?(junk: Uint8Array): Promise<void>
  /** Returns a URI of `b` from where on the medium carries little at a time. */
  slow?(): Promise<string>
  /** How many bytes `b` has taken off the medium. */
  taken?(): number
  /** Moves the clock of `b`, where it has one of its own. */
  elapse?(): void
  /** What may not grow with the number of messages. */
  held(): number
  close(): Promise<void>
}

/** What the tests of one transport share. */
export interface Scene {
  readonly promises: Promises
  /** Registers a test, unless it is of something that this transport does without. The title ends in the property: `… [order]`. */
  test(title: string, run: () => Promise<void>): void
  /** The ends of this test. */
  pair(): Pair
  /** What `keep` has received. */
  readonly got: Packet[]
  readonly keep: Receive
  texts(): string[]
  /** Starts both ends and returns the URI of `b`. */
  start(receive: Receive, receiveAtA?: Receive): Promise<string>
}

export const mediaType = 'application/didcomm-encrypted+json'

export const textOf = ({ bytes }: Packet): string => new TextDecoder().decode(bytes)

export const packetOf = (text: string): Packet => ({ bytes: new TextEncoder().encode(text), mediaType })

/** So many different texts. */
export const textsOf = (count: number, name = 'packet'): string[] =>
  Array.from({ length: count }, (_, index) => `${name} ${index}`)

/** Lets what is ready run, several times around. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await turn()
}

/** Sends until the packet is taken, as an outbox does, and returns in how many attempts. */
export async function insist(end: Transport, uri: string, packet: Packet): Promise<number> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await end.send(uri, packet)
      return attempts
    } catch (error) {
      if (!isDidCommError(error, 'ERR_TRANSPORT_UNREACHABLE')) throw error
      await turns(10)
    }
  }
}

/** Lets `count` of `work` run at the same time until all are done. */
export async function inParallel<T>(items: readonly T[], count: number, work: (item: T) => Promise<void>) {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: count }, worker))
}
