import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../runtime/transport.ts'
import { mqtt } from '../../transports/mqtt.ts'
import { hasMosquitto, type MortalBroker, startMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'

const document = readFileSync(fileURLToPath(new URL('../../docs/mqtt.md', import.meta.url)), 'utf8')
const acl = /```text\n(# mosquitto: acl_file\n[\s\S]*?)```/.exec(document)?.[1] ?? ''
const versions = [4, 5] as const

describe.skipIf(!hasMosquitto).each(versions)('the access rules of docs/mqtt.md, with MQTT %i', (protocolVersion) => {
  let broker: MortalBroker
  let folder: string
  const clients: MqttClient[] = []
  const transports: Transport[] = []
  const got: string[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mosquitto-acl-'))
    const file = join(folder, 'acl')
    writeFileSync(file, acl, { mode: 0o600 })
    broker = await startMosquitto([`acl_file ${file}`])
    got.length = 0
  })
  afterEach(async () => {
    await Promise.all(transports.splice(0).map((transport) => transport.close()))
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = async (clientId: string, inboxTopic: string) => {
    const client = connect(broker.url, { protocolVersion, clean: false, clientId })
    client.on('error', () => undefined)
    clients.push(client)
    const transport = mqtt({ client, inboxTopics: [inboxTopic] })
    transports.push(transport)
    await transport.start(async ({ bytes }) => {
      got.push(`${clientId} ${bytes.length}`)
      return 'accepted'
    })
    return transport
  }

  it('let each agent read its own inbox and write to any', async () => {
    const alice = await open('alice', 'dc1/alice/in')
    await open('bob', 'dc1/bob/in')
    await alice.send(`${broker.url}/dc1/bob/in`, { bytes: new Uint8Array(3) })
    await eventually(() => got.length === 1)
    expect(got).toEqual(['bob 3'])
  })

  it('let nobody read the inbox of another', async () => {
    const alice = await open('alice', 'dc1/alice/in')
    const mallory = await open('mallory', 'dc1/alice/in')
    for (const sender of [alice, mallory]) {
      await sender.send(`${broker.url}/dc1/alice/in`, { bytes: new Uint8Array(3) })
    }
    await eventually(() => got.length === 2)
    // What the broker had for mallory, it would have sent before it acknowledged this.
    await mallory.send(`${broker.url}/dc1/alice/in`, { bytes: new Uint8Array(4) })
    await eventually(() => got.length === 3)
    expect(got).toEqual(['alice 3', 'alice 3', 'alice 4'])
  })

  it('let nobody write elsewhere, which only MQTT 5 tells the sender', async () => {
    const alice = await open('alice', 'dc1/alice/in')
    const sent = codeOf(alice.send(`${broker.url}/house/door`, { bytes: new Uint8Array(3) }))
    expect(await sent).toBe(protocolVersion === 5 ? 'ERR_TRANSPORT_REJECTED' : 'no error')
  })
})
