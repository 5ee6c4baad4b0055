import { expect, test } from 'vitest'
import { isPublicAddress } from '../../transports/address.ts'
import { http } from '../../transports/http/http.ts'
import { ws } from '../../transports/ws/ws.ts'
import { codeOf } from './codes.ts'
import { accept, bytes, httpRig } from './http-rig.ts'

const { open, serve, sender } = httpRig()

test.each([
  ['0.0.0.0', false],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['127.0.0.1', false],
  ['169.254.169.254', false],
  ['172.31.255.255', false],
  ['192.168.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::7f00:1', false],
  ['2001:db8::1', false],
  ['2002:7f00:1::', false],
  ['fd00::1', false],
  ['fe80::1', false],
  ['fe80::1%lo', false],
  ['2600::1%lo', false],
  ['ff02::1', false],
  ['localhost', false],
  ['8.8.8.8', true],
  ['172.32.0.1', true],
  ['2606:4700::1111', true],
])('the address %s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})

/** Each network that is closed: its neighbours, which are open or belong to the next one, and its first and last address. */
const networks: readonly [string | undefined, string, string, string | undefined][] = [
  [undefined, '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['223.255.255.255', '224.0.0.0', '239.255.255.255', undefined],
  [undefined, '240.0.0.0', '255.255.255.255', undefined],
  [undefined, '::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2000::'],
  ['2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
  ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
  ['2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
  ['3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'],
  ['3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', undefined],
]

test.each(networks)('%s is open, %s to %s is closed, and %s is open', (before, first, last, after) => {
  expect([first, last].map(isPublicAddress)).toEqual([false, false])
  for (const address of [before, after]) expect(address === undefined || isPublicAddress(address)).toBe(true)
})

const hidden = ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', 'localhost']

test.each(hidden)('http does not send to %s unless that is allowed', async (host) => {
  let connections = 0
  const { server, url } = await serve((_, response) => response.end())
  server.on('connection', () => {
    connections += 1
  })
  const transport = await sender({ allowPrivateAddresses: false })
  const uri = `http://${host}:${new URL(url).port}/`
  expect(await codeOf(transport.send(uri, { bytes }))).toBe('ERR_TRANSPORT_REJECTED')
  expect(connections).toBe(0)
})

test('http sends to loopback where that is allowed, also by a name', async () => {
  const { url } = await open({}, accept)
  const transport = await sender({ allowPrivateAddresses: true })
  expect(await codeOf(transport.send(url.replace('127.0.0.1', 'localhost'), { bytes }))).toBe('no error')
})

test.each(hidden)('ws does not connect to %s unless that is allowed', async (host) => {
  const listening = ws({ listen: { port: 0 } })
  const transport = ws()
  await listening.start(accept)
  await transport.start(accept)
  const uri = `ws://${host}:${new URL(listening.url ?? '').port}/`
  expect(await codeOf(transport.send(uri, { bytes }))).toBe('ERR_TRANSPORT_REJECTED')
  await Promise.all([listening.close(), transport.close()])
})

test('the refusal does not tell which address a name has', async () => {
  const transport = http()
  await transport.start(accept)
  const failure = await transport.send('http://localhost:1/', { bytes }).catch((error: Error) => error)
  expect(String(failure)).not.toMatch(/127\.0|::1/)
  await transport.close()
})
