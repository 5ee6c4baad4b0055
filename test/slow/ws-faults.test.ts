import { setTimeout as sleep } from 'node:timers/promises'
import { type PickupKeeper, pickupKeeper } from 'didcomm-mote/protocols/messagepickup'
import { world } from 'didcomm-mote/world'
import { expect, it } from 'vitest'
import { liveMediation } from '../protocols/live-world.ts'
import { eventually } from '../transport/clock.ts'
import { type Wire, wire } from '../transport/half-open.ts'
import { seeded } from '../transport/seeded.ts'

// Real time is part of what is tested here: connections die while messages are under way.

const limits = { timeoutMs: 400, pingIntervalMs: 400 }

it.each([3, 4] as const)(
  '3,000 messages survive connections that are cut in the middle of a packet or fall silent, under pickup %i',
  async (version) => {
    let line: Wire | undefined
    let keeper: PickupKeeper | undefined
    const made = await liveMediation({
      between: async (url) => {
        line = await wire(Number(new URL(url).port))
        return `ws://127.0.0.1:${line.port}`
      },
      atMediator: limits,
      atCloud: { ...limits, onDisconnect: () => keeper?.disconnected() },
    })
    const { timer } = world()
    const pauses = { firstPauseMs: 20, maxPauseMs: 200, checkMs: 5_000, timeoutMs: 2_000 }
    const { cloud, own, send, texts, waiting, live } = made
    keeper = pickupKeeper({ agent: cloud.agent, mediatorDid: own.did, version, timer, random: Math.random, ...pauses })
    keeper.start()
    const random = seeded(version)
    let isOver = false
    let faults = 0
    const trouble = (async () => {
      while (!isOver) {
        await sleep(100 + random() * 200)
        const kind = random()
        faults += 1
        if (kind < 0.3) line?.cut()
        else if (kind < 0.6) line?.cutInTheMiddle()
        else if (kind < 0.7) line?.silence('up')
        else if (kind < 0.8) line?.silence('down')
        else line?.silence('up', 'down')
      }
    })()
    const total = 3_000
    for (let i = 0; i < total; i += 1) await send(`${i}`)
    isOver = true
    await trouble
    const deadline = performance.now() + 60_000
    while ((await waiting()) > 0 && performance.now() < deadline) await sleep(50)
    await eventually(() => texts().length >= total)
    const { duplicate } = cloud.agent.counters()
    process.stdout.write(`${faults} faults, ${line?.opened} connections, ${duplicate} copies dropped\n`)
    expect({ lost: total - new Set(texts()).size, duplicated: texts().length - total }).toEqual({
      lost: 0,
      duplicated: 0,
    })
    expect(faults).toBeGreaterThan(10)
    await eventually(() => live.size === 1)
    await keeper.close()
    await line?.close()
  },
)
