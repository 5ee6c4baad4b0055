import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { didWeb } from '../../runtime/did/did-web.ts'
import { type HttpsGetOptions, httpsGet } from '../../transports/http/https-get.ts'
import { world } from '../../transports/world.ts'

const { timer } = world()

/** A certificate for localhost that is made for this run and trusted by nobody else. */
function makeCertificate(): { key: Buffer; cert: Buffer } | undefined {
  if (spawnSync('openssl', ['version']).status !== 0) {
    process.stderr.write('skipped: https, for want of openssl\n')
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...make, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const pair = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return pair
}

const pair = makeCertificate()
let close: (() => void)[] = []
afterEach(() => {
  for (const run of close) run()
  close = []
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(pair!, listener)
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const local = (options: Partial<HttpsGetOptions> = {}) =>
  httpsGet({ timer, allowPrivateAddresses: true, tls: { ca: pair!.cert }, ...options })

describe('httpsGet without a server', () => {
  const get = httpsGet({ timer })

  test.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/',
    'https://0x7f.1/',
    'https://localhost/',
  ])('%s is refused', async (url) => {
    await expect(get(url, 100)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
  })

  test.each([
    'http://example.com/',
    'file:///etc/hosts',
    'https://a:b@example.com/',
    'https://a@example.com/',
    'https://:b@example.com/',
    'no url',
  ])('%s is refused', async (url) => {
    await expect(get(url, 100)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
  })

  test('a document may take ten seconds where nobody says how long', async () => {
    const delays: number[] = []
    const timing = httpsGet({
      timer: (delayMs) => {
        delays.push(delayMs)
        return () => undefined
      },
    })
    await expect(timing('https://localhost/', 100)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    expect(delays).toEqual([10_000])
  })
})

describe.runIf(pair)('httpsGet', () => {
  test('a did:web is resolved from a server, and not from a private address unless that is allowed', async () => {
    let requests = 0
    const port = await serve((request, response) => {
      requests += 1
      expect(request.url).toBe('/things/7/did.json')
      response.end(JSON.stringify({ id: did }))
    })
    const did = `did:web:localhost%3A${port}:things:7`
    expect(await didWeb({ get: local() }).resolve(did)).toStrictEqual({ id: did })
    const refused = didWeb({ get: local({ allowPrivateAddresses: false }) }).resolve(did)
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    expect(requests).toBe(1)
  })

  test('a request asks for documents as they are, over a connection of its own, and says nothing more', async () => {
    const seen: object[] = []
    const port = await serve((request, response) => {
      seen.push(request.headers)
      response.end('{}')
    })
    await local()(`https://localhost:${port}/`, 100)
    expect(seen).toEqual([
      {
        accept: 'application/did+json, application/did+ld+json, application/json',
        'accept-encoding': 'identity',
        host: `localhost:${port}`,
        connection: 'close',
      },
    ])
  })

  test.each([
    ['sends more than it may', 100, 'ERR_TOO_LARGE'],
    ['sends what is not wanted', 1 << 20, 'ERR_TRANSPORT_UNREACHABLE'],
  ])('a server that %s without end is left', async (_, maxBytes, code) => {
    let left = (): void => undefined
    const gone = new Promise<void>((resolve) => {
      left = resolve
    })
    const port = await serve((_request, response) => {
      response.writeHead(code === 'ERR_TOO_LARGE' ? 200 : 500)
      const more = setInterval(() => response.write('x'.repeat(90)), 5)
      response.on('close', () => {
        clearInterval(more)
        left()
      })
    })
    await expect(local()(`https://localhost:${port}/`, maxBytes)).rejects.toMatchObject({ code })
    await gone
  })

  test('a certificate that is not trusted counts as unreachable', async () => {
    const port = await serve((_, response) => response.end('{}'))
    const get = httpsGet({ timer, allowPrivateAddresses: true })
    await expect(get(`https://localhost:${port}/`, 100)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  })

  test.each([404, 410])('status %i says that there is nothing', async (status) => {
    const port = await serve((_, response) => response.writeHead(status).end('no'))
    expect(await local()(`https://localhost:${port}/`, 100)).toBeUndefined()
  })

  test.each([
    [302, 'ERR_TRANSPORT_REJECTED'],
    [206, 'ERR_TRANSPORT_UNREACHABLE'],
    [503, 'ERR_TRANSPORT_UNREACHABLE'],
  ])('status %i is %s, and no redirect is followed', async (status, code) => {
    let requests = 0
    const port = await serve((_, response) => {
      requests += 1
      response.writeHead(status, { location: '/elsewhere' }).end('{}')
    })
    await expect(local()(`https://localhost:${port}/`, 100)).rejects.toMatchObject({ code })
    expect(requests).toBe(1)
  })

  test('one byte too many is refused, without a Content-Length as well', async () => {
    const port = await serve((_, response) => {
      response.write('x'.repeat(50))
      response.end('x'.repeat(50))
    })
    const url = `https://localhost:${port}/`
    expect(await local()(url, 100)).toHaveLength(100)
    await expect(local()(url, 99)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test.each([
    ['never answers', false],
    ['stops in the middle', true],
  ])('a server that %s is given up in time', async (_, begins) => {
    const fires: (() => void)[] = []
    let cancelled = 0
    const get = local({
      timer: (_delayMs, run) => {
        fires.push(run)
        return () => {
          cancelled += 1
        }
      },
    })
    let arrived = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      arrived = resolve
    })
    let left = (): void => undefined
    const gone = new Promise<void>((resolve) => {
      left = resolve
    })
    const port = await serve((_request, response) => {
      if (begins) response.write('{')
      response.on('close', () => left())
      arrived()
    })
    const result = get(`https://localhost:${port}/`, 100).catch((error: unknown) => error)
    await reached
    for (const fire of fires) fire()
    expect(await result).toMatchObject({ code: 'ERR_TIMEOUT' })
    await gone
    expect(cancelled).toBe(1)
    expect(fires).toHaveLength(1)
  })

  test('a connection that breaks in the middle counts as unreachable', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '10' })
      response.write('{', () => response.destroy())
    })
    const result = local()(`https://localhost:${port}/`, 100)
    await expect(result).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  })
})
