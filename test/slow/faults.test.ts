import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { freePort } from '../../examples/weather/broker.ts'
import type { Summary } from '../../examples/weather/tally.ts'
import { startProgram } from '../examples/programs.ts'
import { hasMosquitto, startMosquitto } from '../transport/broker.ts'

// Real time is part of what is tested here: programs die while others run.

it.skipIf(!hasMosquitto)('3,000 readings survive a broker and a mediator that are killed again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
  // By default it writes every half hour, and a kill would take what it has acknowledged (docs/mqtt.md).
  const broker = await startMosquitto(['autosave_interval 1', 'autosave_on_changes true'])
  const env = { PORT: String(await freePort()), DATA_DIR: folder }
  let mediator = startProgram('mediator.ts', [], env)
  const [, did = ''] = await mediator.line(/^mediator (did:\S+)$/)
  const run = startProgram('weather.ts', ['--readings', '3000', '--json'], { MQTT_URL: broker.url, MEDIATOR_DID: did })
  await run.line(/^sensor-/)
  let running = true
  const ended = run.ended().finally(() => {
    running = false
  })
  try {
    for (let round = 0; round < 5 && running; round++) {
      await sleep(2000)
      await broker.kill()
      await sleep(1000)
      await broker.restart()
      await sleep(2000)
      await mediator.kill('SIGKILL')
      await sleep(3000)
      mediator = startProgram('mediator.ts', [], env)
      await mediator.line(/^mediator (did:\S+)$/)
    }
    const { code, lines, errors } = await ended
    const summary = JSON.parse(lines.at(-1) ?? '') as Summary
    expect(summary, errors).toMatchObject({ sent: 3000, delivered: 3000, lost: 0, duplicated: 0 })
    expect(code).toBe(0)
  } finally {
    await run.kill('SIGKILL')
    await mediator.kill('SIGKILL')
    await broker.stop()
    rmSync(folder, { recursive: true })
  }
})
