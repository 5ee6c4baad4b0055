import { beforeEach, describe, expect, it } from 'vitest'
import { type MqttConnectionOptions, mqttConnection } from '../../transports/mqtt/connect.ts'
import { inboxTopic } from '../../transports/mqtt/mqtt.ts'
import { type AedesBroker, startAedes } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { connectionRig, timerOf } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const { cleanups, open, program } = connectionRig()
const packet = (text: string) => ({ bytes: new TextEncoder().encode(text) })
const did = 'did:example:alice'
const inbox = inboxTopic(did, sha256)
const [, aid = ''] = inbox.split('/')

describe('a connection made from a URL', () => {
  const urlOf = (extra: Partial<MqttConnectionOptions>) => () =>
    mqttConnection({ url: 'mqtts://broker.example', did, sha256, ...extra })

  it.each([
    ['no URL', { url: 'broker.example' }],
    ['another scheme', { url: 'http://broker.example' }],
    ['a topic in the URL', { url: 'mqtt://broker.example/x' }],
    ['a query in the URL', { url: 'mqtt://broker.example?clientId=x' }],
    ['a port that there is not', { url: 'mqtt://broker.example:70000' }],
    ['an empty client id', { clientId: '' }],
    ['a password of nobody', { password: 'secret' }],
    ['TLS without TLS', { url: 'mqtt://broker.example', tls: {} }],
    ['a key without a certificate', { tls: { key: 'x' } }],
    ['an authority that is none', { tls: { ca: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] } }],
    ['a certificate and key that are none', { tls: { cert: 'x', key: 'y' } }],
    ['a version that is not spoken', { protocolVersion: 3 as 4 }],
    ['an inbox with a wildcard', { inboxTopics: ['dc1/+/in'] }],
    ['another broker that is none', { broker: 'http://x' }],
  ])('throws a TypeError for %s', (_, extra) => {
    expect(urlOf(extra)).toThrow(TypeError)
  })

  it.each([
    ['a session of a thousand years', { sessionExpiryMs: 3.2e13 }],
    ['a keep-alive that is negative', { keepAliveMs: -1_000 }],
    ['a keep-alive that is no number', { keepAliveMs: Number.NaN }],
  ])('throws a RangeError for %s', (_, extra) => {
    expect(urlOf(extra)).toThrow(RangeError)
  })

  it('throws without repeating a password in the URL', () => {
    const url = 'mqtts://alice:open-sesame@broker.example'
    expect(urlOf({ url })).toThrow(/user name and password are options/)
    expect(urlOf({ url })).not.toThrow(/sesame/)
  })
})

describe('a connection to a broker of 3.1.1', () => {
  let broker: AedesBroker
  beforeEach(async () => {
    broker = await startAedes()
    cleanups.push(() => broker.stop())
  })

  it('falls back from MQTT 5, keeps a session under its name, and says nothing of it', async () => {
    const seen: string[] = []
    broker.aedes.on('client', (client) => seen.push(`${client.id} ${client.clean}`))
    const { connection, errors, got, changes } = await open({ url: broker.url })
    expect(connection.connected).toBe(true)
    expect(connection.protocolVersion).toBe(4)
    expect(seen).toEqual([`${aid} false`])
    expect(changes).toEqual([true])
    await connection.send(`${broker.url}/${inbox}`, packet('to myself'))
    await eventually(() => got.length === 1)
    expect(got).toEqual(['to myself'])
    expect(errors).toEqual([])
  })

  it('remembers that, and tries MQTT 5 again after an hour', async () => {
    const versions: number[] = []
    broker.aedes.preConnect = (_client, connect, done) => {
      versions.push(connect.protocolVersion ?? 0)
      done(null, true)
    }
    const clock = new Clock()
    const { connection } = await open({ url: broker.url, timer: timerOf(clock), random: () => 0 })
    const reconnect = async () => {
      broker.disconnectAll()
      await eventually(() => !connection.connected)
      await eventually(
        () => connection.connected,
        () => clock.advance(100),
      )
    }
    await reconnect()
    expect(versions).toEqual([5, 4, 4])
    clock.advance(3_600_000)
    await reconnect()
    expect(versions).toEqual([5, 4, 4, 5, 4])
  })

  it('says so where only MQTT 5 was wanted, and goes on', async () => {
    const clock = new Clock()
    const { connection, errors } = await open({ url: broker.url, protocolVersion: 5, timer: clock.timer })
    expect(connection.connected).toBe(false)
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'ERR_TRANSPORT_REJECTED: the broker does not speak this version of MQTT',
    ])
    clock.advance(60_000)
    await eventually(() => errors.length === 2)
  })

  it('receives what came while it was away, in an earlier run', async () => {
    const first = await open({ url: broker.url })
    await first.connection.close()
    const sender = await open({ url: broker.url, did: 'did:example:bob', inboxTopics: [] })
    await sender.connection.send(`${broker.url}/${inbox}`, packet('while away'))
    const second = await open({ url: broker.url })
    await eventually(() => second.got.length === 1)
    expect(second.got).toEqual(['while away'])
  })

  it('sends to a broker by its other names too', async () => {
    const { connection } = await open({ url: broker.url, broker: 'mqtts://broker.example' })
    expect(await codeOf(connection.send(`mqtts://broker.example/${inbox}`, packet('x')))).toBe('no error')
    expect(await codeOf(connection.send(`mqtts://other.example/${inbox}`, packet('x')))).toBe(
      'ERR_TRANSPORT_UNREACHABLE',
    )
  })

  it.each([
    ['a wrong password', 4],
    ['a client that may not', 5],
  ])('tells of %s, once a minute and slower', async (_, returnCode) => {
    let attempts = 0
    broker.aedes.authenticate = (_client, _username, _password, done) => {
      attempts += 1
      done(Object.assign(new Error('no'), { returnCode }), false)
    }
    const clock = new Clock()
    const { connection, errors } = await open({
      url: broker.url,
      username: 'alice',
      password: 'open-sesame',
      timer: timerOf(clock),
      random: () => 0,
    })
    expect(errors.map(({ code }) => code)).toEqual(['ERR_TRANSPORT_REJECTED'])
    expect(JSON.stringify([errors, errors.map(({ stack }) => stack)])).not.toContain('sesame')
    expect(await codeOf(connection.send(`${broker.url}/${inbox}`, packet('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
    for (const pauseMs of [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
      const before = attempts
      clock.advance(pauseMs - 1)
      await turn()
      expect(attempts).toBe(before)
      clock.advance(1)
      await eventually(() => errors.length === before + 1)
    }
    broker.aedes.authenticate = (_client, _username, _password, done) => done(null, true)
    clock.advance(600_000)
    await eventually(() => connection.connected)
  })

  it('prints no password, whatever its packages print', { timeout: 30_000 }, async () => {
    const passwords: string[] = []
    broker.aedes.authenticate = (_client, _username, password, done) => {
      passwords.push(`${password}`)
      done(null, true)
    }
    const { printed } = await program([broker.url, 'open-sesame'], { DEBUG: '*', NODE_DEBUG: 'net' })
    await eventually(() => printed.join('').includes('mqtt-packet'))
    expect(new Set(passwords)).toEqual(new Set(['open-sesame']))
    expect(printed.join('')).not.toMatch(/sesame|6f ?70 ?65 ?6e|c2VzYW1l/i)
  })

  it('waits longer for each connection in a row that does not hold, and not after one that did', async () => {
    const clock = new Clock()
    const { connection, changes } = await open({
      url: broker.url,
      timer: timerOf(clock),
      random: () => 0.5,
    })
    const pauseMs = async () => {
      broker.disconnectAll()
      await eventually(() => !connection.connected)
      const lostMs = clock.now()
      const count = changes.length
      await eventually(
        () => changes.length > count && connection.connected,
        () => changes.length === count && clock.advance(250),
      )
      return Math.round((clock.now() - lostMs) / 1_000)
    }
    const pauses = [await pauseMs(), await pauseMs(), await pauseMs(), await pauseMs()]
    expect(pauses.map((pause) => pause >= 1)).toEqual([true, true, true, true])
    expect(pauses[3]).toBeGreaterThanOrEqual(6)
    clock.advance(5_000)
    expect(await pauseMs()).toBeLessThanOrEqual(2)
  })

  it('ends with close: no connection, no timer, no error', async () => {
    const clock = new Clock()
    const { connection, errors, changes } = await open({ url: broker.url, timer: timerOf(clock) })
    await connection.close()
    expect(connection.connected).toBe(false)
    expect(changes).toEqual([true, false])
    await eventually(() => broker.aedes.connectedClients === 0)
    expect(clock.pending).toBe(0)
    expect(errors).toEqual([])
    expect(await codeOf(connection.start(async () => 'accepted'))).toBe('ERR_CLOSED')
    expect(connection.connected).toBe(false)
  })
})
