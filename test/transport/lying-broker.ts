import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** Control packets of MQTT by their type (MQTT 5 §2.1.2), as far as they are needed here. */
export const mqttType = { connect: 1, publish: 3, subscribe: 8, unsubscribe: 10, ping: 12, disconnect: 14 } as const

/** A control packet that the client has sent. */
export interface Control {
  readonly type: number
  readonly flags: number
  readonly body: Buffer
}

/** One connection to the broker, seen from the broker. */
export interface Session {
  readonly socket: Socket
  /** From 0. */
  readonly number: number
  /** 4 or 5, known with CONNECT. */
  readonly version: number
  send(...packets: Uint8Array[]): void
}

/** Does something else than a broker does; returns `true` where the broker is to answer as it should. */
export type Lie = (session: Session, packet: Control) => boolean

export interface LyingBroker {
  readonly url: string
  readonly sessions: readonly Session[]
  /** The payloads that clients have published, in the order of their arrival. */
  readonly published: string[]
  close(): Promise<void>
}

/** A broker by hand that takes one client, answers correctly, and lies where it is told to. */
export async function lyingBroker(lie: Lie): Promise<LyingBroker> {
  const sessions: Session[] = []
  const published: string[] = []
  const server = createServer((socket) => {
    let version = 4
    const session: Session = {
      socket,
      number: sessions.length,
      get version() {
        return version
      },
      send: (...packets) => void socket.write(Buffer.concat(packets)),
    }
    sessions.push(session)
    socket.on('error', () => undefined)
    let rest: Buffer = Buffer.alloc(0)
    const handle = (packet: Control): void => {
      if (packet.type === mqttType.connect) version = packet.body[6] ?? 4
      if (packet.type === mqttType.publish) published.push(payloadOf(packet, version))
      if (lie(session, packet)) answer(session, packet)
    }
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (let taken = take(rest); taken; taken = take(rest)) {
        rest = taken.rest
        handle(taken.packet)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    published,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const { socket } of sessions) socket.destroy()
      await closed
    },
  }
}

/** A control packet with a Remaining Length that is true, or is not. */
export function control(type: number, flags: number, body: Uint8Array, remainingLength = body.length): Buffer {
  const head = [(type << 4) | flags]
  for (let left = remainingLength; ; left >>= 7) {
    head.push(left < 128 ? left : (left & 127) | 128)
    if (left < 128) break
  }
  return Buffer.concat([Buffer.from(head), body])
}

/** CONNACK (§3.2) with properties as they are on the wire. */
export const connack = ({ version }: Session, properties: readonly number[] = []): Buffer =>
  control(2, 0, Buffer.from(version === 5 ? [0, 0, properties.length, ...properties] : [0, 0]))

export const puback = (id: number): Buffer => control(4, 0, Buffer.from([id >> 8, id & 255]))

/** PUBLISH with QoS 1 (§3.3). */
export function publish({ version }: Session, topic: string, id: number, payload: string, length?: number): Buffer {
  const name = Buffer.from(topic)
  const head = [name.length >> 8, name.length & 255, ...name, id >> 8, id & 255, ...(version === 5 ? [0] : [])]
  const body = Buffer.concat([Buffer.from(head), Buffer.from(payload)])
  return control(mqttType.publish, 2, body, length ?? body.length)
}

/** SUBACK (§3.9) with as many codes as it is told. */
export const suback = ({ version }: Session, { body }: Control, codes: readonly number[]): Buffer =>
  control(9, 0, Buffer.concat([body.subarray(0, 2), Buffer.from([...(version === 5 ? [0] : []), ...codes])]))

/** The Packet Identifier of a PUBLISH with QoS 1. */
export const idOf = ({ body }: Control): number => body.readUInt16BE(2 + body.readUInt16BE(0))

function payloadOf(packet: Control, version: number): string {
  const { body } = packet
  const properties = 2 + body.readUInt16BE(0) + 2
  return body.subarray(properties + (version === 5 ? 1 + (body[properties] ?? 0) : 0)).toString()
}

function answer(session: Session, packet: Control): void {
  const { type, body } = packet
  if (type === mqttType.connect) session.send(connack(session))
  if (type === mqttType.publish) session.send(puback(idOf(packet)))
  if (type === mqttType.subscribe) session.send(suback(session, packet, [1]))
  if (type === mqttType.unsubscribe) {
    session.send(control(11, 0, Buffer.from([body[0] ?? 0, body[1] ?? 0, ...(session.version === 5 ? [0, 0] : [])])))
  }
  if (type === mqttType.ping) session.send(control(13, 0, Buffer.alloc(0)))
}

function take(bytes: Buffer): { packet: Control; rest: Buffer } | undefined {
  let length = 0
  let at = 1
  for (let shift = 0; ; shift += 7, at += 1) {
    const next = bytes[at]
    if (next === undefined) return undefined
    length |= (next & 127) << shift
    if (next < 128) break
  }
  const end = at + 1 + length
  if (bytes.length < end) return undefined
  const first = bytes[0] ?? 0
  return {
    packet: { type: first >> 4, flags: first & 15, body: bytes.subarray(at + 1, end) },
    rest: bytes.subarray(end),
  }
}
