import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { hasMosquitto, startMosquitto } from '../transport/broker.ts'
import { seeded } from '../transport/seeded.ts'
import { drained, plateau, startParty } from './load.ts'

const kills = Number(process.env['KILLS'] ?? 20)
const seed = Number(process.env['SEED'] ?? 1)
/** What the heap may gain from the second quarter of a run to the last: the keys that the outbox remembers are some of it. */
const toleranceMib = 6

// Real time is part of what is tested here: a program dies while others run.
it.skipIf(!hasMosquitto).each(['4', '5'])(
  'MQTT %s: nothing is lost or doubled by a broker that is killed again and again, and memory stays flat',
  async (version) => {
    const random = seeded(seed)
    const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
    // By default it writes every half hour, and a kill would take what it has acknowledged (docs/mqtt.md).
    const broker = await startMosquitto(['autosave_interval 1', 'autosave_on_changes true'])
    const receiver = await startParty('receiver', broker.url, version, folder)
    const sender = await startParty('sender', broker.url, version, folder)
    try {
      for (let kill = 0; kill < kills; kill += 1) {
        await sleep(1000 + 1500 * random())
        await broker.kill()
        await sleep(500 * random())
        await broker.restart()
      }
      await sleep(2000)
      await drained(sender, receiver, 150_000)
      const lost = sender.progress.count - receiver.progress.count
      const duplicated = receiver.progress.again
      const heaps = [sender, receiver].map(({ heaps }) => [plateau(heaps, 0.25, 0.5), plateau(heaps, 0.75, 1)] as const)
      const [sending, receiving] = heaps.map((pair) => pair.map((mib) => mib.toFixed(1)).join(' → '))
      process.stdout.write(
        `MQTT ${version}, seed ${seed}: broker killed ${kills} times, ${sender.progress.count} messages, lost ${lost}, ` +
          `duplicated ${duplicated}, heap of the sender ${sending} MiB, of the receiver ${receiving} MiB\n`,
      )
      expect({ lost, duplicated, waiting: sender.progress.waiting }).toEqual({ lost: 0, duplicated: 0, waiting: 0 })
      expect(sender.progress.count).toBeGreaterThan(20 * kills)
      for (const [early, late] of heaps) expect(late - early).toBeLessThan(toleranceMib)
    } finally {
      await Promise.all([sender.kill(), receiver.kill()])
      await broker.stop()
      rmSync(folder, { recursive: true })
    }
  },
)
