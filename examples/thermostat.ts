// A thermostat and its controller: the controller subscribes to the temperature, and turns the heating on where it is too cold.
// Run it: `node --import tsx --conditions=didcomm-mote-source examples/thermostat.ts`
import { contactBook, createAgent, didKeyIdentity, firstOf, type Protocol } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { pack, REPORT, telemetry } from 'didcomm-mote/protocols/telemetry'
import { actuate, actuateTypes, actuator, memoryActuations } from 'didcomm-mote/protocols/telemetry-actuate'
import { publisher, subscribe, subscribeTypes } from 'didcomm-mote/protocols/telemetry-subscribe'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { runs } from './program.ts'

const TARGET_CELSIUS = 20
const TIMEOUT_MS = 10_000

/** Lets a thermostat read `temperatures`, one after the other, and its controller act on them. */
export async function runThermostat(
  temperatures: readonly number[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const network = memoryNetwork()
  const here = world()
  const resolve = firstOf(didKey(crypto))
  const contacts = contactBook(crypto, resolve)
  const identities = {
    device: didKeyIdentity(crypto, here.randomBytes(32)),
    house: didKeyIdentity(crypto, here.randomBytes(32)),
  }
  for (const [name, { did }] of Object.entries(identities)) await contacts.add({ did, uri: `memory:${name}` })
  const made = (name: 'device' | 'house', protocols: readonly Protocol[]) =>
    createAgent({
      ...here,
      did: identities[name].did,
      crypto,
      secrets: memorySecrets(crypto, identities[name].secretKeys),
      resolve,
      contacts,
      envelopes: [compact()],
      transports: [network.transport(name)],
      protocols,
    })

  const isOwner = (sender: string) => sender === identities.house.did
  const readings = publisher({ agent: () => device, now: here.now, maySubscribe: isOwner })
  const heating = actuator({
    now: here.now,
    store: memoryActuations(),
    mayActuate: (sender, records) => isOwner(sender) && records.every(({ n, vb }) => n === 'heat' && vb !== undefined),
    execute(records) {
      print(`device: heating ${records[0]?.vb ? 'on' : 'off'}`)
      return records
    },
  })
  const device = made('device', [telemetry(), readings.protocol, heating])
  const house = made('house', [telemetry(), { types: [...subscribeTypes, ...actuateTypes], handlers: {} }])

  const acted: Promise<void>[] = []
  house.on(REPORT, ({ message }) => {
    const celsius = pack(message.body)[0]?.v ?? Number.NaN
    print(`house: ${celsius} degrees`)
    acted.push(heat(celsius < TARGET_CELSIUS))
    return undefined
  })

  async function heat(on: boolean): Promise<void> {
    const expiresTime = Math.floor(here.now() / 1000) + 30
    const draft = actuate([{ n: 'heat', vb: on }], { expiresTime })
    const { message } = await house.request(draft, { to: device.did, timeoutMs: TIMEOUT_MS })
    print(`house: ${message.type.split('/').at(-1)}`)
  }

  await device.start()
  await house.start()
  const wanted = subscribe({ names: ['t'], minChange: 0.5, durationMs: 60_000 })
  await house.request(wanted, { to: device.did, timeoutMs: TIMEOUT_MS })
  for (const v of temperatures) {
    await readings.publish([{ n: 't', u: 'Cel', v }])
    await Promise.all(acted)
  }
  await Promise.all([device.close(), house.close()])
}

if (runs(import.meta.url)) await runThermostat([18.5, 18.6, 21])
