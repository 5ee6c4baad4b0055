import { describe, expect, it } from 'vitest'
import { aedesRig } from './aedes-rig.ts'
import { eventually } from './clock.ts'

const { acks, client, got, keep, open, publish } = aedesRig()

describe('what mqtt writes', () => {
  it('is one piece for the PUBACKs of all that settles at the same time', async () => {
    const receiver = await client()
    const finish: (() => void)[] = []
    await open(
      async (packet) => {
        await new Promise<void>((resolve) => finish.push(resolve))
        return keep(packet)
      },
      { client: receiver },
    )
    await publish(Array.from({ length: 10 }, (_, index) => `${index}`))
    await eventually(() => finish.length === 10)
    const write = receiver.stream.write.bind(receiver.stream)
    const lengths: number[] = []
    receiver.stream.write = ((bytes: Uint8Array) => {
      lengths.push(bytes.length)
      return write(bytes)
    }) as typeof receiver.stream.write
    for (const end of finish) end()
    await eventually(() => acks.length === 10)
    expect(lengths).toEqual([40])
  })

  it('comes over a new connection after bytes that are no MQTT', async () => {
    const receiver = await client()
    await open(keep, { client: receiver })
    const errors: string[] = []
    let closed = 0
    receiver.on('close', () => {
      closed += 1
    })
    receiver.on('error', ({ message }) => errors.push(message))
    // As if it came from the broker: a PUBREL with flags that it cannot have (MQTT 3.1.1 §3.6.1).
    receiver.stream.emit('data', Buffer.of(0x60))
    await eventually(() => closed === 1 && receiver.connected)
    await publish(['after'])
    await eventually(() => got.includes('after'))
    expect(errors[0]).toMatch(/header flag/i)
  })
})
