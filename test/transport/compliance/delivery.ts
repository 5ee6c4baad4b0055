import { expect } from 'vitest'
import type { Packet } from '../../../runtime/transport.ts'
import { eventually } from '../clock.ts'
import { codeOf } from '../codes.ts'
import { mediaType, packetOf, type Scene, textOf } from './scene.ts'

const badUris = ['', 'nonsense', '::', 'memory:', 'mqtt://', 'mqtt://h/a+b', 'http://', 'http://a:b@c/', 'ftp://x/y']

/** That a packet arrives as it is, up to the largest, and what becomes of one that cannot be sent. */
export function delivery({ got, keep, pair, promises, start, test, texts }: Scene): void {
  test('delivers a packet unchanged in each direction [delivery]', async () => {
    const atA: Packet[] = []
    const uri = await start(keep, async (packet) => {
      atA.push(packet)
      return 'accepted'
    })
    const { a, b, uriOf } = pair()
    await a.send(uri, packetOf('to b'))
    await b.send(uriOf(a), packetOf('to a'))
    await eventually(() => got.length === 1 && atA.length === 1)
    expect(texts()).toEqual(['to b'])
    expect(atA.map(textOf)).toEqual(['to a'])
    if (promises.media) expect(got[0]?.mediaType).toBe(mediaType)
  })

  test('delivers empty packets and packets of every byte value [delivery]', async () => {
    const uri = await start(keep)
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    for (const bytes of [new Uint8Array(0), all]) await pair().a.send(uri, { bytes })
    await eventually(() => got.length === 2)
    const sorted = got.map(({ bytes }) => Buffer.from(bytes)).sort((one, other) => one.length - other.length)
    expect(sorted[0]?.length).toBe(0)
    expect(sorted[1]?.equals(all)).toBe(true)
  })

  test('sends a part of a larger buffer, and may not change with it afterwards [delivery]', async () => {
    const uri = await start(keep)
    const buffer = Buffer.from('-part-')
    await pair().a.send(uri, { bytes: buffer.subarray(1, 5) })
    buffer.fill(0)
    await eventually(() => got.length === 1)
    expect(texts()).toEqual(['part'])
  })

  test('delivers a packet of the largest size [size]', async () => {
    const uri = await start(keep)
    const { a } = pair()
    const largest = new Uint8Array(a.maxPacketBytes).fill(0xa5)
    await a.send(uri, { bytes: largest })
    await eventually(() => got.length === 1)
    expect(Buffer.from(got[0]?.bytes ?? []).equals(largest)).toBe(true)
  })

  test('refuses to send more than its largest packet with ERR_TOO_LARGE, and goes on [size]', async () => {
    const uri = await start(keep)
    const { a } = pair()
    expect(await codeOf(a.send(uri, { bytes: new Uint8Array(a.maxPacketBytes + 1) }))).toBe('ERR_TOO_LARGE')
    await a.send(uri, packetOf('small'))
    await eventually(() => got.length > 0)
    expect(texts()).toEqual(['small'])
  })

  for (const uri of badUris) {
    test(`fails on the URI "${uri}" with a code [codes]`, async () => {
      await start(keep)
      expect(await codeOf(pair().a.send(uri, packetOf('x')))).toMatch(/^ERR_TRANSPORT_(REJECTED|UNREACHABLE)$/)
    })
  }

  test('fails with ERR_TRANSPORT_UNREACHABLE where nobody is [codes]', async () => {
    await start(keep)
    const uri = await pair().unreachable()
    expect(await codeOf(pair().a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
  })
}
