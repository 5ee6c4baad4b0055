import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { crypto } from 'didcomm-mote/crypto'
import { serializeMessage } from 'didcomm-mote/message'
import {
  answerShortUrl,
  INVITATION,
  inAnswerTo,
  invitation,
  invitationUrl,
  readInvitation,
  readInvitationUrl,
  request,
  requests,
  shortInvitationUrl,
  webRedirect,
} from 'didcomm-mote/protocols/out-of-band'
import { ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { encode } from 'uqr'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { didPeer2Identity } from '../../runtime/identity.ts'
import { party } from '../agent/world.ts'
import { seed } from './world.ts'

// Its typings are those of a CommonJS module with a default member.
const jsQR = createRequire(import.meta.url)('jsqr') as (
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
) => { data: string } | null

const inviter = didPeer2Identity(crypto, seed('i'), [{ uri: 'memory:inviter', accept: ['didcomm/v2'] }])
const made = invitation({
  id: '69212a3a-d068-4f9d-a2dd-4741bca89af3',
  from: inviter.did,
  goalCode: 'org.example.pair',
  goal: 'To pair the sensor in the attic',
  accept: ['didcomm/v2'],
})
const malformed = { code: 'ERR_MESSAGE_MALFORMED' }
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('an invitation', () => {
  it('has the members of the specification and no white space in its URL [K8, N1, N3]', () => {
    expect(made).toMatchObject({ type: INVITATION, from: inviter.did, body: { goal_code: 'org.example.pair' } })
    const url = invitationUrl('https://example.com/path?lang=en#top', made)
    expect(url).toMatch(/^https:\/\/example\.com\/path\?lang=en&_oob=[\w-]+#top$/)
    const json = Buffer.from(String(/_oob=([\w-]+)/.exec(url)?.[1]), 'base64url').toString()
    expect(json).not.toMatch(/\s(?=")/)
    expect(() => invitation({ id: '1', from: 'example.com' })).toThrow(TypeError)
  })

  it('comes out of its URL as it went in, also between other parameters [N1, N3]', async () => {
    const expected = {
      id: made.id,
      from: inviter.did,
      goalCode: 'org.example.pair',
      accept: ['didcomm/v2'],
      attachments: [],
    }
    for (const base of ['https://example.com', 'https://example.com/p?a=1&b=2', 'didcomm://x/y']) {
      expect(await readInvitationUrl(`${invitationUrl(base, made)}&utm=1`)).toMatchObject(expected)
    }
  })

  it('is read with padding and in plain base64 as well', async () => {
    const text = Buffer.from(serializeMessage({ ...made, body: { goal: '???>>>~~~' } }))
    for (const value of [text.toString('base64'), encodeURIComponent(text.toString('base64'))]) {
      expect((await readInvitationUrl(`https://example.com?_oob=${value}`)).goal).toBe('???>>>~~~')
    }
  })

  it.each([
    ['no parameter', 'https://example.com/?oob=e30'],
    ['what is no base64', 'https://example.com/?_oob=%%%'],
    ['a percent sign without its digits', 'https://example.com/?_oob=%zz'],
    ['no JSON', 'https://example.com/?_oob=AAAA'],
    [
      'another message',
      `https://example.com/?_oob=${base64url({ ...made, type: 'https://didcomm.org/trust-ping/2.0/ping' })}`,
    ],
    ['no sender', `https://example.com/?_oob=${base64url({ ...made, from: undefined })}`],
    ['no id', `https://example.com/?_oob=${base64url({ ...made, id: undefined })}`],
    [
      'profiles that are no list',
      `https://example.com/?_oob=${base64url({ ...made, body: { accept: 'didcomm/v2' } })}`,
    ],
    ['a short form that nobody fetches', 'https://example.com/?_oobid=1'],
  ])('is refused with %s [N1]', async (_, url) => {
    await expect(readInvitationUrl(url)).rejects.toMatchObject(malformed)
  })

  it('is refused where it is longer than anybody needs', async () => {
    const long = `https://example.com/?_oob=${'A'.repeat(65_536)}`
    await expect(readInvitationUrl(long)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    const get = async (url: string) => ({ url, bytes: new Uint8Array(65_537).fill(0x41) })
    await expect(readInvitationUrl('https://example.com/?_oobid=1', get)).rejects.toMatchObject({
      code: 'ERR_TOO_LARGE',
    })
    expect(() => readInvitation(new Uint8Array(65_537))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  })

  it('passes through a QR code and the eye of a camera [N7]', async () => {
    const url = invitationUrl('https://example.com/pair', made)
    const { data, size } = encode(url)
    const scale = 4
    const side = size * scale
    const pixels = new Uint8ClampedArray(side * side * 4)
    for (let at = 0; at < side * side; at++) {
      const dark = data[Math.floor(at / side / scale)]?.[Math.floor((at % side) / scale)]
      pixels.set([dark ? 0 : 255, dark ? 0 : 255, dark ? 0 : 255, 255], 4 * at)
    }
    const seen = jsQR(pixels, side, side)
    expect(seen?.data).toBe(url)
    expect((await readInvitationUrl(seen?.data ?? '')).from).toBe(inviter.did)
  })

  it('carries requests, of which one is acted on [N1]', async () => {
    const ask = { id: 'r1', from: inviter.did, type: 'https://didcomm.org/trust-ping/2.0/ping', body: {} }
    const broken = { data: { base64: '%%' } }
    const withRequests = invitation({
      id: '2',
      from: inviter.did,
      attachments: [request(ask), broken, { data: { json: 7 } }],
    })
    const read = await readInvitationUrl(invitationUrl('https://example.com', withRequests))
    expect(requests(read)).toEqual([{ ...ask, typ: 'application/didcomm-plain+json' }])
  })
})

describe('a short URL', () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
  })

  async function host(
    answer: (url: string) => { status: number; body?: Uint8Array; location?: string },
  ): Promise<string> {
    const server = createServer((asked, response) => {
      const { status, body, location } = answer(asked.url ?? '')
      response.writeHead(status, location === undefined ? {} : { location }).end(body)
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const get = async (url: string) => {
    const response = await fetch(url)
    return { url: response.url, bytes: new Uint8Array(await response.arrayBuffer()) }
  }

  it('leads to the invitation over HTTP, which the host knows by its id [N4]', async () => {
    const base = await host((url) => {
      const body = answerShortUrl(url, (oobid) => (oobid === made.id ? made : undefined))
      return body ? { status: 200, body } : { status: 404 }
    })
    const short = shortInvitationUrl(`${base}/pair`, made.id)
    expect(short.length).toBeLessThan(100)
    expect(await readInvitationUrl(short, get)).toMatchObject({ id: made.id, from: inviter.did })
    await expect(readInvitationUrl(shortInvitationUrl(base, 'another'), get)).rejects.toMatchObject(malformed)
  })

  it('is followed where it redirects to the long one, or answers with its text [N4]', async () => {
    const long = invitationUrl('/long', made)
    const base = await host((url) => {
      if (url.startsWith('/long')) return { status: 200, body: Buffer.from('<p>Scan me</p>') }
      if (url.includes('=text')) return { status: 200, body: Buffer.from(`${long}\n`) }
      return { status: 302, location: long }
    })
    for (const id of ['moved', 'text']) {
      expect(await readInvitationUrl(shortInvitationUrl(base, id), get)).toMatchObject({ id: made.id })
    }
  })
})

describe('the answer to an invitation', () => {
  it('reaches the inviter, and names the invitation as its parent thread [N2, J2]', async () => {
    const network = memoryNetwork()
    const alice = party('i', [network.transport('inviter')], {
      did: inviter.did,
      secrets: (await import('didcomm-mote/crypto')).memorySecrets(crypto, inviter.secretKeys),
      protocols: [trustPing()],
    })
    const seen: unknown[] = []
    alice.agent.on(
      'https://didcomm.org/trust-ping/2.0/ping',
      ({ message }) => void seen.push(message.pthid) as undefined,
    )
    const bob = party('b', [network.transport('bob')])
    await alice.agent.start()
    await bob.agent.start()
    const read = await readInvitationUrl(invitationUrl('https://example.com', made))
    await bob.agent.send(inAnswerTo(read, ping()), { to: read.from })
    await vi.waitFor(() => expect(seen).toEqual([made.id]))
    await Promise.all([alice.agent.close(), bob.agent.close()])
  })

  it('may ask to lead a person back to a web page, and nowhere else [N8]', () => {
    const header = { status: 'OK', redirectUrl: 'https://example.com/done' }
    expect(webRedirect({ web_redirect: header })).toEqual(header)
    const bad = [
      undefined,
      null,
      'x',
      { status: 'OK' },
      { ...header, status: 'ok' },
      { ...header, redirectUrl: 'javascript:1' },
    ]
    for (const web_redirect of bad) expect(webRedirect({ web_redirect })).toBeUndefined()
  })
})
