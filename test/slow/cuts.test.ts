import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'mqtt'
import { expect, it } from 'vitest'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto, startMosquitto } from '../transport/broker.ts'
import { cutKinds, cutRun, describeCuts } from '../transport/cut-run.ts'
import { faultProxy } from '../transport/fault-proxy.ts'

const seed = Number(process.env['SEED'] ?? 1)
const cuts = Number(process.env['CUTS'] ?? 300)

it.each(cutKinds.filter((kind) => kind !== 'MQTT 5' || hasMosquitto))(
  '%s loses and doubles nothing when hundreds of connections are cut',
  async (kind) => {
    const broker = kind === 'MQTT 5' ? await startMosquitto() : undefined
    try {
      const port = broker && { brokerPort: Number(new URL(broker.url).port) }
      const figures = await cutRun({ kind, seed, cuts, ...port })
      process.stdout.write(describeCuts(kind, seed, figures))
      expect(figures).toMatchObject({ lost: 0, duplicated: 0 })
    } finally {
      await broker?.stop()
    }
  },
)

// The keepalive is a timer of mqtt.js, and of the broker: real time.
it.skipIf(!hasMosquitto)(
  'MQTT gives up connections that fall silent again and again, and nothing is lost or doubled',
  async () => {
    const broker = await startMosquitto()
    const proxy = await faultProxy(
      () => Number(new URL(broker.url).port),
      () => ({}),
    )
    const url = `mqtt://127.0.0.1:${proxy.port}`
    const client = connect(url, { clean: false, clientId: randomUUID(), keepalive: 1, reconnectPeriod: 20 })
    client.on('error', () => undefined)
    const direct = connect(broker.url, { clean: true })
    const receiver = mqtt({ client, inboxTopics: ['inbox'] })
    const sender = mqtt({ client: direct })
    const got: string[] = []
    const rounds = 5
    try {
      await receiver.start(async ({ bytes }) => {
        got.push(new TextDecoder().decode(bytes))
        return 'accepted'
      })
      await sender.start(async () => 'accepted')
      const waits: number[] = []
      for (let round = 0; round < rounds; round += 1) {
        await expect.poll(() => client.connected).toBe(true)
        const before = proxy.connections
        proxy.silence()
        const sinceMs = performance.now()
        await sender.send(`${broker.url}/inbox`, { bytes: new TextEncoder().encode(`${round}`) })
        while (proxy.connections === before && performance.now() - sinceMs < 10_000) await sleep(10)
        waits.push(Math.round(performance.now() - sinceMs))
        await expect.poll(() => got.length, { timeout: 5000 }).toBe(round + 1)
      }
      process.stdout.write(
        `MQTT, keepalive of 1 s: ${rounds} half-open connections, replaced after ${waits.join(', ')} ms\n`,
      )
      expect(got).toEqual(['0', '1', '2', '3', '4'])
      expect(Math.max(...waits)).toBeLessThan(5000)
    } finally {
      await Promise.all([receiver.close(), sender.close()])
      await Promise.all([client.endAsync(true), direct.endAsync(true)])
      await proxy.close()
      await broker.stop()
    }
  },
)
