import { describe, expect, it } from 'vitest'
import { Clock, eventually, turn } from './clock.ts'
import { connectionRig, timerOf } from './mqtt-connection-rig.ts'

const { make, serve } = connectionRig()

describe('a connection that cannot be made', () => {
  it.each([
    ['a name that nobody has', 'mqtt://no-such-host.invalid', /name of the broker/],
    ['a port where nobody listens', 'mqtt://127.0.0.1:1', /ECONNREFUSED/],
  ])('tells of %s, and is tried again', async (_, url, message) => {
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: clock.timer })
    const started = connection.start(async () => 'accepted')
    await eventually(() => errors.length > 0)
    expect(errors[0]).toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE', message: expect.stringMatching(message) })
    await eventually(
      () => errors.length > 3,
      () => clock.advance(1_000),
    )
    clock.advance(2_000)
    await started
  })

  it('is given up after a time where the broker says nothing', async () => {
    const { url } = await serve(() => undefined)
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: clock.timer, timeoutMs: 50, protocolVersion: 5 })
    void connection.start(async () => 'accepted')
    await eventually(() => errors.length > 0)
    expect(errors[0]?.code).toBe('ERR_TRANSPORT_UNREACHABLE')
  })

  it('is tried in the older version where a broker closes it without a word', async () => {
    const versions: number[] = []
    const { url } = await serve((socket) => {
      socket.once('data', (connect: Buffer) => {
        // Fixed header with one byte of length, then "MQTT" with its length before it.
        const version = connect[connect.indexOf('MQTT') + 4] ?? 0
        versions.push(version)
        if (version === 5) socket.destroy()
        else socket.write(new Uint8Array([0x20, 2, 0, 0]))
      })
    })
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: timerOf(clock), inboxTopics: [], state: false })
    await connection.start(async () => 'accepted')
    expect(versions).toEqual([5, 4])
    expect(connection.protocolVersion).toBe(4)
    expect(errors).toEqual([])
  })

  it('tells of another client with its name, and does not fight it', async () => {
    let connections = 0
    const { url } = await serve((socket) => {
      connections += 1
      // CONNACK, and DISCONNECT with the reason code Session taken over.
      socket.once('data', () => socket.end(new Uint8Array([0x20, 3, 0, 0, 0, 0xe0, 2, 0x8e, 0])))
    })
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: timerOf(clock), random: () => 0, state: false })
    void connection.start(async () => 'accepted')
    await eventually(() => errors.length === 1)
    expect(errors[0]).toMatchObject({
      code: 'ERR_TRANSPORT_REJECTED',
      message: 'another client has connected with the same client id',
    })
    clock.advance(59_999)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(connections).toBe(1)
    clock.advance(1)
    await eventually(() => errors.length === 2)
  })

  it.each([
    ['garbage', [0xff, 0xff, 0xff, 0xff, 0xff]],
    ['HTTP', [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
    ['a CONNACK without end', [0x20, 0xff, 0xff, 0xff, 0x7f]],
    ['a PUBLISH instead of a CONNACK', [0x30, 5, 0, 1, 0x61, 0, 0]],
    ['a CONNACK with a code that there is not', [0x20, 3, 0, 0xfe, 0]],
  ])('survives a server that answers with %s', async (_, bytes) => {
    const { url } = await serve((socket) => {
      socket.once('data', () => socket.end(new Uint8Array(bytes)))
    })
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: timerOf(clock) })
    void connection.start(async () => 'accepted')
    await eventually(
      () => errors.length >= 3,
      () => clock.advance(1_000),
    )
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ERR_TRANSPORT_UNREACHABLE']))
    expect(connection.connected).toBe(false)
  })

  it.each([
    ['garbage', [0xff, 0xff, 0xff, 0xff, 0xff], 'ERR_TRANSPORT_UNREACHABLE'],
    ['a packet with flags that there are not', [0xf1, 0], 'ERR_TRANSPORT_UNREACHABLE'],
    ['a second CONNACK', [0x20, 2, 0, 0], 'ERR_TRANSPORT_REJECTED'],
  ])('is given up at once where the broker goes on with %s', async (_, bytes, code) => {
    const { url } = await serve((socket) => {
      socket.once('data', () => socket.write(new Uint8Array([0x20, 2, 0, 0, ...bytes])))
    })
    const { connection, errors } = make({ url, timer: new Clock().timer, protocolVersion: 4 })
    void connection.start(async () => 'accepted')
    await eventually(() => errors.length === 1)
    expect(errors[0]?.code).toBe(code)
    expect(connection.connected).toBe(false)
  })

  it('closes although the broker answers nothing any more', async () => {
    const { url } = await serve((socket) => {
      socket.once('data', () => socket.write(new Uint8Array([0x20, 2, 0, 0])))
    })
    const clock = new Clock()
    const { connection, errors } = make({ url, timer: clock.timer, protocolVersion: 4 })
    const started = connection.start(async () => 'accepted')
    await eventually(() => connection.connected)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    let isClosed = false
    const closed = connection.close().then(() => {
      isClosed = true
    })
    await eventually(
      () => isClosed,
      () => clock.advance(100),
    )
    await Promise.all([started, closed])
    expect(connection.connected).toBe(false)
    expect([clock.pending, errors]).toEqual([0, []])
  })

  it('closes while it waits, and while it connects', async () => {
    const { url } = await serve(() => undefined)
    for (const target of [url, 'mqtt://127.0.0.1:1']) {
      const clock = new Clock()
      const { connection } = make({ url: target, timer: clock.timer })
      const started = connection.start(async () => 'accepted')
      for (let turns = 0; turns < 20; turns += 1) await turn()
      await connection.close()
      await started
      expect(clock.pending).toBe(0)
      expect(connection.connected).toBe(false)
    }
  })
})
