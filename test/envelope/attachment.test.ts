import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  attachBytes,
  attachJson,
  attachLinks,
  pack,
  readAttachment,
  signAttachment,
  unpack,
  verifyAttachment,
} from '../../runtime/envelope/index.ts'
import { contextOf, crypto, party } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob', 1, { signing: 'P-256' })
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const content = Uint8Array.from({ length: 300 }, (_, i) => i)
const malformed = { code: 'ERR_MESSAGE_MALFORMED' }

describe('an attachment', () => {
  test('carries bytes and JSON through an envelope [B18, D1, D2, D3, D5]', async () => {
    const attachments = [
      attachBytes(content, { id: '1', media_type: 'application/octet-stream', filename: 'a.bin', lastmod_time: 1 }),
      attachJson({ t: 21.5 }, { id: '2', description: 'a reading', format: 'https://example.org/reading@1' }),
    ]
    const message = {
      id: '1',
      type: 'https://example.org/notes/1.0/note',
      from: alice.did,
      to: [bob.did],
      body: {},
      attachments,
    }
    for (const encoding of ['json', 'compact'] as const) {
      const { bytes } = await pack(message, { to: bob.did, from: alice.did, encoding }, asAlice)
      const opened = await unpack(bytes, asBob)
      const [first, second] = opened.message.attachments ?? []
      if (!first || !second) throw new Error('two attachments')
      expect(first).toMatchObject({ id: '1', filename: 'a.bin', byte_count: 300 })
      expect(first.data.base64).not.toContain('=')
      expect(await readAttachment(first, { crypto })).toEqual(content)
      expect(JSON.parse(Buffer.from(await readAttachment(second, { crypto })).toString())).toEqual({ t: 21.5 })
    }
  })

  test('is read with padding and in plain base64 [D5]', async () => {
    for (const base64 of [Buffer.from(content).toString('base64'), `${Buffer.from([1]).toString('base64')}`]) {
      expect(Buffer.from(await readAttachment({ data: { base64 } }, { crypto })).toString('base64')).toBe(base64)
    }
  })

  test('behind a link is fetched from a server, and checked [D3, D4]', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/broken') return request.destroy()
      response.end(request.url === '/wrong' ? Buffer.from('something else') : content)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const get = async (link: string) => new Uint8Array(await (await fetch(link)).arrayBuffer())
    try {
      const attachment = attachLinks([`${base}/broken`, `${base}/right`], content, crypto)
      expect(attachment.data.hash).toMatch(/^zQm/)
      expect(await readAttachment(attachment, { crypto, get })).toEqual(content)
      const { hash } = attachment.data
      const forms = [hash?.slice(1), `u${toMultihash('base64url')}`, `f${toMultihash('hex')}`]
      for (const form of forms) {
        const other = { data: { links: [`${base}/right`], hash: String(form) } }
        expect(await readAttachment(other, { crypto, get })).toEqual(content)
      }
      const wrong = attachLinks([`${base}/wrong`], content, crypto)
      await expect(readAttachment(wrong, { crypto, get })).rejects.toMatchObject(malformed)
      const dead = attachLinks([`${base}/broken`], content, crypto)
      await expect(readAttachment(dead, { crypto, get })).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
      await expect(readAttachment(attachment, { crypto, get, maxBytes: 299 })).rejects.toMatchObject({
        code: 'ERR_TOO_LARGE',
      })
      await expect(readAttachment(attachment, { crypto })).rejects.toMatchObject(malformed)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  const good = attachBytes(content)
  const { hash = '' } = attachLinks([], content, crypto).data
  test.each([
    ['no content', { data: {} }],
    ['links without a hash', { data: { links: ['https://example.com'] } }],
    [
      'a hash of something else',
      { data: { ...good.data, hash: attachLinks([], Uint8Array.of(1), crypto).data.hash ?? '' } },
    ],
    ['a hash that is none', { data: { ...good.data, hash: 'md5:1' } }],
    ['a hash of another kind', { data: { ...good.data, hash: `f1114${'0'.repeat(40)}` } }],
    ['a length that is not its own', { ...good, byte_count: 299 }],
    ['what is no base64', { data: { base64: '%%' } }],
  ])('with %s is refused [D3, D4]', async (_, attachment) => {
    const get = async () => content
    await expect(readAttachment(attachment, { crypto, get })).rejects.toMatchObject(malformed)
    expect(await readAttachment({ data: { ...good.data, hash } }, { crypto })).toEqual(content)
  })

  test('is signed by who vouches for it, who need not be its author [D6]', async () => {
    const signed = await signAttachment(attachBytes(content), bob.did, asBob)
    expect(signed.data.jws).toMatchObject({ header: { kid: bob.keys[1]?.kid } })
    expect(await verifyAttachment(signed, content, asAlice)).toBe(bob.did)
    await expect(verifyAttachment(signed, content.subarray(1), asAlice)).rejects.toMatchObject({
      code: 'ERR_ENVELOPE_SIGNATURE',
    })
    await expect(verifyAttachment(good, content, asAlice)).rejects.toMatchObject(malformed)
    const jws = { ...(signed.data.jws as object), payload: 'AA' }
    await expect(verifyAttachment({ data: { jws } }, content, asAlice)).rejects.toMatchObject(malformed)
    const byAgreementKey = { ...(signed.data.jws as object), header: { kid: bob.keys[0]?.kid ?? '' } }
    await expect(verifyAttachment({ data: { jws: byAgreementKey } }, content, asAlice)).rejects.toMatchObject({
      code: 'ERR_ENVELOPE_ADDRESSING',
    })
    await expect(signAttachment({ data: { links: [] } }, bob.did, asBob)).rejects.toThrow(TypeError)
  })
})

function toMultihash(encoding: 'base64url' | 'hex'): string {
  return Buffer.from([0x12, 0x20, ...crypto.sha256(content)]).toString(encoding)
}
