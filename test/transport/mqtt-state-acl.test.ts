import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { stateTopic } from '../../transports/mqtt/state.ts'
import { hasMosquitto, startMosquitto } from './broker.ts'
import { Clock, eventually } from './clock.ts'
import { connectionRig } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const document = readFileSync(new URL('../../docs/mqtt.md', import.meta.url), 'utf8')
const acl = /```text\n(# mosquitto: acl_file\n[\s\S]*?)```/.exec(document)?.[1] ?? ''
const alice = 'did:example:alice'
const bob = 'did:example:bob'
const { cleanups, open, plain } = connectionRig()
const versions = [4, 5] as const

describe.skipIf(!hasMosquitto).each(versions)('the access rules of docs/mqtt.md, with MQTT %i', (protocolVersion) => {
  let url: string
  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mosquitto-acl-'))
    const file = join(folder, 'acl')
    writeFileSync(file, acl, { mode: 0o600 })
    const broker = await startMosquitto([`acl_file ${file}`])
    url = broker.url
    cleanups.push(() => rmSync(folder, { recursive: true }))
    cleanups.push(() => broker.stop())
  })
  const watch = async () => {
    const { connection, errors } = await open({ url, protocolVersion, did: bob })
    const states: string[] = []
    connection.onPeerState(alice, ({ online, birth }) => states.push(`${online} ${birth}`))
    return { states, errors }
  }

  it('let each agent say its own state, and read that of others', async () => {
    const watcher = await watch()
    const opened = await open({ url, protocolVersion, birthNumber: () => 1 })
    await eventually(() => watcher.states.length === 1)
    await opened.connection.close()
    await eventually(() => watcher.states.length === 2)
    expect(watcher.states).toEqual(['true 1', 'false 1'])
    expect([...opened.errors, ...watcher.errors]).toEqual([])
  })

  it('let nobody say the state of another, neither now nor as a last will', async () => {
    const { states } = await watch()
    const { timer } = new Clock()
    const mallory = await open({ url, protocolVersion, clientId: 'mallory', timer, birthNumber: () => 1 })
    // MQTT 5 alone tells the sender.
    await eventually(() => mallory.errors.length === (protocolVersion === 5 ? 1 : 0))
    const will = { topic: stateTopic(alice, sha256), payload: 'offline 2', qos: 1 as const, retain: true }
    const dying = await plain(url, { protocolVersion, clientId: 'mallory-2', will, reconnectPeriod: 0 })
    dying.stream.destroy()
    const { connection } = await open({ url, protocolVersion, birthNumber: () => 3 })
    await eventually(() => states.length > 0)
    await connection.close()
    await eventually(() => states.length === 2)
    expect(states).toEqual(['true 3', 'false 3'])
  })
})
