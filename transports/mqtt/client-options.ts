import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { IClientOptions } from 'mqtt'
import { agentName } from '../agent-name.ts'
import type { MqttConnectionOptions } from './connection-options.ts'
import { parseMqttUri } from './topic.ts'

/** What stands in a PUBLISH besides its payload and has no limit of its own: the topic, and properties that nobody needs. */
const publishOverheadBytes = 1_024
const maxU16 = 65_535
const maxU32 = 4_294_967_295

/**
 * Turns the options of a connection into those of mqtt.js, which would also take some from the URL: credentials, and any client id.
 *
 * @throws TypeError, RangeError
 */
export function clientOptions(options: MqttConnectionOptions): IClientOptions {
  const { url, clientId = agentName(options.did, options.sha256), username, password, protocolVersion } = options
  if (clientId === '') throw new TypeError('"clientId" expected at least one character')
  if (password !== undefined && username === undefined) throw new TypeError('"password" expected a "username" with it')
  if (protocolVersion !== undefined && protocolVersion !== 4 && protocolVersion !== 5) {
    throw new TypeError('"protocolVersion" expected 4 or 5')
  }
  return {
    ...tlsOf(options),
    ...addressOf(url),
    clientId,
    ...(username === undefined ? {} : { username }),
    // As bytes: with DEBUG=* in the environment the codec of mqtt.js prints strings.
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    protocolVersion: protocolVersion ?? 5,
    clean: false,
    keepalive: seconds('keepAliveMs', options.keepAliveMs ?? 60_000, maxU16),
    connectTimeout: options.timeoutMs ?? 20_000,
    reconnectPeriod: 0,
    manualConnect: true,
    resubscribe: false,
    subscribeBatchSize: 100,
    properties: {
      sessionExpiryInterval: seconds('sessionExpiryMs', options.sessionExpiryMs ?? 7 * 24 * 3_600_000, maxU32),
      receiveMaximum: Math.min(options.maxQueued ?? 256, maxU16),
      maximumPacketSize: (options.maxPacketBytes ?? 262_144) + publishOverheadBytes,
    },
    // With DEBUG=mqttjs* it would print the whole CONNECT.
    log: () => undefined,
  }
}

function addressOf(url: string): Pick<IClientOptions, 'protocol' | 'host' | 'port'> {
  const { broker, topic } = parseMqttUri(url) ?? {}
  // The URL is not repeated: there may be a password in it.
  if (!broker || topic !== '') {
    throw new TypeError('"url" expected mqtt(s)://host[:port]; user name and password are options of their own')
  }
  const [, protocol, host = '', port] = /^(mqtts?):\/\/(.*):(\d+)$/.exec(broker) ?? []
  if (Number(port) < 1 || Number(port) > maxU16) throw new TypeError('"url" expected a port from 1 to 65535')
  return { protocol: protocol === 'mqtts' ? 'mqtts' : 'mqtt', host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Tries certificates and keys, so that wrong ones are found before the first connection, and without a word of what is in them. */
function tlsOf({ url, tls }: MqttConnectionOptions): Partial<IClientOptions> {
  if (!tls) return {}
  if (!/^mqtts:/i.test(url)) throw new TypeError('"tls" expected a "url" with mqtts:')
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new TypeError('"tls" expected "cert" and "key" together')
  try {
    createSecureContext(tls)
    // Node passes over an authority that it cannot read.
    for (const authority of [tls.ca ?? []].flat()) new X509Certificate(authority)
  } catch (error) {
    const { code = 'unknown' } = error as { code?: string }
    throw new TypeError(`"tls" has a certificate, key or passphrase that cannot be used: ${code}`)
  }
  return { ...(tls as Partial<IClientOptions>), rejectUnauthorized: true }
}

function seconds(name: string, durationMs: number, most: number): number {
  const rounded = Math.ceil(durationMs / 1000)
  if (!(rounded >= 0 && rounded <= most))
    throw new RangeError(`"${name}" expected 0 to ${most} seconds, got ${durationMs} ms`)
  return rounded
}
