import { randomUUID } from 'node:crypto'
import { connect } from 'mqtt'
import { afterEach, expect, it } from 'vitest'
import type { Receive, Transport } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { ws } from '../../transports/ws/ws.ts'
import { startAedes } from './broker.ts'
import { Clock, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { type FaultProxy, faultProxy } from './fault-proxy.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const bytes = new TextEncoder().encode('{"a":1}')
const timeoutMs = 10_000
const accept: Receive = async () => 'accepted'

async function started<T extends Transport>(transport: T): Promise<T> {
  await transport.start(accept)
  cleanups.push(() => transport.close())
  return transport
}

async function proxyTo(target: string | undefined): Promise<FaultProxy> {
  const proxy = await faultProxy(
    () => Number(new URL(target ?? '').port),
    () => ({}),
  )
  cleanups.push(() => proxy.close())
  return proxy
}

/** What is sent into silence fails within its bound, and the next is sent over a new connection. */
async function outlives(sender: Transport, uri: string, proxy: FaultProxy, clock: Clock): Promise<void> {
  await sender.send(uri, { bytes })
  const before = proxy.connections
  proxy.silence()
  const sent = codeOf(sender.send(uri, { bytes }))
  // Until it is on its way and its timer is set.
  for (let turns = 0; turns < 50; turns += 1) await turn()
  clock.advance(timeoutMs)
  expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
  // A WebSocket is given up by the ping after the one that nobody has answered.
  clock.advance(2 * timeoutMs)
  await expect.poll(() => codeOf(sender.send(uri, { bytes })), { timeout: 5_000 }).toBe('no error')
  expect(proxy.connections).toBe(before + 1)
}

it('HTTP gives a half-open connection up when the time for an answer is over', async () => {
  const receiver = await started(http({ listen: { port: 0 }, allowPrivateAddresses: true }))
  const proxy = await proxyTo(receiver.url)
  const clock = new Clock()
  const sender = await started(http({ allowPrivateAddresses: true, requestTimeoutMs: timeoutMs, timer: clock.timer }))
  await outlives(sender, `http://127.0.0.1:${proxy.port}/`, proxy, clock)
})

it('WebSocket gives a half-open connection up at the second ping', async () => {
  const receiver = await started(ws({ listen: { port: 0 }, allowPrivateAddresses: true }))
  const proxy = await proxyTo(receiver.url)
  const clock = new Clock()
  const options = { timeoutMs, pingIntervalMs: timeoutMs, timer: clock.timer }
  const sender = await started(ws({ allowPrivateAddresses: true, ...options }))
  await outlives(sender, `ws://127.0.0.1:${proxy.port}/`, proxy, clock)
})

it('WebSocket gives a half-open connection up on the side that only listens', async () => {
  const clock = new Clock()
  const options = { listen: { port: 0 }, pingIntervalMs: timeoutMs, maxConnections: 1, timer: clock.timer }
  const receiver = await started(ws({ allowPrivateAddresses: true, ...options }))
  const proxy = await proxyTo(receiver.url)
  const sender = await started(ws({ allowPrivateAddresses: true }))
  await sender.send(`ws://127.0.0.1:${proxy.port}/`, { bytes })
  proxy.silence()
  const other = await started(ws({ allowPrivateAddresses: true }))
  expect(await codeOf(other.send(receiver.url ?? '', { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
  clock.advance(2 * timeoutMs)
  await expect.poll(() => codeOf(other.send(receiver.url ?? '', { bytes }))).toBe('no error')
})

it('MQTT gives a half-open connection up when the time for a PUBACK is over', async () => {
  const broker = await startAedes()
  cleanups.push(() => broker.stop())
  const proxy = await proxyTo(broker.url)
  const url = `mqtt://127.0.0.1:${proxy.port}`
  const client = connect(url, { clean: false, clientId: randomUUID(), reconnectPeriod: 5 })
  cleanups.push(() => client.endAsync(true))
  const clock = new Clock()
  const sender = await started(mqtt({ client, timeoutMs, timer: clock.timer }))
  await outlives(sender, `${url}/inbox`, proxy, clock)
})
