import { contactBook, firstOf } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { pack, REPORT, telemetry } from 'didcomm-mote/protocols/telemetry'
import {
  actuate,
  actuateTypes,
  actuator,
  memoryActuations,
  readActuateResult,
} from 'didcomm-mote/protocols/telemetry-actuate'
import { type Batch, backlog, batch, batches } from 'didcomm-mote/protocols/telemetry-batch'
import { publisher, subscribe, subscribeTypes } from 'didcomm-mote/protocols/telemetry-subscribe'
import { expect, it, vi } from 'vitest'
import { party, START_MS } from '../agent/world.ts'
import { aedesRig } from './aedes-rig.ts'

const rig = aedesRig()
const timeoutMs = 10_000

it.each(['json', 'compact'] as const)('telemetry goes over a broker in %s', async (encoding) => {
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const transportOf = async (topic: string) =>
    rig.make({ client: await rig.client(), broker: rig.broker().url, inboxTopics: [topic], now: () => START_MS })
  const got: Batch[] = []
  const readings = publisher({ agent: () => device.agent, now: () => START_MS, maySubscribe: () => true })
  const heating = actuator({
    now: () => START_MS,
    store: memoryActuations(),
    mayActuate: () => true,
    execute: (r) => r,
  })
  const device = party('s', [await transportOf('device')], {
    protocols: [telemetry(), readings.protocol, heating, batches(() => undefined)],
    contacts,
  })
  const house = party('g', [await transportOf('house')], {
    protocols: [
      telemetry(),
      { types: [...subscribeTypes, ...actuateTypes], handlers: {} },
      batches((made) => void got.push(made)),
    ],
    contacts,
  })
  await contacts.add({ did: device.did, uri: `${rig.broker().url}/device`, encoding })
  await contacts.add({ did: house.did, uri: `${rig.broker().url}/house`, encoding })
  const reported: (number | undefined)[] = []
  house.agent.on(REPORT, ({ message }) => void reported.push(pack(message.body)[0]?.v) as undefined)
  await device.agent.start()
  await house.agent.start()

  await house.agent.request(subscribe({ minChange: 1 }), { to: device.did, timeoutMs })
  for (const v of [20, 20.5, 21]) expect(await readings.publish([{ n: 't', v }])).toEqual([])
  await vi.waitFor(() => expect(reported).toEqual([20, 21]), { timeout: timeoutMs })

  const command = actuate([{ n: 'heat', vb: true }], { expiresTime: START_MS / 1000 + 60 })
  const { message } = await house.agent.request(command, { to: device.did, timeoutMs })
  expect(readActuateResult(message.body)).toEqual([{ n: 'heat', vb: true }])

  const waiting = backlog()
  for (let i = 0; i < 5; i++) waiting.add({ n: 't', u: 'Cel', t: START_MS / 1000 + i, v: i })
  await device.agent.send(batch(waiting.next()!), { to: house.did })
  await vi.waitFor(() => expect(got).toEqual([waiting.next()]), { timeout: timeoutMs })
})
