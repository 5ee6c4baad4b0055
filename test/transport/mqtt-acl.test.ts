import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../runtime/transport.ts'
import { mqtt, topicTemplate } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto, type MortalBroker, startMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'

const document = readFileSync(fileURLToPath(new URL('../../docs/mqtt.md', import.meta.url)), 'utf8')
const aclOf = (title: string) =>
  document
    .split('```text\n')
    .find((part) => part.startsWith(`${title}\n`))
    ?.split('```')[0]
const acl = aclOf('# mosquitto: acl_file') ?? ''
const gatewayAcl = aclOf('# mosquitto: acl_file of a gateway and its devices') ?? ''
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

describe.skipIf(!hasMosquitto).each(versions)('the access rules of a gateway, with MQTT %i', (protocolVersion) => {
  let folder: string
  const lines: string[] = []
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mosquitto-acl-'))
    const file = join(folder, 'acl')
    writeFileSync(file, gatewayAcl, { mode: 0o600 })
    lines.push(`acl_file ${file}`)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const { client, got, open, packet, texts, uri } = mosquittoRig(lines)
  const as = (clientId: string, username?: string) =>
    client({ protocolVersion, clientId, ...(username !== undefined && { username }) })
  const gateway = () => open({ client: as('worker-1', 'gw'), inboxTopics: [topicTemplate('dc1/gw/u/3/{dev}')] })

  it('let devices and their gateway write to each other, and answer', async () => {
    const worker = await gateway()
    const device = await open({ client: as('dev'), inboxTopics: ['dc1/gw/d/dev'] })
    await device.send(uri('dc1/gw/u/3/dev'), packet('up', { wantsReply: true }))
    await eventually(() => got.length === 1)
    await (got[0]?.reply ?? ((answer) => worker.send(uri('dc1/gw/d/dev'), answer)))(packet('down'))
    expect(got[0]?.reply !== undefined).toBe(protocolVersion === 5)
    await eventually(() => got.length === 2)
    expect(texts()).toEqual(['up', 'down'])
  })

  it('let no device write as another, or read what is for another', async () => {
    const worker = await gateway()
    await open({ client: as('dev'), inboxTopics: ['dc1/gw/d/dev'] })
    const mallory = await open({
      client: as('mallory'),
      inboxTopics: ['dc1/gw/d/dev', topicTemplate('dc1/gw/u/3/{dev}')],
    })
    for (const topic of ['dc1/gw/u/3/dev', 'dc1/gw/d/dev', 'dc1/gw/d/mallory']) {
      const sent = codeOf(mallory.send(uri(topic), packet('forged')))
      expect(await sent).toBe(protocolVersion === 5 ? 'ERR_TRANSPORT_REJECTED' : 'no error')
    }
    await worker.send(uri('dc1/gw/d/dev'), packet('for dev'))
    await mallory.send(uri('dc1/gw/u/3/mallory'), packet('from mallory'))
    await eventually(() => got.length === 2)
    expect(texts().sort()).toEqual(['for dev', 'from mallory'])
  })
})
