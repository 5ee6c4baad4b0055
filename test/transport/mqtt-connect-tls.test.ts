import { createServer as createTlsServer } from 'node:tls'
import { Aedes } from 'aedes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mqttConnection } from '../../transports/mqtt/connect.ts'
import { inboxTopic } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto, startMosquitto } from './broker.ts'
import { type Authority, type Certificate, hasOpenssl, makeAuthority } from './certificates.ts'
import { Clock, eventually } from './clock.ts'
import { connectionRig } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const { cleanups, make, open } = connectionRig()
const inbox = inboxTopic('did:example:alice', sha256)
const passphrase = 'open-sesame'

describe.skipIf(!hasOpenssl || !hasMosquitto)('a connection over TLS', () => {
  let authority: Authority
  let stranger: Authority
  let server: Certificate
  let client: Certificate
  let wrongClient: Certificate
  beforeAll(() => {
    authority = makeAuthority()
    stranger = makeAuthority()
    server = authority.issue('server')
    client = authority.issue('client', passphrase)
    wrongClient = stranger.issue('client')
  })
  afterAll(() => {
    authority.remove()
    stranger.remove()
  })

  const listen = async (...lines: string[]): Promise<string> => {
    const files = [`certfile ${server.certFile}`, `keyfile ${server.keyFile}`, `cafile ${authority.certFile}`]
    const broker = await startMosquitto([...files, ...lines])
    cleanups.push(() => broker.stop())
    return broker.url.replace('mqtt:', 'mqtts:')
  }
  const listenWithoutTls = async (): Promise<string> => {
    const broker = await startMosquitto()
    cleanups.push(() => broker.stop())
    return broker.url
  }

  it.each(['127.0.0.1', 'localhost'])('reaches a broker at %s whose authority it was told', async (host) => {
    const url = (await listen()).replace('127.0.0.1', host)
    const { connection, errors, got } = await open({ url, tls: { ca: authority.cert } })
    await connection.send(`${url}/${inbox}`, { bytes: new TextEncoder().encode('x') })
    await eventually(() => got.length === 1)
    expect(connection.protocolVersion).toBe(5)
    expect(errors).toEqual([])
  })

  it.each([
    ['of another authority', () => ({ ca: stranger.cert })],
    ['of an authority that nobody knows', () => undefined],
  ])('refuses a broker with a certificate %s, and tries again later', async (_, tls) => {
    const url = await listen()
    const clock = new Clock()
    const given = tls()
    const { connection, errors } = await open({ url, timer: clock.timer, ...(given ? { tls: given } : {}) })
    expect(errors[0]).toMatchObject({ code: 'ERR_TRANSPORT_REJECTED', message: expect.stringMatching(/^TLS failed/) })
    expect(errors.length).toBe(1)
    expect(connection.connected).toBe(false)
    clock.advance(60_000)
    await eventually(() => errors.length === 2)
  })

  it('refuses a broker whose certificate has another name', async () => {
    const aedes = await Aedes.createBroker()
    const other = createTlsServer({ cert: server.cert, key: server.key }, aedes.handle).listen(0, '127.0.0.2')
    await new Promise((resolve) => other.once('listening', resolve))
    cleanups.push(() => new Promise<void>((resolve) => aedes.close(resolve)))
    cleanups.push(() => other.close())
    const { port } = other.address() as { port: number }
    const clock = new Clock()
    const { errors } = await open({
      url: `mqtts://127.0.0.2:${port}`,
      tls: { ca: authority.cert },
      timer: clock.timer,
    })
    expect(errors[0]?.message).toBe('TLS failed with ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('shows its certificate to a broker that asks for one', async () => {
    const url = await listen('require_certificate true', 'use_identity_as_username true', 'allow_anonymous false')
    const { cert, key } = client
    const { connection, errors } = await open({ url, tls: { ca: authority.cert, cert, key, passphrase } })
    expect(errors).toEqual([])
    expect(connection.connected).toBe(true)
  })

  it.each([
    ['without a certificate', () => ({})],
    ['with that of another authority', () => ({ cert: wrongClient.cert, key: wrongClient.key })],
  ])('is refused %s by a broker that asks for one', async (_, own) => {
    const url = await listen('require_certificate true')
    const clock = new Clock()
    const { connection, errors } = await open({ url, tls: { ca: authority.cert, ...own() }, timer: clock.timer })
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^ERR_TRANSPORT_REJECTED: TLS failed with ERR_SSL_/),
    ])
    expect(connection.connected).toBe(false)
  })

  it('says nothing of a passphrase that is wrong, and nothing of a key', () => {
    const { cert, key } = client
    const make = (tls: object) => () =>
      mqttConnection({ url: 'mqtts://broker.example', did: 'did:example:alice', sha256, tls })
    const wrong = make({ cert, key, passphrase: 'open-says-me' })
    expect(wrong).toThrow(TypeError)
    expect(wrong).toThrow(/passphrase that cannot be used: ERR_OSSL_/)
    expect(wrong).not.toThrow(/says-me|BEGIN/)
    expect(make({ cert, key: server.key })).toThrow(/ERR_OSSL_X509_KEY_VALUES_MISMATCH/)
    expect(make({ cert, key, passphrase })).not.toThrow()
  })

  it.each([
    ['with TLS at a broker without', () => listenWithoutTls().then((url) => url.replace('mqtt:', 'mqtts:'))],
    ['without TLS at a broker with it', () => listen().then((url) => url.replace('mqtts:', 'mqtt:'))],
  ])('is not made %s', async (_, broker) => {
    const clock = new Clock()
    const { connection, errors } = make({ url: await broker(), timer: clock.timer })
    void connection.start(async () => 'accepted')
    await eventually(
      () => errors.length > 1,
      () => clock.advance(1_000),
    )
    expect(connection.connected).toBe(false)
  })
})
