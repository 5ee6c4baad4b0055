import { contactBook, didKeyIdentity, firstOf, memorySeenStore } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { createDevice } from 'didcomm-mote/device'
import { didKey, keyAgreementKeys } from 'didcomm-mote/did'
import { fragmenting } from 'didcomm-mote/transports/fragmenting'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { expect, it } from 'vitest'
import { party, START_MS } from '../agent/world.ts'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { seeded } from './seeded.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const resolve = firstOf(didKey(crypto))
const keyOf = async (did: string) => keyAgreementKeys(await resolve(did))[0] ?? expect.fail()

it('a device and an agent lose nothing over a link of 51 bytes that loses, doubles and reorders', async () => {
  const clock = new Clock()
  const network = memoryNetwork({
    maxPacketBytes: 51,
    timer: clock.timer,
    random: seeded(3),
    latencyMs: 20,
    lossRate: 0.1,
    duplicateRate: 0.1,
    reorderRate: 0.3,
  })
  const link = (name: string) => fragmenting(network.transport(name), { sha256, world: clock })
  const gateway = party('g', [link('g')], { contacts: contactBook(crypto, resolve), seen: memorySeenStore() })
  const { did, secretKeys } = didKeyIdentity(crypto, new Uint8Array(32).fill(100))
  const device = createDevice({
    ...world(),
    now: () => START_MS,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    key: await keyOf(did),
    peers: [{ key: await keyOf(gateway.did), uri: 'memory:g' }],
    transport: link('d'),
    ids: 'long',
  })
  const got: string[] = []
  gateway.agent.on(NOTE, ({ message }) => void got.push(message.id) as undefined)
  await gateway.agent.start()
  await device.start()

  let tries = 0
  const sendUntilTaken = async (id: string): Promise<void> => {
    tries += 1
    const sent = device.send({ type: NOTE, id, body: { text: 'a reading of some bytes' } })
    if ((await codeOf(sent)) !== 'no error') await sendUntilTaken(id)
  }
  const ids = Array.from({ length: 20 }, (_, index) => `note-${index}`)
  let isDone = false
  const sent = Promise.all(ids.map(sendUntilTaken)).then(() => {
    isDone = true
  })
  await eventually(
    () => isDone,
    () => clock.advance(10),
  )
  await sent
  expect([...got].sort()).toEqual([...ids].sort())
  expect(tries).toBeGreaterThan(ids.length)
  expect(gateway.agent.counters().duplicate).toBeGreaterThan(0)
  let isClosed = false
  const closed = Promise.all([device.close(), gateway.agent.close()]).then(() => {
    isClosed = true
  })
  await eventually(
    () => isClosed,
    () => clock.advance(1_000),
  )
  await closed
})
