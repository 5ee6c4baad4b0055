import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isDidCommError } from '../../runtime/errors.ts'
import type { Receive, Transport } from '../../runtime/transport.ts'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto, type MortalBroker, startMosquitto } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const versions = [4, 5] as const

describe.skipIf(!hasMosquitto).each(versions)('mqtt %i over a mosquitto that dies', (protocolVersion) => {
  let broker: MortalBroker
  const clients: MqttClient[] = []
  const transports: Transport[] = []
  const got: string[] = []
  const keep: Receive = async ({ bytes }) => {
    got.push(textOf(bytes))
    return 'accepted'
  }

  beforeEach(async () => {
    broker = await startMosquitto()
    got.length = 0
  })
  afterEach(async () => {
    await Promise.all(transports.splice(0).map((transport) => transport.close()))
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
    await broker.stop()
  })

  const open = async (receive: Receive, inboxTopics: string[], clientId = randomUUID(), timer = new Clock().timer) => {
    const properties: IClientOptions = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3_600 } } : {}
    const client = connect(broker.url, { protocolVersion, clean: false, clientId, reconnectPeriod: 20, ...properties })
    client.on('error', () => undefined)
    clients.push(client)
    const transport = mqtt({ client, inboxTopics, timer })
    transports.push(transport)
    await transport.start(receive)
    return { transport, client }
  }
  const uri = () => `${broker.url}/inbox`
  /** Lets the broker write what it holds, and waits until all of `texts` are on the disk. */
  const saved = async (texts: readonly string[]): Promise<void> => {
    broker.save()
    await eventually(() => {
      const disk = existsSync(broker.database) ? readFileSync(broker.database) : Buffer.alloc(0)
      return texts.every((text) => disk.includes(text))
    })
  }
  /** Sends until the broker has it, as an outbox does. */
  const insist = async (sender: Transport, text: string): Promise<number> => {
    for (let failures = 0; ; failures += 1) {
      try {
        await sender.send(uri(), { bytes: bytesOf(text) })
        return failures
      } catch (error) {
        if (!isDidCommError(error, 'ERR_TRANSPORT_UNREACHABLE')) throw error
        for (let turns = 0; turns < 10; turns += 1) await turn()
      }
    }
  }

  it('loses nothing that the receiver has not acknowledged, when the broker is killed', async () => {
    const clientId = randomUUID()
    let tries = 0
    const receiver = await open(
      async () => {
        tries += 1
        throw new Error('no room')
      },
      ['inbox'],
      clientId,
    )
    const { transport: sender } = await open(keep, [])
    const sent = Array.from({ length: 15 }, (_, index) => `message ${index} of ${randomUUID()}`)
    for (const text of sent) await sender.send(uri(), { bytes: bytesOf(text) })
    await eventually(() => tries === 15)
    await saved(sent)
    await broker.kill()
    await eventually(() => !receiver.client.connected)
    await receiver.transport.close()
    await receiver.client.endAsync(true)
    await broker.restart()
    await open(keep, ['inbox'], clientId)
    await eventually(() => new Set(got).size === 15)
    expect(got.sort()).toEqual([...sent].sort())
  })

  it('goes on by itself when the broker comes back', async () => {
    const clientId = randomUUID()
    const receiver = await open(keep, ['inbox'], clientId)
    const { transport: sender } = await open(keep, [])
    await sender.send(uri(), { bytes: bytesOf('before') })
    await eventually(() => got.length === 1)
    // A broker that forgot the subscription would drop what the sender brings before the receiver is back.
    await saved([clientId])
    await broker.kill()
    await eventually(() => !receiver.client.connected)
    const late = insist(sender, 'while it is dead')
    for (let turns = 0; turns < 50; turns += 1) await turn()
    await broker.restart()
    expect(await late).toBeGreaterThan(0)
    await eventually(() => receiver.client.connected)
    await eventually(() => got.includes('while it is dead'))
    await sender.send(uri(), { bytes: bytesOf('after') })
    await eventually(() => got.includes('after'))
    expect([...new Set(got)]).toEqual(['before', 'while it is dead', 'after'])
  })

  it.runIf(protocolVersion === 5)(
    'tells the sender that nobody is subscribed, so that the packet is kept',
    async () => {
      const { transport: sender } = await open(keep, [])
      const sent = sender.send(uri(), { bytes: bytesOf('too early') })
      await expect(sent).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
      await open(keep, ['inbox'])
      await sender.send(uri(), { bytes: bytesOf('in time') })
      await eventually(() => got.length === 1)
      expect(got).toEqual(['in time'])
    },
  )
})
