import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHex, encodeHex } from '../../runtime/bytes/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { type BleVectors, bleVectors } from '../../tools/write-ble-vectors.ts'
import { decodeInfo, decodeValue, encodeInfo, encodeReceipt, fragment } from '../../transports/ble/framing.ts'
import { Reassembly } from '../../transports/ble/reassembly.ts'
import { type Outcome, SendWindow } from '../../transports/ble/window.ts'

const vectors = JSON.parse(readFileSync(new URL('../vectors/own/ble.json', import.meta.url), 'utf8')) as BleVectors

const numbered = (lengthBytes: number, start = 0) =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => start + index)

const text = readFileSync(new URL('../../docs/ble.md', import.meta.url), 'utf8')

describe('docs/ble.md', () => {
  it.each(['endpoint URI', 'how to send', 'media type', 'further context'])(
    'answers what DIDComm asks: %s',
    (question) => {
      const row = text.split('\n').find((line) => line.startsWith(`| ${question} `))
      expect(row).toMatch(/\|.*\|.*\w{3}.*\|/)
    },
  )

  it('has examples that are vectors', () => {
    const examples = /### Examples\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
    const shown = [...examples.matchAll(/`((?:[0-9a-f]{2})+)`/g)].map(([, hex]) => hex)
    const all = [
      ...vectors.messages.flatMap(({ values }) => values),
      ...[...vectors.receipts, ...vectors.infos].map(({ value }) => value),
    ]
    expect(shown.length).toBeGreaterThan(5)
    expect(all).toEqual(expect.arrayContaining(shown))
  })
})

describe('the vectors of docs/ble.md', () => {
  it('are those that are written', () => {
    expect(bleVectors).toEqual(vectors)
  })

  it.each(vectors.messages)('cut and join $name', ({ message, sequence, valueBytes, values }) => {
    const made = [...fragment(decodeHex(message), sequence, valueBytes)]
    expect(made.map(encodeHex)).toEqual(values)
    const reassembly = new Reassembly({ window: 32, maxMessageBytes: 10_000, timeoutMs: 1 })
    // A link begins at 0; what is not of it would be ahead of the window.
    for (let skipped = 0; skipped < sequence; skipped += 1) {
      for (const value of fragment(new Uint8Array(0), skipped, 20)) reassembly.take(fragmentOf(value), 0)
    }
    const whole = values.flatMap((value) => reassembly.take(fragmentOf(decodeHex(value)), 0))
    expect(whole.map(({ bytes }) => encodeHex(bytes))).toEqual([message])
  })

  it.each(vectors.receipts)('encode the receipt $value', ({ value, ...receipt }) => {
    expect(encodeHex(encodeReceipt(receipt))).toBe(value)
    expect(decodeValue(decodeHex(value))).toEqual(receipt)
  })

  it.each(vectors.infos)('encode the link information $value', ({ value, ...info }) => {
    expect(encodeHex(encodeInfo(info))).toBe(value)
    expect(decodeInfo(decodeHex(value))).toEqual(info)
  })

  it.each(vectors.refusedValues)('refuse a value: $why', ({ value }) => {
    expect(codeIn(() => decodeValue(decodeHex(value)))).toBe('ERR_BYTES_MALFORMED')
  })

  it.each(vectors.refusedInfos)('refuse link information: $why', ({ value }) => {
    expect(codeIn(() => decodeInfo(decodeHex(value)))).toBe('ERR_BYTES_MALFORMED')
  })

  it.each(vectors.refusedSequences)('refuse what comes together: $why', ({ values, code }) => {
    const reassembly = new Reassembly({ window: 16, maxMessageBytes: 100, timeoutMs: 1 })
    const take = () => {
      for (const value of values) reassembly.take(fragmentOf(decodeHex(value)), 0)
    }
    expect(codeIn(take)).toBe(code)
  })
})

function fragmentOf(value: Uint8Array) {
  const decoded = decodeValue(value)
  if ('kind' in decoded) throw new Error('a receipt')
  return decoded
}

function codeIn(work: () => unknown): string {
  try {
    work()
    return 'no error'
  } catch (error) {
    return isDidCommError(error) ? error.code : `no DidCommError: ${error}`
  }
}

/** What a link does with values: each goes nowhere, once or twice, some turns later. */
const fate = fc.record({ delay: fc.nat(3), copies: fc.constantFrom(1, 1, 1, 2) })

/** Runs one direction of a link, receipts included, until nothing moves. */
function run(
  messages: Uint8Array[],
  valueBytes: number,
  window: number,
  fates: Iterator<{ delay: number; copies: number }>,
) {
  const outcomes: Outcome[] = messages.map(() => 'lost')
  const sender = new SendWindow({ window }, valueBytes)
  messages.forEach((bytes, index) => {
    sender.add(bytes, (outcome) => {
      outcomes[index] = outcome
    })
  })
  const reassembly = new Reassembly({ window, maxMessageBytes: 1_000, timeoutMs: 10 })
  const got: Uint8Array[] = []
  let mostHeldBytes = 0
  const arrive = (value: Uint8Array) => {
    const decoded = decodeValue(value)
    if ('kind' in decoded) return sender.take(decoded)
    for (const { bytes, sequence } of reassembly.take(decoded, 0)) {
      got.push(bytes)
      travel(encodeReceipt({ kind: 'accepted', sequence }))
    }
    const receipt = reassembly.receipt()
    if (receipt) travel(encodeReceipt(receipt))
    mostHeldBytes = Math.max(mostHeldBytes, reassembly.heldBytes)
  }
  let turns: Uint8Array[][] = [[], [], [], []]
  const travel = (value: Uint8Array) => {
    const { delay, copies } = fates.next().value as { delay: number; copies: number }
    for (let copy = 0; copy < copies; copy += 1) turns[delay]?.push(value)
  }
  for (let idle = 0; idle < 5; idle += 1) {
    const value = sender.next()
    if (value) travel(value)
    const [now = [], ...rest] = turns
    turns = [...rest, []]
    for (const arrived of now) arrive(arrived)
    if (value || now.length > 0) idle = -1
  }
  return { got, outcomes, sender, reassembly, mostHeldBytes }
}

const messagesOf = fc.array(fc.uint8Array({ maxLength: 900 }), { minLength: 1, maxLength: 12 })
const sizes = { valueBytes: fc.integer({ min: 20, max: 500 }), window: fc.integer({ min: 8, max: 32 }) }

describe('fragments', () => {
  it('join to what was cut, in any sizes, from any number on', () => {
    fc.assert(
      fc.property(messagesOf, sizes.valueBytes, fc.integer({ min: 1, max: 32 }), (messages, valueBytes, window) => {
        const { got, outcomes, sender } = run(messages, valueBytes, window, forever({ delay: 0, copies: 1 }))
        expect(got.map(encodeHex)).toEqual(messages.map(encodeHex))
        expect(outcomes).toEqual(messages.map(() => 'accepted'))
        expect(sender.size).toBe(0)
      }),
    )
  })

  it('come whole, once and in order when they overtake each other and come twice', () => {
    fc.assert(
      fc.property(
        messagesOf,
        sizes.valueBytes,
        sizes.window,
        fc.infiniteStream(fate),
        (messages, valueBytes, window, fates) => {
          const { got, outcomes, mostHeldBytes } = run(messages, valueBytes, window, fates)
          expect(got.map(encodeHex)).toEqual(messages.map(encodeHex))
          expect(outcomes).toEqual(messages.map(() => 'accepted'))
          expect(mostHeldBytes).toBeLessThanOrEqual(1_000 + window * 500)
        },
      ),
    )
  })

  it('never make a message that was not sent when some are lost, and it is noticed', () => {
    const lossy = fc.record({ delay: fc.nat(3), copies: fc.constantFrom(0, 1, 1, 1, 2) })
    fc.assert(
      fc.property(
        messagesOf,
        sizes.valueBytes,
        sizes.window,
        fc.infiniteStream(lossy),
        (messages, valueBytes, window, fates) => {
          const { got, outcomes, sender, reassembly } = run(messages, valueBytes, window, fates)
          expect(got.map(encodeHex)).toEqual(messages.slice(0, got.length).map(encodeHex))
          outcomes.forEach((outcome, index) => {
            if (outcome === 'accepted') expect(index).toBeLessThan(got.length)
          })
          if (got.length < messages.length) expect(sender.size).toBeGreaterThan(0)
          if (reassembly.isWaiting) expect(reassembly.isOverdue(10, false)).toBe(true)
        },
      ),
    )
  })

  it('may be any bytes at all: nothing but DidCommError is thrown, and no more held than allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 200 }), (values) => {
        const reassembly = new Reassembly({ window: 32, maxMessageBytes: 100, timeoutMs: 10 })
        const sender = new SendWindow({ window: 32 }, 20)
        sender.add(numbered(100), () => undefined)
        sender.next()
        for (const value of values) {
          const code = codeIn(() => {
            const decoded = decodeValue(value)
            if ('kind' in decoded) sender.take(decoded)
            else for (const { bytes } of reassembly.take(decoded, 0)) expect(bytes.length).toBeLessThanOrEqual(100)
          })
          expect(code).toMatch(/^(no error|ERR_BYTES_MALFORMED|ERR_TOO_LARGE)$/)
          expect(reassembly.heldBytes).toBeLessThanOrEqual(100 + 32 * 40)
        }
      }),
    )
  })

  it('share no memory with the message, nor the message with them', () => {
    const message = Buffer.from(numbered(30))
    const [first] = [...fragment(message, 0, 40)]
    message.fill(0)
    const value = Buffer.from(first ?? [])
    expect(value.subarray(1)).toEqual(Buffer.from(numbered(30)))
    const { payload } = fragmentOf(value)
    value.fill(0)
    expect(payload).toEqual(numbered(30))
  })

  it('cannot be made too small or of too much', () => {
    expect(() => [...fragment(numbered(1), 0, 19)]).toThrow(RangeError)
    expect(() => [...fragment({ length: 2 ** 28 } as Uint8Array, 0, 20)]).toThrow(RangeError)
  })
})

function* forever<T>(value: T): Generator<T, never> {
  for (;;) yield value
}

describe('a reassembly', () => {
  const options = { window: 8, maxMessageBytes: 1_000, timeoutMs: 100 }
  const values = [...fragment(numbered(100), 0, 20)].map(fragmentOf)

  it('waits for the rest of a message as long as it may, from the last fragment on', () => {
    const reassembly = new Reassembly(options)
    reassembly.take(values[0] ?? expect.fail(), 0)
    reassembly.take(values[1] ?? expect.fail(), 60)
    expect(reassembly.isOverdue(159, false)).toBe(false)
    expect(reassembly.isOverdue(160, false)).toBe(true)
    expect(reassembly.isOverdue(160, true)).toBe(false)
  })

  it('waits no longer for a gap because it holds back itself', () => {
    const reassembly = new Reassembly(options)
    reassembly.take(values[1] ?? expect.fail(), 50)
    expect(reassembly.isOverdue(149, true)).toBe(false)
    expect(reassembly.isOverdue(150, true)).toBe(true)
  })

  it('waits for nothing between messages', () => {
    const reassembly = new Reassembly(options)
    for (const value of values) reassembly.take(value, 0)
    expect(reassembly.isWaiting).toBe(false)
    expect(reassembly.isOverdue(1_000_000, false)).toBe(false)
    expect(reassembly.heldBytes).toBe(0)
  })
})

describe('a send window', () => {
  it('lets no more fragments go than the other side takes, and goes on over receipts in any order', () => {
    const sender = new SendWindow({ window: 2 }, 20)
    const outcomes: string[] = []
    for (const name of ['one', 'two', 'three'])
      sender.add(numbered(3), (outcome) => outcomes.push(`${name} ${outcome}`))
    expect([sender.next(), sender.next(), sender.next()].filter(Boolean).length).toBe(2)
    sender.take({ kind: 'refused', sequence: 1 })
    // The window begins at the oldest without a receipt.
    expect(sender.next()).toBeUndefined()
    sender.take({ kind: 'later', sequence: 0 })
    expect(sender.next()).toBeDefined()
    sender.take({ kind: 'later', sequence: 0 })
    expect(outcomes).toEqual(['two refused', 'one later'])
    sender.end()
    expect(outcomes).toEqual(['two refused', 'one later', 'three lost'])
  })

  it('takes no receipt for the end of a message that was not sent to its end', () => {
    const sender = new SendWindow({ window: 2 }, 20)
    sender.add(numbered(100), () => undefined)
    sender.next()
    expect(codeIn(() => sender.take({ kind: 'refused', sequence: 0 }))).toBe('ERR_BYTES_MALFORMED')
  })

  it('settles each message once, whatever was sent of it', () => {
    const sender = new SendWindow({ window: 4 }, 20)
    const outcomes: string[] = []
    for (const length of [3, 100, 3]) sender.add(numbered(length), (outcome) => outcomes.push(`${length} ${outcome}`))
    for (let count = 0; count < 3; count += 1) sender.next()
    expect(sender.size).toBe(3)
    sender.end()
    sender.take({ kind: 'accepted', sequence: 0 })
    expect(outcomes).toEqual(['3 lost', '100 lost', '3 lost'])
  })
})
