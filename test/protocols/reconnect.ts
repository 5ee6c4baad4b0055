import { pickUp, startLiveDelivery } from 'didcomm-mote/protocols/messagepickup'
import { expect } from 'vitest'
import { eventually } from '../transport/clock.ts'
import { overWire } from './live-world.ts'

/** Breaks the connection of a recipient again and again, between messages and in the middle of them, and looks for what is left of each. */
export async function reconnect(rounds: number): Promise<void> {
  const { cloud, own, line, send, live, texts, waiting, atMediator, atCloud } = await overWire()
  let held: number[] | undefined
  const timers = () => [atMediator.pending, atCloud.pending]
  for (let round = 0; round < rounds; round += 1) {
    expect(await startLiveDelivery(cloud.agent, own.did)).toBe(true)
    const text = `${round}`
    if (round % 5 === 0) await send(text)
    if (round % 10 === 0) await eventually(() => texts().includes(text))
    line.cut()
    await eventually(() => live.size === 0)
    if (round === 9) held = timers()
  }
  expect(timers()).toEqual(held)
  await startLiveDelivery(cloud.agent, own.did)
  while ((await waiting()) > 0) await pickUp(cloud.agent, own.did)
  expect(new Set(texts()).size).toBe(Math.ceil(rounds / 5))
  expect(texts().length).toBe(Math.ceil(rounds / 5))
}
