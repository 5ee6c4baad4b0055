import { afterEach, describe, expect, it } from 'vitest'
import type { Packet } from '../../runtime/transport.ts'
import { DifLink } from '../../transports/ble/dif.ts'
import type { BlePort, BlePortEvents } from '../../transports/ble/port.ts'
import { type BleRig, bleRig } from './ble-rig.ts'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { hasDbusDaemon } from './private-bus.ts'

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytesOf = (text: string) => new TextEncoder().encode(text)
const envelope = (lengthBytes: number) => bytesOf(`{"ciphertext":"${'x'.repeat(lengthBytes - 17)}"}`)

/** A port that keeps what is written, and a link over it. */
function linkOver(maxPacketBytes = 1_000) {
  const written: string[] = []
  const got: Packet[] = []
  const clock = new Clock()
  let events: BlePortEvents | undefined
  let isClosed = false
  const port: BlePort = {
    maxValueBytes: 20,
    open: (listener) => {
      events = listener
    },
    write: async (value) => {
      written.push(textOf(value))
    },
    close: async () => {
      isClosed = true
    },
  }
  const receive = async (packet: Packet) => {
    got.push(packet)
    return 'accepted' as const
  }
  const link = new DifLink(port, { name: 'phone', receive, maxPacketBytes, timeoutMs: 100, world: clock })
  const arrive = (...values: (string | Uint8Array)[]) => {
    for (const value of values) events?.value(typeof value === 'string' ? bytesOf(value) : value)
  }
  return { link, port, written, got, clock, arrive, isClosed: () => isClosed }
}

describe('a link of the DIF draft', () => {
  it('writes the chunks of a message and EOM, one message after the other', async () => {
    const { link, written } = linkOver()
    await Promise.all([link.send({ bytes: envelope(50) }), link.send({ bytes: bytesOf('{}') })])
    expect(written.map((value) => value.length)).toEqual([20, 20, 10, 3, 2, 3])
    expect(written.slice(0, 3).join('')).toBe(textOf(envelope(50)))
    expect(written.slice(3)).toEqual(['EOM', '{}', 'EOM'])
  })

  it('sends JSON only, within its size', async () => {
    const { link } = linkOver()
    expect(await codeOf(link.send({ bytes: Uint8Array.of(0xd0) }))).toBe('ERR_TRANSPORT_REJECTED')
    expect(await codeOf(link.send({ bytes: envelope(1_001) }))).toBe('ERR_TOO_LARGE')
  })

  it('joins chunks up to EOM, and drops what is no JSON', async () => {
    const { arrive, got, isClosed } = linkOver()
    arrive('{"a":', '"EOM"}', 'EOM', 'EOM', Uint8Array.of(0x7b, 0xff), 'EOM', 'text', 'EOM', '{}', 'EOM')
    await eventually(() => got.length === 2)
    expect(got.map(({ bytes }) => textOf(bytes))).toEqual(['{"a":"EOM"}', '{}'])
    expect(isClosed()).toBe(false)
  })

  it('answers over the link', async () => {
    const { arrive, got, written } = linkOver()
    arrive('{}', 'EOM')
    await eventually(() => got.length === 1)
    await got[0]?.reply?.({ bytes: bytesOf('{"re":1}') })
    expect(written).toEqual(['{"re":1}', 'EOM'])
  })

  it('ends where a message is too large, or its rest does not come', async () => {
    const large = linkOver(30)
    large.arrive('{}', 'EOM', '{"a":"aaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaa')
    expect(large.isClosed()).toBe(true)
    expect(await large.got[0]?.ended?.then(() => 'over')).toBe('over')
    const slow = linkOver()
    slow.arrive('{"a":')
    slow.clock.advance(99)
    slow.arrive('1')
    slow.clock.advance(99)
    expect(slow.isClosed()).toBe(false)
    slow.clock.advance(1)
    expect(slow.isClosed()).toBe(true)
    expect(slow.clock.pending).toBe(0)
  })

  it('ends where a write fails or is stuck, since the other side has a part of a message', async () => {
    const failing = linkOver()
    failing.port.write = async () => {
      throw new Error('gone')
    }
    expect(await codeOf(failing.link.send({ bytes: envelope(50) }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(failing.isClosed()).toBe(true)
    const stuck = linkOver()
    stuck.port.write = () => new Promise(() => undefined)
    const sent = codeOf(stuck.link.send({ bytes: envelope(50) }))
    await eventually(() => stuck.clock.pending > 0)
    stuck.clock.advance(100)
    expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(stuck.isClosed()).toBe(true)
  })
})

describe.skipIf(!hasDbusDaemon)('the mode of the DIF draft over node-ble and BlueZ', () => {
  let rig: BleRig
  afterEach(() => rig.close())

  it('carries JSON in both directions, by indications', async () => {
    rig = await bleRig({ mode: 'dif' })
    const got: string[] = []
    await rig.peripheral.start(async ({ bytes, reply }) => {
      got.push(`peripheral ${bytes.length}`)
      await reply?.({ bytes: envelope(4_000) })
      return 'accepted'
    })
    await rig.central.start(async ({ bytes }) => {
      got.push(`central ${bytes.length}`)
      return 'accepted'
    })
    await rig.central.send('ble:sensor', { bytes: envelope(3_000) })
    await eventually(() => got.length === 2)
    expect(got).toEqual(['peripheral 3000', 'central 4000'])
  })
})
