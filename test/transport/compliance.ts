import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import { eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'

/** Two ends of one transport, not started. */
export interface Pair {
  readonly a: Transport
  readonly b: Transport
  /** Where each is reached once it has started. */
  uriOf(end: Transport): string
  /** A URI, or a state of the network, in which nobody can be reached. */
  unreachable(): Promise<string>
  /** Moves the clock of `b`, where it has one of its own. */
  elapse?(): void
  /** What may not grow with the number of messages. */
  held(): number
  close(): Promise<void>
}

/** What a transport promises beyond the interface. */
export interface Promises {
  readonly order: boolean
  /** A reply goes back in the same exchange. */
  readonly reply: boolean
  /** Who sends again what `receive` rejected: the sender, who is told, or the transport. */
  readonly again: 'sender' | 'transport'
  /** The sender learns of a refusal. */
  readonly refusal: boolean
  /** A packet without bytes can be sent. */
  readonly media: boolean
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const mediaType = 'application/didcomm-encrypted+json'
const never: Receive = async () => 'refused'
const packetOf = (text: string): Packet => ({ bytes: bytesOf(text), mediaType })

/** Runs what every transport must pass. */
export function transportCompliance(name: string, promises: Promises, makePair: () => Promise<Pair>): void {
  describe(`${name} as a transport`, () => {
    let pair: Pair
    const got: Packet[] = []
    const keep: Receive = async (packet) => {
      got.push(packet)
      return 'accepted'
    }
    const texts = () => got.map(({ bytes }) => textOf(bytes))

    beforeEach(async () => {
      got.length = 0
      pair = await makePair()
    })
    afterEach(async () => {
      await Promise.all([pair.a.close(), pair.b.close()])
      await pair.close()
    })
    const start = async (receive: Receive, receiveAtA: Receive = never) => {
      await pair.a.start(receiveAtA)
      await pair.b.start(receive)
      return pair.uriOf(pair.b)
    }

    it('delivers a packet unchanged in each direction', async () => {
      const atA: Packet[] = []
      const uri = await start(keep, async (packet) => {
        atA.push(packet)
        return 'accepted'
      })
      await pair.a.send(uri, packetOf('to b'))
      await pair.b.send(pair.uriOf(pair.a), packetOf('to a'))
      await eventually(() => got.length === 1 && atA.length === 1)
      expect(texts()).toEqual(['to b'])
      expect(atA.map(({ bytes }) => textOf(bytes))).toEqual(['to a'])
      if (promises.media) expect(got[0]?.mediaType).toBe(mediaType)
    })

    it('delivers empty packets, packets of every byte value and packets of the largest size', async () => {
      const uri = await start(keep)
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)
      const largest = new Uint8Array(pair.a.maxPacketBytes).fill(0xa5)
      for (const bytes of [new Uint8Array(0), all, largest]) await pair.a.send(uri, { bytes })
      await eventually(() => got.length === 3)
      const sorted = got.map(({ bytes }) => Buffer.from(bytes)).sort((one, other) => one.length - other.length)
      expect(sorted[0]?.length).toBe(0)
      expect(sorted[1]?.equals(all)).toBe(true)
      expect(sorted[2]?.equals(largest)).toBe(true)
    })

    it('sends a part of a larger buffer, and may not change with it afterwards', async () => {
      const uri = await start(keep)
      const buffer = Buffer.from('-part-')
      const sent = pair.a.send(uri, { bytes: buffer.subarray(1, 5) })
      await sent
      buffer.fill(0)
      await eventually(() => got.length === 1)
      expect(texts()).toEqual(['part'])
    })

    it('refuses to send more than its largest packet with ERR_TOO_LARGE', async () => {
      const uri = await start(keep)
      const bytes = new Uint8Array(pair.a.maxPacketBytes + 1)
      expect(await codeOf(pair.a.send(uri, { bytes }))).toBe('ERR_TOO_LARGE')
      await pair.a.send(uri, packetOf('small'))
      await eventually(() => got.length > 0)
      expect(texts()).toEqual(['small'])
    })

    it('delivers each packet of many concurrent senders once', async () => {
      const uri = await start(keep)
      const sent = Array.from({ length: 200 }, (_, index) => `packet ${index}`)
      await Promise.all(sent.map((text) => pair.a.send(uri, packetOf(text))))
      await eventually(() => got.length >= 200)
      expect(texts().sort()).toEqual([...sent].sort())
    })

    if (promises.order) {
      it('begins to receive in the order of the sends', async () => {
        const uri = await start(keep)
        const sent = Array.from({ length: 100 }, (_, index) => `${index}`)
        await Promise.all(sent.map((text) => pair.a.send(uri, packetOf(text))))
        await eventually(() => got.length >= 100)
        expect(texts()).toEqual(sent)
      })
    }

    it.each(['', 'nonsense', '::', 'memory:', 'mqtt://', 'mqtt://h/a+b', 'http://', 'http://a:b@c/', 'ftp://x/y'])(
      'fails on the URI "%s" with a code',
      async (uri) => {
        await start(keep)
        expect(await codeOf(pair.a.send(uri, packetOf('x')))).toMatch(/^ERR_TRANSPORT_(REJECTED|UNREACHABLE)$/)
      },
    )

    if (promises.reply) {
      it('hands a reply to the sender before send resolves', async () => {
        const replies: Packet[] = []
        const uri = await start(
          async (packet) => {
            await packet.reply?.(packetOf(`re: ${textOf(packet.bytes)}`))
            return 'accepted'
          },
          async (packet) => {
            replies.push(packet)
            return 'accepted'
          },
        )
        await pair.a.send(uri, packetOf('question'))
        expect(replies.map(({ bytes }) => textOf(bytes))).toEqual(['re: question'])
        expect(replies[0]?.mediaType).toBe(mediaType)
      })

      it('takes one reply, of its size, in time', async () => {
        let late: Packet['reply']
        const codes: string[] = []
        const uri = await start(async ({ reply }) => {
          if (!reply) return 'refused'
          codes.push(await codeOf(reply({ bytes: new Uint8Array(pair.b.maxPacketBytes + 1) })))
          await reply(packetOf('one'))
          codes.push(await codeOf(reply(packetOf('two'))))
          late = reply
          return 'accepted'
        })
        await pair.a.send(uri, packetOf('question'))
        expect(codes[0]).toBe('ERR_TOO_LARGE')
        expect(codes[1]).toMatch(/TypeError/)
        expect(late && (await codeOf(late(packetOf('three'))))).toBe('ERR_CLOSED')
      })

      it('resolves a send whose reply the sender cannot receive', async () => {
        const uri = await start(
          async (packet) => {
            await packet.reply?.(packetOf('answer'))
            return 'accepted'
          },
          async () => {
            throw new Error('no room')
          },
        )
        expect(await codeOf(pair.a.send(uri, packetOf('question')))).toBe('no error')
      })
    }

    it('lets receive send an answer before it settles', async () => {
      const answers: Packet[] = []
      const uri = await start(
        async (packet) => {
          await pair.b.send(pair.uriOf(pair.a), packetOf(`answer to ${textOf(packet.bytes)}`))
          return 'accepted'
        },
        async (packet) => {
          answers.push(packet)
          return 'accepted'
        },
      )
      const questions = Array.from({ length: 50 }, (_, index) => `${index}`)
      await Promise.all(questions.map((text) => pair.a.send(uri, packetOf(text))))
      await eventually(() => answers.length >= questions.length)
      expect(answers.length).toBe(questions.length)
    })

    it('delivers again what receive could not take for now', async () => {
      let failures = 2
      const uri = await start(async (packet) => {
        if (failures > 0) {
          failures -= 1
          throw new Error('no room')
        }
        return keep(packet)
      })
      if (promises.again === 'sender') {
        expect(await codeOf(pair.a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
        expect(await codeOf(pair.a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
      }
      await pair.a.send(uri, packetOf('x'))
      await eventually(
        () => got.length > 0,
        () => pair.elapse?.(),
      )
      expect(failures).toBe(0)
      expect(texts()).toEqual(['x'])
    })

    it('settles a refused packet for good', async () => {
      let refusals = 0
      const uri = await start(async () => {
        refusals += 1
        return 'refused'
      })
      const code = await codeOf(pair.a.send(uri, packetOf('x')))
      expect(code).toBe(promises.refusal ? 'ERR_TRANSPORT_REJECTED' : 'no error')
      await eventually(() => refusals === 1)
      for (let turns = 0; turns < 20; turns += 1) {
        pair.elapse?.()
        await turn()
      }
      expect(refusals).toBe(1)
    })

    it('fails with ERR_TRANSPORT_UNREACHABLE where nobody is', async () => {
      await start(keep)
      const uri = await pair.unreachable()
      expect(await codeOf(pair.a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
    })

    it('closes before it started, and twice', async () => {
      await pair.a.close()
      await pair.a.close()
      expect(await codeOf(pair.a.start(keep))).toBe('ERR_CLOSED')
      expect(await codeOf(pair.a.send('memory:b', packetOf('x')))).toBe('ERR_CLOSED')
    })

    it('lets what is under way settle when it closes', async () => {
      let finish: () => void = () => undefined
      const uri = await start(async (packet) => {
        await new Promise<void>((resolve) => {
          finish = resolve
          got.push(packet)
        })
        return 'accepted'
      })
      const sent = codeOf(pair.a.send(uri, packetOf('x')))
      await eventually(() => got.length === 1)
      const closed: string[] = []
      const closings = [pair.a, pair.b].map((end) => end.close().then(() => closed.push('closed')))
      expect(await codeOf(pair.a.send(uri, packetOf('y')))).toBe('ERR_CLOSED')
      for (let turns = 0; turns < 20; turns += 1) await turn()
      expect(closed.length).toBeLessThan(2)
      finish()
      await Promise.all(closings)
      expect(await sent).toBe('no error')
    })

    it('holds no more after 1,000 messages than after 100', async () => {
      const uri = await start(keep)
      const exchange = async (count: number) => {
        const before = got.length
        for (let left = count; left > 0; left -= 20) {
          await Promise.all(Array.from({ length: 20 }, (_, index) => pair.a.send(uri, packetOf(`${left} ${index}`))))
        }
        await eventually(() => got.length === before + count)
        for (let turns = 0; turns < 5; turns += 1) await turn()
        return pair.held()
      }
      const early = await exchange(100)
      const late = await exchange(1_000)
      expect(late).toBeLessThanOrEqual(early)
    })
  })
}
