import { describe, expect, it } from 'vitest'
import { inboxTopic, sharedInbox, topicTemplate } from '../../transports/mqtt/mqtt.ts'
import { startProgram } from '../examples/programs.ts'
import { textOf } from './aedes-rig.ts'
import { hasMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'

describe.skipIf(!hasMosquitto)('a shared inbox of mqtt', () => {
  const { broker, client, open, packet, texts, uri } = mosquittoRig()

  it.each(['inbox', topicTemplate('dc1/gw/u/1/{dev}')])('gives each packet to one of its workers', async (inbox) => {
    const shared = sharedInbox('workers', inbox)
    const byWorker: string[][] = [[], []]
    for (const mine of byWorker) {
      await open({
        inboxTopics: [shared],
        receive: async ({ bytes }) => {
          mine.push(textOf(bytes))
          return 'accepted'
        },
      })
    }
    await open({ inboxTopics: [inbox] })
    const sender = await open()
    const sent = Array.from({ length: 60 }, (_, index) => `${index}`)
    const topic = typeof inbox === 'string' ? inbox : inbox.filter.replace('+', 'dev')
    for (const text of sent) await sender.send(uri(topic), packet(text))
    await eventually(() => byWorker.flat().length === 60 && texts().length === 60)
    expect(byWorker.flat().sort()).toEqual([...sent].sort())
    for (const mine of byWorker) expect(mine.length).toBeGreaterThan(0)
    // Who is not of the group gets all.
    expect(texts()).toEqual(sent)
  })

  it('leaves to another worker nothing that one has not settled, and loses nothing', { timeout: 60_000 }, async () => {
    const start = async (clientId: string) => {
      const worker = startProgram('../test/transport/shared-worker.ts', [broker().url, clientId])
      await worker.line(/^ready$/)
      return worker
    }
    const [staying, dying] = await Promise.all([start('worker-1'), start('worker-2')])
    const sender = await open()
    const sent = Array.from({ length: 200 }, (_, index) => `packet ${index}`)
    const killed = dying.line(/packet 5\d$/).then(() => dying.kill('SIGKILL'))
    for (const text of sent) await sender.send(uri(), packet(text))
    await killed
    const again = await start('worker-2')
    const last = Array.from({ length: 20 }, (_, index) => `last ${index}`)
    for (const text of last) await sender.send(uri(), packet(text))
    await Promise.all([staying.line(/^last 1[89]$/), again.line(/^last 1[89]$/)])
    await Promise.all([staying.kill('SIGTERM'), again.kill('SIGTERM')])
    const runs = await Promise.all([staying, dying, again].map((worker) => worker.ended()))
    const taken = runs.map(({ lines }) => lines.filter((line) => line !== 'ready'))
    expect(new Set(taken.flat())).toEqual(new Set([...sent, ...last]))
    const [first = [], ...ofTheOther] = taken
    for (const run of taken) expect(new Set(run).size).toBe(run.length)
    // What the killed worker had in hand came again, to itself: 16 at a time, and those whose PUBACK died with it.
    expect(taken.flat().length).toBeLessThanOrEqual(220 + 64)
    expect(first.filter((text) => ofTheOther.flat().includes(text))).toEqual([])
  })

  it('is not made over MQTT 3.1.1, where a broker may grant it and deliver nothing', async () => {
    const inboxTopics = [
      sharedInbox(
        'workers',
        inboxTopic('did:example:a', (bytes) => bytes),
      ),
    ]
    const started = open({ client: client({ protocolVersion: 4 }), inboxTopics })
    expect(await codeOf(started)).toBe('ERR_TRANSPORT_REJECTED')
  })
})
