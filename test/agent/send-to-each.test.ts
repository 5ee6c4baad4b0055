import { contactBook, firstOf, memorySeenStore, sendToEach, type Unpacked } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { expect, test } from 'vitest'
import { party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const draft = { id: 'n-1', type: NOTE, body: { text: 'to all' } }

/** Alice, and those whom she writes to; `away` are known and not there. */
async function world(...away: string[]) {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = party('a', [network.transport('alice')], { contacts })
  const got: Unpacked[] = []
  const readers = ['b', 'c', 'd'].map((name) => party(name, [network.transport(name)], { seen: memorySeenStore() }))
  for (const [index, { did, agent }] of readers.entries()) {
    const name = 'bcd'.charAt(index)
    await contacts.add({ did, uri: `memory:${away.includes(name) ? 'nowhere' : name}` })
    agent.on(NOTE, (received) => void got.push(received) as undefined)
  }
  const all = [alice, ...readers]
  for (const { agent } of all) await agent.start()
  const close = async () => void (await Promise.all(all.map(({ agent }) => agent.close())))
  return { alice, contacts, dids: readers.map(({ did }) => did), got, close }
}

test('a message for several DIDs reaches each in its own envelope, with one id, and names them all [E1]', async () => {
  const { alice, dids, got, close } = await world()
  expect(await sendToEach(alice.agent, draft, { to: dids })).toEqual([])
  expect(got.map(({ recipient }) => recipient).sort()).toEqual([...dids].sort())
  for (const { message, sender } of got) expect([message.id, message.to, sender]).toEqual(['n-1', dids, alice.did])
  await close()
})

test('who is away does not keep it from the others, and gets it later with the same id and "to"', async () => {
  const { alice, contacts, dids, got, close } = await world('c')
  const unsent = await sendToEach(alice.agent, draft, { to: dids })
  expect(unsent).toMatchObject([{ to: dids[1], cause: { code: 'ERR_TRANSPORT_UNREACHABLE' } }])
  expect(got).toHaveLength(2)
  const { to } = unsent[0] ?? expect.fail()
  await contacts.add({ did: to, uri: 'memory:c' })
  await alice.agent.send(draft, { to, audience: dids })
  expect(got[2]).toMatchObject({ recipient: to, message: { id: 'n-1', to: dids } })
  await close()
})

test('a DID twice, none, or one that is not in its audience is a mistake of the caller', async () => {
  const { alice, dids, close } = await world()
  const [first, second] = dids as [string, string]
  await expect(sendToEach(alice.agent, draft, { to: [first, first] })).rejects.toThrow(TypeError)
  await expect(sendToEach(alice.agent, draft, { to: [] })).rejects.toThrow(TypeError)
  await expect(alice.agent.send(draft, { to: first, audience: [second] })).rejects.toThrow(TypeError)
  await close()
})
