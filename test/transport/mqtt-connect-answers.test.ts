import { describe, expect, it } from 'vitest'
import type { Packet } from '../../runtime/transport.ts'
import { inboxTopic, sharedInbox } from '../../transports/mqtt/mqtt.ts'
import { bytesOf, textOf } from './aedes-rig.ts'
import { hasMosquitto, startAedes, startMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { connectionRig } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const { cleanups, make, open } = connectionRig()
const bob = 'did:example:bob'

describe.skipIf(!hasMosquitto)('mqtt from a URL over mosquitto', () => {
  it('answers over the Response Topic, which is the inbox that its DID names', async () => {
    const broker = await startMosquitto()
    cleanups.push(() => broker.stop())
    const opened = make({ url: broker.url, did: bob })
    const answers: Promise<void>[] = []
    await opened.connection.start(async ({ reply, bytes }) => {
      if (reply) answers.push(reply({ bytes: bytesOf(`re: ${textOf(bytes)}`) }))
      return 'accepted'
    })
    const { connection, got } = await open({ url: broker.url })
    const question: Packet = { bytes: bytesOf('question'), wantsReply: true }
    await connection.send(`${broker.url}/${inboxTopic(bob, sha256)}`, question)
    await eventually(() => got.length === 1)
    await Promise.all(answers)
    expect(got).toEqual(['re: question'])
  })

  it('shares an inbox with other workers, each under a client id of its own', async () => {
    const broker = await startMosquitto()
    cleanups.push(() => broker.stop())
    const inboxTopics = [sharedInbox('workers', 'inbox')]
    const worker = (clientId: string) => open({ url: broker.url, inboxTopics, clientId, state: false })
    const [one, two] = await Promise.all([worker('one'), worker('two')])
    const { connection } = await open({ url: broker.url })
    for (let n = 0; n < 20; n += 1) await connection.send(`${broker.url}/inbox`, { bytes: bytesOf(`${n}`) })
    await eventually(() => one.got.length + two.got.length === 20)
    expect(new Set([...one.got, ...two.got]).size).toBe(20)
    expect(Math.min(one.got.length, two.got.length)).toBeGreaterThan(0)
  })
})

it('mqtt from a URL says so where the broker speaks 3.1.1 only, and an inbox is to be shared', async () => {
  const broker = await startAedes()
  cleanups.push(() => broker.stop())
  const opened = make({ url: broker.url, inboxTopics: [sharedInbox('workers', 'inbox')] })
  await expect(opened.connection.start(async () => 'accepted')).rejects.toMatchObject({
    code: 'ERR_TRANSPORT_REJECTED',
  })
})
