import { describe, expect, it } from 'vitest'
import type { Packet } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { accept, bytes, httpRig, type } from './http-rig.ts'

const { open, sender, serve } = httpRig()

describe('the HTTP client', () => {
  const answering = async (status: number, headers: Record<string, string> = {}) => {
    const { url } = await serve((asked, response) => {
      asked.resume().on('end', () => response.writeHead(status, headers).end())
    })
    return url
  }

  it.each([
    [200, 'no error'],
    [201, 'no error'],
    [202, 'no error'],
    [204, 'no error'],
    [301, 'ERR_TRANSPORT_UNREACHABLE'],
    [400, 'ERR_TRANSPORT_REJECTED'],
    [401, 'ERR_TRANSPORT_UNREACHABLE'],
    [404, 'ERR_TRANSPORT_UNREACHABLE'],
    [408, 'ERR_TRANSPORT_UNREACHABLE'],
    [413, 'ERR_TOO_LARGE'],
    [425, 'ERR_TRANSPORT_UNREACHABLE'],
    [429, 'ERR_TRANSPORT_UNREACHABLE'],
    [500, 'ERR_TRANSPORT_UNREACHABLE'],
    [503, 'ERR_TRANSPORT_UNREACHABLE'],
  ])('takes HTTP %i as %s [M3]', async (status, code) => {
    const transport = await sender()
    expect(await codeOf(transport.send(await answering(status), { bytes }))).toBe(code)
  })

  it('learns ERR_TOO_LARGE from a server with a smaller limit', async () => {
    const { url } = await open({ maxPacketBytes: 1_000 }, accept)
    const transport = await sender()
    for (const length of [1_001, 100_000, 1_048_576]) {
      expect(await codeOf(transport.send(url, { bytes: new Uint8Array(length) }))).toBe('ERR_TOO_LARGE')
    }
    expect(await codeOf(transport.send(url, { bytes: new Uint8Array(1_000) }))).toBe('no error')
  })

  it('names the media type by the first byte where the packet has none [A3]', async () => {
    const types: (string | undefined)[] = []
    const { url } = await open({}, async ({ mediaType }) => {
      types.push(mediaType)
      return 'accepted'
    })
    const transport = await sender()
    await transport.send(url, { bytes })
    await transport.send(url, { bytes: new Uint8Array([0xd0]) })
    expect(types).toEqual([type, 'application/cose; cose-type="cose-encrypt0"'])
  })

  it('follows a 307 within its origin, with the same body [M4]', async () => {
    const paths: string[] = []
    const { url } = await serve((asked, response) => {
      paths.push(asked.url ?? '')
      let length = 0
      asked.on('data', (chunk) => {
        length += chunk.length
      })
      asked.on('end', () => {
        if (asked.url === '/new') response.writeHead(length === bytes.length ? 202 : 500).end()
        else response.writeHead(307, { location: '/new' }).end()
      })
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('no error')
    expect(paths).toEqual(['/', '/new'])
  })

  it.each([301, 302, 303, 308])('does not follow a %i [M4]', async (status) => {
    const paths: string[] = []
    const { url } = await serve((asked, response) => {
      paths.push(asked.url ?? '')
      asked.resume().on('end', () => response.writeHead(status, { location: '/new' }).end())
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(paths).toEqual(['/'])
  })

  it('does not follow a redirect to another origin without TLS, or with a password', async () => {
    let visits = 0
    const { url: other } = await serve((asked, response) => {
      visits += 1
      asked.resume().on('end', () => response.writeHead(202).end())
    })
    for (const location of [other, other.replace('//', '//user:secret@'), 'ftp://x/', 'http://[']) {
      const url = await answering(307, { location })
      expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    }
    expect(visits).toBe(0)
  })

  it('gives up redirects that go in circles', async () => {
    let visits = 0
    const { url } = await serve((asked, response) => {
      visits += 1
      asked.resume().on('end', () => response.writeHead(307, { location: '/' }).end())
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(visits).toBe(4)
  })

  it('gives up where no answer comes in time', async () => {
    const clock = new Clock()
    let asked = 0
    const { url } = await serve(() => {
      asked += 1
    })
    const transport = await sender({ timer: clock.timer, requestTimeoutMs: 1_000 })
    const sent = codeOf(transport.send(url, { bytes }))
    await eventually(() => asked === 1)
    clock.advance(1_000)
    expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['of a page', 'text/html', '<p>'],
    ['without bytes', type, ''],
    ['over its limit', type, 'x'.repeat(20_001)],
  ])('does not receive a response %s', async (_, contentType, body) => {
    const received: Packet[] = []
    const transport = await sender({ maxPacketBytes: 20_000 }, async (packet) => {
      received.push(packet)
      return 'accepted'
    })
    const { url } = await serve((asked, response) => {
      asked.resume().on('end', () => response.writeHead(200, { 'content-type': contentType }).end(body))
    })
    expect(await codeOf(transport.send(url, { bytes }))).toBe('no error')
    expect(received).toEqual([])
  })

  it('uses one connection again for packet after packet', async () => {
    let connections = 0
    const { server, url } = await serve((asked, response) => {
      asked.resume().on('end', () => response.writeHead(202, { 'content-length': '0' }).end())
    })
    server.on('connection', () => {
      connections += 1
    })
    const transport = await sender()
    for (let count = 0; count < 20; count += 1) await transport.send(url, { bytes })
    expect(connections).toBe(1)
    await transport.close()
    await eventually(() => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length === 0)
  })

  it('sends again where a kept connection turns out to be closed', async () => {
    let connections = 0
    let requests = 0
    const { server, url } = await serve((asked, response) => {
      requests += 1
      asked.resume().on('end', () => {
        // The second request over the first connection finds it dead.
        if (requests === 2) response.socket?.destroy()
        else response.writeHead(202, { 'content-length': '0' }).end()
      })
    })
    server.on('connection', () => {
      connections += 1
    })
    const transport = await sender()
    await transport.send(url, { bytes })
    expect(await codeOf(transport.send(url, { bytes }))).toBe('no error')
    expect([connections, requests]).toEqual([2, 3])
  })

  it('refuses to send before it started', async () => {
    const transport = http()
    await expect(transport.send('http://127.0.0.1:1', { bytes })).rejects.toThrow(TypeError)
  })
})
