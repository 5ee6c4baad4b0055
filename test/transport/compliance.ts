import { afterEach, beforeEach, describe, it } from 'vitest'
import type { Packet, Receive } from '../../runtime/transport.ts'
import { backPressure } from './compliance/back-pressure.ts'
import { close } from './compliance/close.ts'
import { concurrency } from './compliance/concurrency.ts'
import { delivery } from './compliance/delivery.ts'
import { garbage } from './compliance/garbage.ts'
import { leak } from './compliance/leak.ts'
import { type Promises, type Property, properties, type TransportName, transports } from './compliance/properties.ts'
import { reconnect } from './compliance/reconnect.ts'
import { reply } from './compliance/reply.ts'
import { type Pair, type Scene, textOf } from './compliance/scene.ts'
import { settling } from './compliance/settling.ts'
import { slowness } from './compliance/slowness.ts'

export type { Pair } from './compliance/scene.ts'

/** Runs what every transport must pass: what `transports` promises in its name. */
export function transportCompliance(name: TransportName, makePair: () => Promise<Pair>): void {
  describe(`${name} as a transport`, () => {
    const scene = sceneOf(transports[name], makePair)
    delivery(scene)
    concurrency(scene)
    reply(scene)
    settling(scene)
    backPressure(scene)
    reconnect(scene)
    close(scene)
    garbage(scene)
    slowness(scene)
    leak(scene)
  })
}

function propertyOf(title: string): Property {
  const tag = /\[([a-z -]+)\]$/.exec(title)?.[1] ?? ''
  if (!Object.hasOwn(properties, tag)) throw new TypeError(`"${title}" ends in no property`)
  return tag as Property
}

function sceneOf(promises: Promises, makePair: () => Promise<Pair>): Scene {
  let made: Pair | undefined
  const got: Packet[] = []
  const keep: Receive = async (packet) => {
    got.push(packet)
    return 'accepted'
  }
  const pair = () => {
    if (!made) throw new TypeError('a pair is there only during a test')
    return made
  }
  beforeEach(async () => {
    got.length = 0
    made = await makePair()
  })
  afterEach(async () => {
    const { a, b, close } = pair()
    await Promise.all([a.close(), b.close()])
    await close()
    made = undefined
  })
  return {
    promises,
    pair,
    got,
    keep,
    texts: () => got.map(textOf),
    test: (title, run) => {
      if (!promises.without[propertyOf(title)]) it(title, run)
    },
    start: async (receive, receiveAtA = async () => 'refused') => {
      const { a, b, uriOf } = pair()
      await a.start(receiveAtA)
      await b.start(receive)
      return uriOf(b)
    },
  }
}
