import { pbkdf2Sync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inboxTopic } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto, type MortalBroker, startMosquitto } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { connectionRig } from './mqtt-connection-rig.ts'
import { seeded } from './seeded.ts'
import { sha256 } from './sha256.ts'

const { cleanups, make, open, plain } = connectionRig()
const packet = (text: string) => ({ bytes: new TextEncoder().encode(text) })
const inbox = inboxTopic('did:example:alice', sha256)

describe.skipIf(!hasMosquitto)('a connection to mosquitto', () => {
  let broker: MortalBroker
  const startBroker = async (lines: string[] = []) => {
    broker = await startMosquitto(lines)
    cleanups.push(() => broker.stop())
    return broker.url
  }

  it('speaks MQTT 5, and tells the broker its limits', async () => {
    const url = await startBroker()
    const { connection, got } = await open({ url, maxPacketBytes: 100, maxQueued: 3 })
    expect(connection.protocolVersion).toBe(5)
    const sender = await plain(url, { protocolVersion: 5 })
    await sender.publishAsync(inbox, 'x'.repeat(5_000), { qos: 1 })
    await sender.publishAsync(inbox, 'small', { qos: 1 })
    await eventually(() => got.length === 1)
    expect(got).toEqual(['small'])
    expect(connection.connected).toBe(true)
  })

  it('has no more messages on their way than may wait', async () => {
    const url = await startBroker()
    const sender = await plain(url, { protocolVersion: 5 })
    const { connection } = make({ url, maxQueued: 3, maxConcurrent: 10 })
    const finish: (() => void)[] = []
    await connection.start(async () => {
      await new Promise<void>((resolve) => finish.push(resolve))
      return 'accepted'
    })
    for (let count = 0; count < 10; count += 1) await sender.publishAsync(inbox, `${count}`, { qos: 1 })
    await eventually(() => finish.length === 3)
    for (let turns = 0; turns < 50; turns += 1) await turn()
    expect(finish.length).toBe(3)
    let finished = 0
    await eventually(
      () => finished === 10,
      () => {
        const next = finish.shift()
        next?.()
        if (next) finished += 1
      },
    )
  })

  it('refuses a wrong password, and takes the right one', async () => {
    const url = await startBroker(['allow_anonymous false', `password_file ${passwordFile()}`])
    const clock = new Clock()
    const wrong = await open({ url, username: 'alice', password: 'open-says-me', timer: clock.timer })
    expect(wrong.errors.map(({ code }) => code)).toEqual(['ERR_TRANSPORT_REJECTED'])
    expect(wrong.errors[0]?.message).toMatch(/password/)
    const right = await open({ url, did: 'did:example:bob', username: 'alice', password: 'open-sesame' })
    expect(right.connection.connected).toBe(true)
    expect(right.errors).toEqual([])
  })

  it('comes back after the broker was killed, with pauses that grow', async () => {
    const url = await startBroker()
    const clock = new Clock()
    const asked: number[] = []
    const { connection, errors, got } = await open({
      url,
      timer: (delayMs, run) => {
        asked.push(delayMs)
        return clock.timer(delayMs, run)
      },
      random: seeded(7),
      state: false,
    })
    asked.length = 0
    await broker.kill()
    await eventually(
      () => errors.length === 10,
      () => clock.advance(500),
    )
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ERR_TRANSPORT_UNREACHABLE']))
    const longest = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]
    for (const [index, longestMs] of longest.entries()) {
      expect(asked[index]).toBeGreaterThan(longestMs / 2)
      expect(asked[index]).toBeLessThanOrEqual(longestMs)
    }
    expect(new Set(asked.slice(6, 10)).size).toBe(4)
    expect(await codeOf(connection.send(`${url}/${inbox}`, packet('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await broker.restart()
    await eventually(
      () => connection.connected,
      () => clock.advance(500),
    )
    let sent = 'ERR_TRANSPORT_UNREACHABLE'
    for (let tries = 0; sent !== 'no error' && tries < 100; tries += 1) {
      sent = await codeOf(connection.send(`${url}/${inbox}`, packet('y')))
    }
    await eventually(() => got.length > 0)
    expect(got).toEqual(['y'])
  })

  /** Lets `alice` in with "open-sesame", as mosquitto_passwd writes it: PBKDF2, 101 iterations. */
  function passwordFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'mosquitto-passwords-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const salt = Buffer.alloc(12, 7)
    const hash = pbkdf2Sync('open-sesame', salt, 101, 64, 'sha512')
    const file = join(folder, 'passwords')
    writeFileSync(file, `alice:$7$101$${salt.toString('base64')}$${hash.toString('base64')}\n`, { mode: 0o600 })
    return file
  }
})
