import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'

const nowMs = 1_767_225_600_000

describe.skipIf(!hasMosquitto)('packets that expire over mqtt', () => {
  const { client, open, packet, texts, uri, watch } = mosquittoRig()

  it('are dropped by the broker, which has them for a session that comes back too late', {
    timeout: 20_000,
  }, async () => {
    const clientId = randomUUID()
    const away = client({ clientId })
    await away.subscribeAsync('inbox', { qos: 1 })
    await away.endAsync()
    const sender = await open({ now: () => nowMs })
    await sender.send(uri(), packet('in a second', { expiresAtMs: nowMs + 1_000 }))
    await sender.send(uri(), packet('in an hour', { expiresAtMs: nowMs + 3_600_000 }))
    await sender.send(uri(), packet('never'))
    // The clock of the broker is nobody's to move.
    await sleep(2_100)
    await open({ client: client({ clientId }), inboxTopics: ['inbox'] })
    await sender.send(uri(), packet('last'))
    await eventually(() => texts().includes('last'))
    expect(texts()).toEqual(['in an hour', 'never', 'last'])
  })

  it('tell the broker how many seconds are left, rounded up, and nothing else', async () => {
    const seen = await watch('inbox')
    const sender = await open({ now: () => nowMs })
    for (const [text, leftMs] of Object.entries({ a: 1, b: 1_000, c: 1_001, d: 0xffffffff * 1000 })) {
      await sender.send(uri(), packet(text, { expiresAtMs: nowMs + leftMs, mediaType: 'x/y' }))
    }
    await eventually(() => seen.length === 4)
    expect(seen.map(({ properties }) => properties)).toEqual(
      [1, 1, 2, 0xffffffff].map((messageExpiryInterval) => ({ messageExpiryInterval })),
    )
  })

  it('are not limited where the time is not known, or too far away to say', async () => {
    const seen = await watch('inbox')
    const clockless = await open({ now: () => Number.NaN })
    await clockless.send(uri(), packet('no clock', { expiresAtMs: 1 }))
    const sender = await open({ now: () => nowMs })
    await sender.send(uri(), packet('far', { expiresAtMs: nowMs + 2 ** 32 * 1000 }))
    await eventually(() => seen.length === 2)
    expect(seen.map(({ properties }) => properties)).toEqual([{}, {}])
  })

  it.each([4, 5] as const)('are not sent when their time has come, with MQTT %i', async (protocolVersion) => {
    const seen = await watch('inbox')
    const sender = await open({ client: client({ protocolVersion }), now: () => nowMs })
    expect(await codeOf(sender.send(uri(), packet('x', { expiresAtMs: nowMs })))).toBe('ERR_MESSAGE_EXPIRED')
    await sender.send(uri(), packet('y', { expiresAtMs: nowMs + 1 }))
    await eventually(() => seen.length === 1)
    expect(seen).toMatchObject([{ text: 'y' }])
  })
})
