import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import dbus from 'dbus-next'
import { gotOf, leftOf, live, type Role } from './party.ts'

// Runs inside the machine of machine.sh: a sensor with the peripheral on hci0 and a gateway with the central on hci1, each in a program of its own,
// and what goes wrong between them. At the end everything that was sent has to be there once.

/** How long this machine took to get here; a quick one takes 4 s. What happens in it takes as much longer. */
const uptimeMs = 1_000 * Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
const slowness = Math.max(1, uptimeMs / 4_000)
const isPatient = readFileSync('/proc/cmdline', 'utf8').includes('patient')
/** How long the parties may take for what they were given, at the most. */
const limitMs = 30_000 * slowness * (isPatient ? 5 : 1)
const bus = dbus.systemBus()
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const say = (text: string): void => void process.stdout.write(`${text}\n`)

class Party {
  readonly role: Role
  #program: ChildProcessWithoutNullStreams | undefined
  #next = 0
  #stored = 0
  duplicates = 0

  constructor(role: Role) {
    this.role = role
  }

  async start(): Promise<void> {
    const program = spawn(process.execPath, [process.argv[1] ?? '', this.role])
    this.#program = program
    program.stderr.on('data', (data) => say(`  ${this.role}: ${data}`))
    await new Promise<void>((resolve) => {
      createInterface({ input: program.stdout }).on('line', (line) => {
        if (line === 'ready') resolve()
        else if (line === 'stored') this.#stored += 1
        else if (line === 'duplicate') this.duplicates += 1
        else say(`  ${this.role}: ${line}`)
      })
    })
  }

  /** Has messages put into its outbox, and waits until they are there: what is not stored may get lost with the program. */
  async send(count: number, lengthBytes: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      this.#program?.stdin.write(`${JSON.stringify({ number: this.#next, fill: 'x'.repeat(lengthBytes) })}\n`)
      this.#next += 1
    }
    while (this.#stored < this.#next) await sleep(5)
  }

  /** Ends its program as a loss of power does, and begins anew. */
  async restart(): Promise<void> {
    this.#program?.kill('SIGKILL')
    await sleep(500)
    await this.start()
  }

  get sent(): number {
    return this.#next
  }

  /** What of this party's messages has not come to the other, or has come twice. */
  get missing(): { lost: number[]; twice: number[] } {
    const got = gotOf(this.role === 'sensor' ? 'gateway' : 'sensor')
    const numbers = Array.from({ length: this.#next }, (_, number) => number)
    const count = (number: number) => got.filter((one) => one === number).length
    return { lost: numbers.filter((n) => count(n) === 0), twice: numbers.filter((n) => count(n) > 1) }
  }
}

const sensor = new Party('sensor')
const gateway = new Party('gateway')

async function settled(withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs
  const isSettled = () =>
    leftOf('sensor') + leftOf('gateway') === 0 &&
    gotOf('gateway').length >= sensor.sent &&
    gotOf('sensor').length >= gateway.sent
  while (!isSettled()) {
    if (Date.now() > endMs) {
      const here = `${gotOf('gateway').length} of ${sensor.sent} and ${gotOf('sensor').length} of ${gateway.sent} here`
      throw new Error(`not settled within ${withinMs} ms: ${here}`)
    }
    await sleep(20)
  }
}

async function step(name: string, work: () => Promise<void>): Promise<void> {
  const startMs = Date.now()
  await work()
  await settled(limitMs)
  say(
    `ok ${name}: ${((Date.now() - startMs) / 1_000).toFixed(1)} s, ${gotOf('gateway').length} and ${gotOf('sensor').length} here`,
  )
}

type Properties = Record<string, { value: unknown }>

/** The devices and adapters that BlueZ knows, by their paths. */
async function known(): Promise<Map<string, Properties>> {
  const root = await bus.getProxyObject('org.bluez', '/')
  const objects = await root.getInterface('org.freedesktop.DBus.ObjectManager')['GetManagedObjects']?.()
  const found = Object.entries(objects as Record<string, Record<string, Properties>>).map(
    ([path, { 'org.bluez.Device1': device, 'org.bluez.Adapter1': adapter }]) =>
      [path, device ?? adapter ?? {}] as const,
  )
  return new Map(found.filter(([, properties]) => 'Address' in properties))
}

/** For whoever looks for a fault. */
async function tellKnown(): Promise<void> {
  for (const [path, properties] of await known()) {
    const texts = [
      'Address',
      'Name',
      'Alias',
      'Powered',
      'Connected',
      'ServicesResolved',
      'RSSI',
      'UUIDs',
      'Discovering',
    ]
    say(`  ${path} ${texts.flatMap((key) => (properties[key] ? [`${key}=${properties[key].value}`] : [])).join(' ')}`)
  }
}

async function disconnect(): Promise<void> {
  for (const [path, { Connected }] of await known()) {
    if (!path.startsWith('/org/bluez/hci1/') || Connected?.value !== true) continue
    const device = await bus.getProxyObject('org.bluez', path)
    await device.getInterface('org.bluez.Device1')['Disconnect']?.()
  }
}

/**
 * A virtual controller reports an advertisement once, when it begins, and a radio again and again. With a second one beside the sensor's the
 * kernel takes turns, and so each of them begins every few seconds.
 */
async function takeTurns(): Promise<void> {
  class Aside extends dbus.interface.Interface {
    readonly Type = 'peripheral'
    readonly LocalName = 'aside'
    Release(): void {}
  }
  Aside.configureMembers({
    properties: {
      Type: { signature: 's', access: dbus.interface.ACCESS_READ },
      LocalName: { signature: 's', access: dbus.interface.ACCESS_READ },
    },
    methods: { Release: {} },
  })
  bus.export('/aside', new Aside('org.bluez.LEAdvertisement1'))
  const adapter = await bus.getProxyObject('org.bluez', '/org/bluez/hci0')
  await adapter.getInterface('org.bluez.LEAdvertisingManager1')['RegisterAdvertisement']?.('/aside', {})
}

async function power(adapter: string, isOn: boolean): Promise<void> {
  const object = await bus.getProxyObject('org.bluez', `/org/bluez/${adapter}`)
  const properties = object.getInterface('org.freedesktop.DBus.Properties')
  const set = async () => properties['Set']?.('org.bluez.Adapter1', 'Powered', new dbus.Variant('b', isOn))
  // A virtual controller that is busy does not answer its kernel in time now and then.
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const isDone = await set().then(
      () => true,
      (error) => void say(`  ${adapter} not ${isOn ? 'on' : 'off'}: ${error.message}`),
    )
    if (isDone) return
    await sleep(1_000)
  }
}

async function main(): Promise<void> {
  say(`up after ${(uptimeMs / 1_000).toFixed(1)} s`)
  await takeTurns()
  await gateway.start()
  await sensor.start()
  await step('first contact', async () => {
    await sensor.send(1, 4)
  })
  await step('200 readings', () => sensor.send(200, 4))
  await step('16 KiB in each direction', async () => {
    await Promise.all([sensor.send(1, 16_384), gateway.send(1, 16_384)])
  })
  await step('both at the same time', async () => {
    await Promise.all([sensor.send(50, 4), gateway.send(50, 4)])
  })
  const underWay = async () => {
    await Promise.all([sensor.send(3, 16_384), gateway.send(20, 100)])
    await sleep(200 * slowness)
  }
  await step('disconnected in the middle', async () => {
    await underWay()
    await disconnect()
  })
  for (const adapter of ['hci0', 'hci1']) {
    await step(`the adapter ${adapter} off in the middle, and on again`, async () => {
      await underWay()
      await power(adapter, false)
      await sleep(1_000)
      await power(adapter, true)
    })
  }
  for (const [name, party] of Object.entries({ sensor, gateway })) {
    await step(`the ${name} killed in the middle`, async () => {
      await underWay()
      await party.restart()
    })
  }
  for (const party of [sensor, gateway]) {
    const { lost, twice } = party.missing
    say(
      `${party.role}: ${party.sent} sent, ${lost.length} lost, ${twice.length} twice, ${party.duplicates} came again and were known`,
    )
    if (lost.length + twice.length > 0) throw new Error(`lost ${lost}, twice ${twice}`)
  }
}

const role = process.argv[2]
if (role === 'sensor' || role === 'gateway') await live(role)
else {
  if (slowness > 4 && !isPatient) {
    say(`up after ${uptimeMs} ms: this machine is too slow, or too busy`)
    process.exit(77)
  }
  await main().then(
    () => process.exit(0),
    async (error) => {
      say(`FAILED ${error.stack}`)
      await tellKnown().catch(say)
      process.exit(1)
    },
  )
}
