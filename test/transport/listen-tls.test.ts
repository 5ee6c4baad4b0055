import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import type { ServerTls } from '../../transports/listener.ts'
import { ws } from '../../transports/ws/ws.ts'
import { type Authority, hasOpenssl, makeAuthority } from './certificates.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const bytes = new TextEncoder().encode('{"a":1}')

interface Listening extends Transport {
  readonly url: string | undefined
  setTls(tls: ServerTls): void
}

const makers = {
  http: (tls: ServerTls, options = {}): Listening => http({ listen: { port: 0, tls }, ...options }),
  ws: (tls: ServerTls, options = {}): Listening => ws({ listen: { port: 0, tls }, ...options }),
}
const senders = { http, ws }

async function opened<Made extends Transport>(transport: Made, receive: Receive = async () => 'refused') {
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport
}

/** The name in the certificate that a server shows, or the code of what went wrong. */
async function shownBy(url: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket: TLSSocket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options })
  cleanups.push(() => socket.destroy())
  try {
    await once(socket, 'secureConnect')
    return String(socket.getPeerCertificate().subject.CN)
  } catch (error) {
    return String((error as { code?: string }).code)
  }
}

if (hasOpenssl) {
  const authority: Authority = makeAuthority()
  const stranger: Authority = makeAuthority()
  afterAll(() => {
    authority.remove()
    stranger.remove()
  })
  const [server, client, foreign] = [
    authority.issue('server'),
    authority.issue('client'),
    stranger.issue('foreign'),
  ] as const
  const ca = authority.cert
  const own = { key: server.key, cert: server.cert }

  describe.each(['http', 'ws'] as const)('%s with TLS of its own', (scheme) => {
    const connecting = (tls: object) => opened(senders[scheme]({ allowPrivateAddresses: true, tls }))
    const listening = async (tls: ServerTls) => {
      const got: Packet[] = []
      const transport = await opened(makers[scheme](tls), async (packet) => {
        got.push(packet)
        return 'accepted'
      })
      return { got, transport, url: transport.url ?? '' }
    }

    it('receives from who trusts its authority, and nobody else sends to it [M5]', async () => {
      const { got, url } = await listening(own)
      expect(url).toMatch(new RegExp(`^${scheme}s://127\\.0\\.0\\.1:[1-9]\\d+$`))
      await (await connecting({ ca })).send(url, { bytes })
      await eventually(() => got.length === 1)
      for (const tls of [{}, { ca: stranger.cert }]) {
        expect(await codeOf((await connecting(tls)).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
      }
      expect(got.length).toBe(1)
    })

    it('lets nobody in without a certificate of its authority, where it asks for one', async () => {
      const { got, url } = await listening({ ...own, ca, requestCert: true })
      const named = { ca, key: client.key, cert: client.cert }
      await (await connecting(named)).send(url, { bytes })
      await eventually(() => got.length === 1)
      for (const tls of [{ ca }, { ca, key: foreign.key, cert: foreign.cert }]) {
        expect(await codeOf((await connecting(tls)).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
      }
      expect(got.length).toBe(1)
    })

    it('shows another certificate without a new start, and keeps the connections that are open', async () => {
      const { got, transport, url } = await listening(own)
      const sender = await connecting({ ca })
      await sender.send(url, { bytes })
      expect(await shownBy(url, {})).toBe('server')
      const renewed = authority.issue('renewed')
      transport.setTls({ key: renewed.key, cert: renewed.cert })
      expect(await shownBy(url, {})).toBe('renewed')
      await sender.send(url, { bytes })
      await eventually(() => got.length === 2)
      // What is no certificate changes nothing.
      expect(() => transport.setTls({ key: 'no key', cert: 'no certificate' })).toThrow()
      expect(await shownBy(url, {})).toBe('renewed')
    })

    it('speaks TLS 1.2 with forward secrecy, or newer, also after its certificate was renewed [M5]', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'rsa-'))
      cleanups.push(() => rmSync(folder, { recursive: true }))
      const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=rsa']
      execFileSync('openssl', [...make, '-keyout', 'key', '-out', 'cert'], { stdio: 'ignore', cwd: folder })
      const rsa = { key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) }
      const { transport, url } = await listening(rsa)
      for (const _ of ['at first', 'renewed']) {
        const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
        expect(await shownBy(url, old)).not.toBe('rsa')
        // The same suite, with the key of the certificate alone and with one of its own.
        const at12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
        expect(await shownBy(url, { ...at12, ciphers: 'AES256-GCM-SHA384' })).not.toBe('rsa')
        expect(await shownBy(url, { ...at12, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' })).toBe('rsa')
        expect(await shownBy(url, { minVersion: 'TLSv1.3' })).toBe('rsa')
        transport.setTls(rsa)
      }
    })
  })
}

it.each(['http', 'ws'] as const)('%s without TLS has no certificate to renew', async (scheme) => {
  const transport = senders[scheme]({ listen: { port: 0 } })
  expect(() => transport.setTls({})).toThrow(TypeError)
  await opened(transport)
  expect(() => transport.setTls({})).toThrow(TypeError)
})
