import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/weather/broker.ts'
import type { Summary } from '../../examples/weather/tally.ts'
import { hasMosquitto, startMosquitto } from '../transport/broker.ts'
import { type Program, startProgram } from './programs.ts'

const programs: Program[] = []
const folders: string[] = []

afterEach(async () => {
  for (const program of programs.splice(0)) await program.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function start(...call: Parameters<typeof startProgram>): Program {
  const program = startProgram(...call)
  programs.push(program)
  return program
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
  folders.push(folder)
  return folder
}

async function summaryOf(program: Program): Promise<{ code: number | null; summary: Summary }> {
  const { code, lines, errors } = await program.ended()
  const last = lines.at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`no summary but "${last}": ${errors}`)
  return { code, summary: JSON.parse(last) as Summary }
}

function expectComplete({ code, summary }: { code: number | null; summary: Summary }, readings: number): void {
  expect(summary).toMatchObject({ sent: readings, delivered: readings, lost: 0, duplicated: 0 })
  expect(code).toBe(0)
  expect(summary.bytesPerReading).toBeGreaterThan(80)
  expect(summary.bytesPerReading).toBeLessThanOrEqual(130)
  expect(summary.jsonBytesPerReading).toBeGreaterThan(1000)
  expect(Object.keys(summary)).toEqual([
    'sent',
    'delivered',
    'lost',
    'duplicated',
    'bytesPerReading',
    'jsonBytesPerReading',
    'readingsPerSecond',
    'p50LatencyMs',
    'p99LatencyMs',
  ])
}

describe('npm start', () => {
  it('delivers 1,000 readings over its own broker, none lost and none twice', { timeout: 60_000 }, async () => {
    const run = start('weather.ts', ['--readings', '1000', '--json'])
    expectComplete(await summaryOf(run), 1000)
  })

  // 3,000 readings over mosquitto, with kills, are in the slow suite.
  it.skipIf(!hasMosquitto)('delivers 300 readings over mosquitto', { timeout: 60_000 }, async () => {
    const broker = await startMosquitto()
    try {
      const run = start('weather.ts', ['--readings', '300', '--json'], { MQTT_URL: broker.url })
      expectComplete(await summaryOf(run), 300)
    } finally {
      await broker.stop()
    }
  })

  it('loses nothing while the mediator is killed for five seconds', { timeout: 60_000 }, async () => {
    const env = { PORT: String(await freePort()), DATA_DIR: newFolder() }
    const first = start('mediator.ts', [], env)
    const [, did = ''] = await first.line(/^mediator (did:\S+)$/)

    const run = start('weather.ts', ['--readings', '300', '--json'], { MEDIATOR_DID: did })
    await run.line(/^sensor-/)
    await first.kill('SIGKILL')
    // The length of the outage is what is tested: the gateway has to notice it, and to wait.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    const second = start('mediator.ts', [], env)
    const [, sameDid] = await second.line(/^mediator (did:\S+)$/)
    expect(sameDid).toBe(did)
    expectComplete(await summaryOf(run), 300)
  })

  it('stops cleanly on Ctrl-C, with a summary', { timeout: 30_000 }, async () => {
    const run = start('weather.ts', ['--json'])
    await run.line(/^sensor-/)
    run.process.kill('SIGINT')
    const { code, summary } = await summaryOf(run)
    expect(code).toBe(0)
    expect(summary.sent).toBeGreaterThan(0)
    expect(summary.lost).toBe(0)
  })

  it('refuses a number of readings that is none', async () => {
    const { code, errors } = await start('weather.ts', ['--readings', 'many']).ended()
    expect(code).toBe(2)
    expect(errors).toContain('--readings expects a positive whole number')
  })
})
