import { expect, test } from 'vitest'
import { isPublicAddress } from '../../transports/address.ts'
import { http } from '../../transports/http.ts'
import { ws } from '../../transports/ws.ts'
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
