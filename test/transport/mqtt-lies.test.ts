import { randomUUID } from 'node:crypto'
import { connect, type MqttClient } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../runtime/transport.ts'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { eventually } from './clock.ts'
import {
  type Control,
  connack,
  control,
  idOf,
  type Lie,
  type LyingBroker,
  lyingBroker,
  mqttType,
  puback,
  publish,
  type Session,
  suback,
} from './lying-broker.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const mebibyte = 1024 * 1024

let broker: LyingBroker
let client: MqttClient
let transport: Transport
const got: string[] = []
/** Codes of what the transport reports by itself. */
const told: string[] = []

afterEach(async () => {
  await Promise.all([transport.close(), client.endAsync(true)])
  await broker.close()
})

/** Opens a transport on a broker that lies over its first connection only, unless told otherwise. */
async function open(protocolVersion: 4 | 5, lie: Lie, times = 1): Promise<void> {
  got.length = 0
  told.length = 0
  broker = await lyingBroker((session, packet) => session.number >= times || lie(session, packet))
  const options = { protocolVersion, clean: false, clientId: randomUUID(), reconnectPeriod: 20 }
  client = connect(broker.url, options)
  client.on('error', () => undefined)
  transport = mqtt({ client, inboxTopics: ['inbox'], timeoutMs: 3_000, onError: ({ code }) => told.push(code) })
}

const start = () =>
  transport.start(async ({ bytes }) => {
    got.push(textOf(bytes))
    return 'accepted'
  })
const send = (text: string) => transport.send(`${broker.url}/other`, { bytes: bytesOf(text) })
const last = () => broker.sessions.at(-1) as Session
/** Runs once, when the client has subscribed. */
const whenSubscribed =
  (act: (session: Session) => void): Lie =>
  (session, packet) => {
    if (packet.type !== mqttType.subscribe) return true
    session.send(suback(session, packet, [1]))
    act(session)
    return false
  }
const onPublish =
  (act: (session: Session, packet: Control) => void): Lie =>
  (session, packet) => {
    if (packet.type !== mqttType.publish) return true
    act(session, packet)
    return false
  }

/** Everything works over the connection that is there now, or over the next one. */
async function works(): Promise<void> {
  await eventually(() => client.connected && !last().socket.destroyed)
  await expect.poll(() => send('still here').then(() => 'sent', String), { timeout: 5_000 }).toBe('sent')
  last().send(publish(last(), 'inbox', 7, 'and back'))
  await eventually(() => got.includes('and back'))
}

describe.each([4, 5] as const)('mqtt %i with a broker that lies', (version) => {
  it('ends a connection whose packet has no end, before it takes much memory', async () => {
    let taken = 0
    const flood = (session: Session) => {
      const more = Buffer.alloc(mebibyte)
      session.send(publish(session, 'inbox', 1, '', 268_435_455))
      const pour = (): void => {
        if (session.socket.destroyed) return
        taken = session.socket.bytesWritten - session.socket.writableLength
        session.socket.write(more, pour)
      }
      pour()
    }
    await open(version, whenSubscribed(flood))
    await start()
    await eventually(() => told.length > 0)
    expect(told).toEqual(['ERR_TOO_LARGE'])
    await works()
    // What the system holds on the way between the two comes on top of the 16 MiB.
    expect(taken).toBeLessThan(40 * mebibyte)
    expect(got).toEqual(['and back'])
  })

  it('ends a connection whose CONNACK has no end', async () => {
    await open(version, (session) => {
      const more = Buffer.alloc(mebibyte)
      const pour = (): void => void (session.socket.destroyed || session.socket.write(more, pour))
      session.socket.write(control(2, 0, Buffer.alloc(0), 268_435_455))
      pour()
      return false
    })
    await start()
    expect(told).toEqual(['ERR_TOO_LARGE'])
    await works()
  })

  it('takes no packet for whole whose end never comes', async () => {
    await open(
      version,
      whenSubscribed((session) => {
        session.socket.end(publish(session, 'inbox', 1, 'half of it', 200))
      }),
    )
    await start()
    await works()
    expect(got).toEqual(['and back'])
  })

  it('makes a new connection after a PUBLISH whose topic is longer than the packet', async () => {
    const malformed = control(mqttType.publish, 2, Buffer.from([255, 255, 1, 2, 3]))
    await open(
      version,
      whenSubscribed((session) => session.send(malformed)),
    )
    await start()
    await eventually(() => broker.sessions.length === 2)
    expect(told).toEqual(['ERR_TRANSPORT_UNREACHABLE'])
    await works()
    expect(got).toEqual(['and back'])
  })

  it('takes PUBACKs of unknown packets, and second ones, for nothing', async () => {
    await open(
      version,
      onPublish((session, packet) => {
        session.send(puback(idOf(packet) + 1), puback(0), puback(idOf(packet)), puback(idOf(packet)))
      }),
      Number.POSITIVE_INFINITY,
    )
    await start()
    for (let number = 0; number < 20; number += 1) await send(`${number}`)
    expect(broker.published).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
    expect(broker.sessions.length).toBe(1)
    await works()
  })

  it('gets over a PUBLISH with the packet id 0', async () => {
    await open(
      version,
      whenSubscribed((session) => session.send(publish(session, 'inbox', 0, 'zero'))),
    )
    await start()
    await works()
    expect(got.filter((text) => text !== 'zero')).toEqual(['and back'])
    expect(got.filter((text) => text === 'zero').length).toBeLessThan(2)
  })

  it.each([{ codes: [] }, { codes: [1, 1] }])(
    'ends with an error or goes on after a SUBACK with $codes',
    async (row) => {
      await open(version, (session, packet) => {
        if (packet.type !== mqttType.subscribe) return true
        session.send(suback(session, packet, row.codes))
        return false
      })
      await start().catch((error) => told.push(error.code))
      if (row.codes.length === 0) expect(told).not.toEqual([])
      await works()
    },
  )

  it('makes a new connection after a second CONNACK', async () => {
    await open(
      version,
      whenSubscribed((session) => session.send(connack(session))),
    )
    await start()
    await eventually(() => broker.sessions.length === 2)
    await works()
  })
})

describe('mqtt 5 with a broker that lies about its limits', () => {
  const withProperties =
    (properties: readonly number[], then: Lie = () => true): Lie =>
    (session, packet) => {
      if (packet.type !== mqttType.connect) return then(session, packet)
      session.send(connack(session, properties))
      return false
    }

  it.each([0, 1])('takes a Receive Maximum of %i, which may not be 0, for what it is', async (maximum) => {
    let inFlight = 0
    let most = 0
    const slowly = onPublish((session, packet) => {
      inFlight += 1
      most = Math.max(most, inFlight)
      setImmediate(() => {
        inFlight -= 1
        session.send(puback(idOf(packet)))
      })
    })
    await open(5, withProperties([0x21, 0, maximum], slowly), Number.POSITIVE_INFINITY)
    await start()
    await Promise.all(Array.from({ length: 30 }, (_, index) => send(`${index}`)))
    expect(most).toBe(maximum === 1 ? 1 : 30)
    expect(broker.published.length).toBe(30)
  })

  it('sends nothing over the Maximum Packet Size, even if the broker would take it', async () => {
    await open(5, withProperties([0x27, 0, 0, 1, 0]), Number.POSITIVE_INFINITY)
    await start()
    await expect(send('x'.repeat(300))).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    expect(broker.published).toEqual([])
    await works()
  })

  it('says ERR_TOO_LARGE where the broker takes less than it said', async () => {
    const tooLarge = onPublish((session, { body }) => {
      if (body.length > 1000) session.socket.end(control(mqttType.disconnect, 0, Buffer.from([0x95, 0])))
    })
    await open(5, withProperties([0x27, 0, 1, 0, 0], tooLarge))
    await start()
    await expect(send('x'.repeat(2000))).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    await works()
  })
})
