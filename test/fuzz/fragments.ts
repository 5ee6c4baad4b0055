import { expect } from 'vitest'
import { encodeHex } from '../../runtime/bytes/index.ts'
import { sha256 } from '../../runtime/crypto/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import type { Packet, Receipt, Receive, Transport } from '../../runtime/transport.ts'
import { decodeFragment, fragment, isFragment } from '../../transports/fragments/fragment.ts'
import { fragmenting } from '../../transports/fragments/fragmenting.ts'
import { FragmentReassembly } from '../../transports/fragments/reassembly.ts'
import { Clock, turn } from '../transport/clock.ts'
import { changedBytes } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** Packets of strangers among those of honest senders. */

/** Honest packets in any order, some of them twice or never, and some that were changed. */
function packetsOf(random: Random): { packets: Uint8Array[]; messages: Uint8Array[] } {
  const messages = Array.from({ length: 1 + random.below(4) }, () => random.bytes(random.below(500)))
  const honest = messages.flatMap((message) => [...fragment(message, 16 + random.below(100), sha256)])
  const packets = Array.from({ length: 2 * honest.length }, () => {
    const packet = random.pick(honest)
    return random.below(3) === 0 ? changedBytes(packet, random, random.pick(honest)) : packet
  })
  return { packets, messages }
}

/** The message that is whole with a packet, in hexadecimal, or the `DidCommError` that it fails with. */
function taken(reassembly: FragmentReassembly, packet: Uint8Array, nowMs: number): string | Error | undefined {
  try {
    const decoded = decodeFragment(packet)
    const { message } = 'tag' in decoded ? reassembly.take(decoded, nowMs) : {}
    return message && encodeHex(message)
  } catch (error) {
    if (isDidCommError(error)) return error
    throw error
  }
}

/** Fragments that were changed make what was sent or nothing, and take no more memory than they may. */
export function reassemblyTarget(): Target {
  const limits = { sha256, maxMessageBytes: 450, maxMessages: 5, maxHeldBytes: 3_000, timeoutMs: 20 }
  return {
    name: 'fragments',
    run(random) {
      const reassembly = new FragmentReassembly(limits)
      const { packets, messages } = packetsOf(random)
      const sent = new Set(messages.map(encodeHex))
      let failure: Error | undefined
      for (const [nowMs, packet] of packets.filter(isFragment).entries()) {
        const outcome = taken(reassembly, packet, nowMs)
        if (outcome instanceof Error) failure = outcome
        else if (outcome) expect(sent).toContain(outcome)
        expect(reassembly.heldBytes).toBeLessThanOrEqual(limits.maxHeldBytes)
        expect(reassembly.size).toBeLessThanOrEqual(limits.maxMessages)
        if (random.below(10) === 0) reassembly.expire(nowMs)
      }
      if (failure) throw failure
      return 'taken'
    },
  }
}

/** A link whose other end is the test. */
function linkOf(): { link: Transport; bring: Receive } {
  let receive: Receive = async () => 'refused'
  const link: Transport = {
    schemes: ['x'],
    maxPacketBytes: 60,
    start: async (given) => {
      receive = given
    },
    send: async () => undefined,
    close: async () => undefined,
  }
  return { link, bring: (packet) => receive(packet) }
}

/** Whatever comes, each packet has its receipt in the end, only what was sent is handed on, and the next message arrives. */
export function fragmentingTarget(): Target {
  return {
    name: 'a transport in fragments',
    async run(random) {
      const clock = new Clock()
      const { link, bring } = linkOf()
      const { packets, messages } = packetsOf(random)
      const asTheyAre = packets.flatMap((packet) => [packet, packet.subarray(1)])
      const allowed = new Set([...messages, ...asTheyAre].map(encodeHex))
      const drops: string[] = []
      const transport = fragmenting(link, {
        sha256,
        maxMessageBytes: 450,
        maxMessages: 5,
        timeoutMs: 1_000,
        world: clock,
        onDrop: (reason) => drops.push(reason),
      })
      let isHonest = false
      await transport.start(async ({ bytes }: Packet): Promise<Receipt> => {
        expect(allowed).toContain(encodeHex(bytes))
        if (!isHonest && random.below(8) === 0) throw new Error('no room')
        return isHonest || random.below(8) > 0 ? 'accepted' : 'refused'
      })
      let settled = 0
      const settle = () => {
        settled += 1
      }
      for (const bytes of packets) {
        bring({ bytes }).then(settle, settle)
        if (random.below(10) === 0) clock.advance(random.below(500))
        if (random.below(4) === 0) await turn()
      }
      await turn()
      clock.advance(2_000)
      await turn()
      expect([settled, clock.pending]).toEqual([packets.length, 0])
      isHonest = true
      const message = random.bytes(300)
      allowed.add(encodeHex(message))
      const receipts = [...fragment(message, 60, sha256)].map((bytes) => bring({ bytes }))
      expect(new Set(await Promise.all(receipts))).toEqual(new Set(['accepted']))
      await transport.close()
      return drops.includes('malformed') ? 'ERR_BYTES_MALFORMED' : 'taken'
    },
  }
}
