import { readFileSync } from 'node:fs'
import { decodeHex, encodeHex } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import {
  decodeFragment,
  type Fragment,
  FragmentReassembly,
  type FragmentReassemblyOptions,
  fragment,
  isFragment,
} from 'didcomm-mote/transports/fragmenting'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDidCommError } from '../../runtime/errors.ts'
import { type FragmentVectors, fragmentVectors } from '../../tools/write-fragment-vectors.ts'
import { joinedFragments } from './fragment-decoder.ts'
import { cut, numbered } from './fragment-rig.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/own/fragments.json', import.meta.url), 'utf8'),
) as FragmentVectors

const limits = { sha256, maxMessageBytes: 1_000, maxMessages: 8, maxHeldBytes: 20_000, timeoutMs: 100 }
const reassembly = (options: Partial<FragmentReassemblyOptions> = {}) =>
  new FragmentReassembly({ ...limits, ...options })

const text = readFileSync(new URL('../../docs/fragments.md', import.meta.url), 'utf8')

describe('docs/fragments.md', () => {
  it('has examples that are vectors', () => {
    const examples = /### Examples\n([\s\S]*?)\n## /.exec(text)?.[1] ?? ''
    const shown = [...examples.matchAll(/`((?:[0-9a-f]{2})+)`/g)].map(([, hex]) => hex)
    const refused = vectors.refusedPackets.map(({ packet }) => packet)
    expect(shown.length).toBe(5)
    expect([...vectors.messages.flatMap(({ packets }) => packets), ...refused]).toEqual(expect.arrayContaining(shown))
  })

  it('says what fragments cost', () => {
    const rows = [
      ...text.matchAll(/^\| (\d+) bytes: .*?\| (\d+) packets?, (\d+) bytes +\| (\d+) packets?, ([\d,]+) bytes +\|$/gm),
    ]
    expect(rows.length).toBe(5)
    for (const row of rows) {
      const [size = 0, ...said] = row.slice(1).map((figure) => Number(figure.replace(',', '')))
      const costs = [104, 1_496].flatMap((length) => {
        const packets = cut(new Uint8Array(length).fill(0xd0), size)
        return [packets.length, packets.reduce((sum, packet) => sum + packet.length, 0)]
      })
      expect(said, row[0]).toEqual(costs)
    }
  })
})

/** The fragment in a packet that is known to be one. */
function fragmentOf(packet: Uint8Array): Fragment {
  const decoded = decodeFragment(packet)
  return 'tag' in decoded ? decoded : expect.fail('a whole message')
}

function codeIn(work: () => unknown): string {
  try {
    work()
    return 'no error'
  } catch (error) {
    return isDidCommError(error) ? error.code : `no DidCommError: ${error}`
  }
}

/** Puts packets together one after the other, as a receiver does: each message once. */
function join(packets: readonly Uint8Array[], into: FragmentReassembly) {
  const messages: string[] = []
  const faults: string[] = []
  for (const packet of packets) {
    if (!isFragment(packet)) {
      messages.push(encodeHex(packet))
      continue
    }
    const decoded = decodeFragment(packet)
    if ('message' in decoded) {
      messages.push(encodeHex(decoded.message))
      continue
    }
    const code = codeIn(() => {
      const { message, letGo } = into.take(decoded, 0)
      faults.push(...letGo.map(({ reason }) => reason))
      if (!message) return
      messages.push(encodeHex(message))
      into.forget(decoded.tag)
    })
    if (code !== 'no error') faults.push(code)
  }
  return { messages, faults }
}

describe('the vectors of docs/fragments.md', () => {
  it('are those that are written', () => {
    expect(fragmentVectors).toEqual(vectors)
  })

  it.each(vectors.messages)('cut and join $name', ({ message, maxPacketBytes, packets }) => {
    expect(cut(decodeHex(message), maxPacketBytes).map(encodeHex)).toEqual(packets)
    expect(join(packets.map(decodeHex), reassembly({ maxMessageBytes: 2_000 }))).toEqual({
      messages: [message],
      faults: [],
    })
    expect(joinedFragments(packets)).toEqual([message])
    expect(joinedFragments([...packets].reverse())).toEqual([message])
  })

  it.each(vectors.refusedPackets)('refuse $why', ({ packet }) => {
    expect(isFragment(decodeHex(packet))).toBe(true)
    expect(codeIn(() => decodeFragment(decodeHex(packet)))).toBe('ERR_BYTES_MALFORMED')
  })

  it.each(vectors.sequences)('of packets make what they say: $name', ({ packets, messages, faults }) => {
    const into = reassembly()
    expect(join(packets.map(decodeHex), into)).toEqual({ messages, faults })
    if (faults.length === 0) expect(joinedFragments(packets)).toEqual(messages)
  })
})

/** Any bytes, among them messages that begin as fragments do. */
const anyMessage = fc.oneof(
  fc.uint8Array({ maxLength: 900 }),
  fc.uint8Array({ maxLength: 900 }).map((bytes) => Uint8Array.of(0x30 + (bytes.length % 16), ...bytes)),
)

interface Fate {
  readonly at: number
  readonly copies: number
}

/** What a link does with the fragments of different messages: each arrives at any time, once, twice or never. Tells which messages have lost none. */
function travelled(sent: readonly { message: Uint8Array; size: number }[], fates: Iterator<Fate>) {
  const arrivals: { at: number; packet: Uint8Array }[] = []
  const expected: string[] = []
  for (const [message, size] of new Map(sent.map((one) => [encodeHex(one.message), one.size]))) {
    const packets = cut(decodeHex(message), size).map((packet) => ({ packet, ...(fates.next().value as Fate) }))
    if (packets.every(({ copies }) => copies > 0)) expected.push(message)
    for (const { packet, at, copies } of packets) {
      for (let copy = 0; copy < copies; copy += 1) arrivals.push({ at: (at + copy * 0.37) % 1, packet })
    }
  }
  arrivals.sort((one, other) => one.at - other.at)
  return { packets: arrivals.map(({ packet }) => packet), expected }
}

describe('fragments', () => {
  it('are no longer than the packet, and join to what was cut, in any sizes', () => {
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 16, max: 1_000 }), (message, maxPacketBytes) => {
        const packets = cut(message, maxPacketBytes)
        for (const { length } of packets) expect(length).toBeLessThanOrEqual(maxPacketBytes)
        // All but the last one are full.
        for (const { length } of packets.slice(0, -1)) expect(length).toBe(maxPacketBytes)
        expect(join(packets, reassembly({ maxHeldBytes: 1e6 })).messages).toEqual([encodeHex(message)])
        expect(joinedFragments(packets.map(encodeHex))).toEqual([encodeHex(message)])
      }),
    )
  })

  it('of several senders join in any order, with copies, and what has lost one never does', () => {
    const fate = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      copies: fc.constantFrom(0, 1, 1, 1, 1, 2),
    })
    const sent = fc.record({
      message: fc.uint8Array({ minLength: 101, maxLength: 900 }),
      size: fc.integer({ min: 20, max: 100 }),
    })
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 6 }), fc.infiniteStream(fate), (all, fates) => {
        const { packets, expected } = travelled(all, fates)
        const joined = join(packets, reassembly({ maxHeldBytes: 1e6 }))
        // Copies may make a message a second time, and nothing else.
        expect([...new Set(joined.messages)].sort()).toEqual(expected.sort())
        expect(joined.faults).toEqual([])
      }),
    )
  })

  it('that are changed, cut anew or made up never make a message that nobody has sent', () => {
    const honest = [numbered(200), numbered(200, 7), numbered(150, 99)]
    const known = new Set(honest.map(encodeHex))
    const pool = honest.flatMap((message) => [...cut(message, 40), ...cut(message, 57)])
    const change = fc.record({
      packet: fc.constantFrom(...pool),
      at: fc.nat(60),
      to: fc.nat(255),
      isChanged: fc.constantFrom(true, false, false),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const into = reassembly({ maxMessages: 4, maxHeldBytes: 2_000 })
        for (const { packet, at, to, isChanged } of changes) {
          const bytes = Uint8Array.from(packet, (byte, index) => (isChanged && index === at ? to : byte))
          const code = codeIn(() => {
            if (!isFragment(bytes)) return
            const { message } = 'tag' in decodeFragment(bytes) ? into.take(fragmentOf(bytes), 0) : {}
            if (message) expect(known).toContain(encodeHex(message))
          })
          expect(['no error', 'ERR_BYTES_MALFORMED', 'ERR_TOO_LARGE']).toContain(code)
          expect(into.heldBytes).toBeLessThanOrEqual(2_000)
          expect(into.size).toBeLessThanOrEqual(4)
        }
      }),
    )
  })

  it('cut anew in another size take the place of those that were here, and join', () => {
    const message = numbered(200)
    const packets = [...cut(message, 40).slice(0, 4), ...cut(message, 60)]
    expect(join(packets, reassembly())).toEqual({ messages: [encodeHex(message)], faults: ['contradicted'] })
  })

  it('of what was sent before fill what is missing when it is sent again', () => {
    const packets = cut(numbered(200), 40)
    const lost = (index: number) => packets.filter((_, i) => i !== index)
    expect(join([...lost(3), ...lost(1)], reassembly()).messages).toEqual([encodeHex(numbered(200))])
  })

  it('may not be shorter than 16 bytes, and messages not longer than a length can say', () => {
    for (const size of [15, 0, -1, Number.NaN]) expect(() => cut(numbered(3), size)).toThrow(RangeError)
    expect(() => fragment({ length: 2 ** 28 } as Uint8Array, 100, sha256).next()).toThrow(RangeError)
  })
})

describe('what is held of messages that are not whole', () => {
  const first = (message: Uint8Array, size = 40) => fragmentOf(cut(message, size)[0] ?? new Uint8Array(0))

  it('comes again until it is forgotten, once it is whole', () => {
    const into = reassembly()
    const packets = cut(numbered(100), 40).map(fragmentOf)
    const whole = () => packets.map((packet) => into.take(packet, 0).message !== undefined)
    expect(whole()).toEqual([false, false, true])
    expect(whole()).toEqual([true, true, true])
    into.forget(packets[0]?.tag ?? '')
    expect([into.size, into.heldBytes]).toEqual([0, 0])
    expect(whole()).toEqual([false, false, true])
  })

  it('goes when nothing new has come in time; a copy is nothing new', () => {
    const into = reassembly()
    const [one, two] = cut(numbered(200), 40).map(fragmentOf)
    if (!one || !two) expect.fail('two fragments')
    into.take(one, 0)
    expect(into.overdueMs).toBe(100)
    into.take(two, 60)
    into.take(one, 90)
    expect(into.expire(159)).toEqual([])
    expect(into.expire(160)).toEqual([one.tag])
    expect([into.size, into.heldBytes, into.overdueMs]).toEqual([0, 0, undefined])
  })

  it('stays, once it is whole, as long as copies come: somebody tries it again', () => {
    const into = reassembly()
    const packets = cut(numbered(100), 40).map(fragmentOf)
    for (const packet of packets) into.take(packet, 0)
    into.take(packets[1] ?? expect.fail(), 90)
    expect(into.expire(189)).toEqual([])
    expect(into.expire(190)).toEqual([packets[0]?.tag])
  })

  it('goes as well when the clock is set back, but not while it is under way', () => {
    const into = reassembly()
    const one = first(numbered(200))
    into.take(one, 1_000)
    expect(into.expire(950)).toEqual([])
    expect(into.expire(900, (tag) => tag === one.tag)).toEqual([])
    expect(into.expire(950)).toEqual([])
    expect(into.expire(1_000)).toEqual([one.tag])
  })

  it('has a bound in messages, where the one that rests the longest goes', () => {
    const into = reassembly({ maxMessages: 2 })
    const [one, two, three] = [1, 2, 3].map((start) => cut(numbered(200, start), 40).map(fragmentOf))
    for (const packet of [one?.[0], two?.[0], one?.[1]]) into.take(packet ?? expect.fail(), 0)
    const { letGo } = into.take(three?.[0] ?? expect.fail(), 0)
    expect(letGo).toEqual([{ tag: two?.[0]?.tag, reason: 'no-room' }])
    expect(into.size).toBe(2)
  })

  it('has a bound in bytes, with what each fragment costs', () => {
    const into = reassembly({ maxHeldBytes: 500 })
    const { letGo: none } = into.take(first(numbered(200, 1)), 0)
    into.take(first(numbered(200, 2)), 0)
    expect([none, into.heldBytes]).toEqual([[], 2 * (33 + 128)])
    into.take(first(numbered(200, 3)), 0)
    const { letGo } = into.take(first(numbered(200, 4), 100), 0)
    expect(letGo.map(({ reason }) => reason)).toEqual(['no-room', 'no-room'])
    expect(into.heldBytes).toBe(33 + 93 + 2 * 128)
  })

  it('is not reserved for a length that somebody only says', () => {
    const into = reassembly({ maxMessageBytes: 2 ** 27 })
    for (let index = 0; index < 1_000; index += 1) {
      into.take({ tag: `${index}`, number: 0, totalBytes: 2 ** 27, payload: new Uint8Array(1) }, 0)
      expect(into.heldBytes).toBeLessThanOrEqual(8 * 129)
    }
  })

  it('is refused where it is too long, or in too many pieces', () => {
    expect(codeIn(() => reassembly().take(first(numbered(1_001), 60), 0))).toBe('ERR_TOO_LARGE')
    expect(codeIn(() => reassembly().take({ tag: 'a', number: 1_000, payload: new Uint8Array(1) }, 0))).toBe(
      'ERR_TOO_LARGE',
    )
    const into = reassembly({ maxHeldBytes: 1_000 })
    const codes = cut(numbered(900), 20).map((packet) => codeIn(() => into.take(fragmentOf(packet), 0)))
    expect(codes).toContain('ERR_TOO_LARGE')
    expect(into.heldBytes).toBeLessThanOrEqual(1_000)
  })

  it('does not keep what the transport uses again', () => {
    const buffer = Buffer.alloc(64, cut(numbered(200), 40)[0])
    const decoded = fragmentOf(buffer.subarray(0, 40))
    buffer.fill(0)
    expect(encodeHex(decoded.payload)).toBe(encodeHex(numbered(33)))
    expect(decoded.payload.buffer.byteLength).toBe(decoded.payload.length)
  })

  it.each([{ maxMessages: 0 }, { maxMessageBytes: -1 }, { maxHeldBytes: 0 }, { timeoutMs: Number.NaN }])(
    'has limits that can be: not %j',
    (options) => {
      expect(() => reassembly(options)).toThrow(RangeError)
    },
  )
})
