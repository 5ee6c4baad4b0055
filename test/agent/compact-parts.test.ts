import { type Contacts, contactBook, firstOf, type Unpacked } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact, compactWith, packPlaintextCompact, plaintext, several, signed } from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Party, party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const envelopes = () => [compactWith([signed(), several(), plaintext()])]

describe('agents that speak all of the compact envelope', () => {
  let contacts: Contacts
  let alice: Party
  let bob: Party
  let carol: Party
  let got: Map<string, Unpacked[]>

  beforeEach(async () => {
    const network = memoryNetwork()
    contacts = contactBook(crypto, firstOf(didKey(crypto)))
    const make = (letter: string) => party(letter, [network.transport(letter)], { contacts, envelopes: envelopes() })
    ;[alice, bob, carol] = [make('a'), make('b'), make('c')]
    got = new Map()
    for (const [one, letter] of [
      [alice, 'a'],
      [bob, 'b'],
      [carol, 'c'],
    ] as const) {
      await contacts.add({ did: one.did, uri: `memory:${letter}` })
      const received: Unpacked[] = []
      got.set(one.did, received)
      one.agent.on(NOTE, (message) => {
        received.push(message)
        return undefined
      })
      await one.agent.start()
    }
  })

  it('send what is signed, and know the signer by a short id', async () => {
    const id = await alice.agent.send({ type: NOTE, body: { a: 1 } }, { to: bob.did, sign: true })
    expect(got.get(bob.did)).toMatchObject([
      {
        message: { id, from: alice.did, to: [bob.did], body: { a: 1 } },
        sender: alice.did,
        encrypted: true,
        nonRepudiable: true,
        encoding: 'compact',
        layers: [{ kind: 'anoncrypt' }, { kind: 'signed' }],
      },
    ])
  })

  it.each([{}, { sign: true }, { anonymous: true }])(
    'send one envelope for several where one is heard by all: %o',
    async (how) => {
      const audience = [bob.did, carol.did]
      const options = { to: bob.did, audience, together: true, ...how }
      const { packet, id } = await alice.agent.prepare({ type: NOTE, body: { a: 1 } }, options)
      expect(packet.mediaType).toBe('application/cose; cose-type="cose-encrypt"')
      for (const reader of [bob, carol]) {
        expect(await reader.agent.receive(packet)).toBe('accepted')
        const [received] = got.get(reader.did) ?? []
        expect(received).toMatchObject({ message: { id, to: audience }, recipient: reader.did, encrypted: true })
        expect(received?.sender).toBe('anonymous' in how ? undefined : alice.did)
      }
    },
  )

  it('answer what they got together in envelopes of their own', async () => {
    for (const reader of [bob, carol]) {
      reader.agent.on(NOTE, () => ({ type: NOTE, body: { heard: true } }))
    }
    const options = { to: bob.did, audience: [bob.did, carol.did], together: true }
    const { packet, id } = await alice.agent.prepare({ type: NOTE }, options)
    for (const reader of [bob, carol]) await reader.agent.receive(packet)
    await expect.poll(() => got.get(alice.did)?.length).toBe(2)
    expect(got.get(alice.did)?.map(({ sender, message }) => [sender, message.thid])).toEqual([
      [bob.did, id],
      [carol.did, id],
    ])
  })

  it('refuse what is not encrypted', async () => {
    const { bytes, mediaType } = packPlaintextCompact(
      { id: '1', type: NOTE, from: alice.did, to: [bob.did], body: {} },
      { crypto, types: typeRegistry([]) },
    )
    expect(await bob.agent.receive({ bytes, mediaType })).toBe('refused')
    expect(got.get(bob.did)).toEqual([])
  })

  it('cannot without the parts for it', async () => {
    const together = { to: bob.did, audience: [bob.did, carol.did], together: true }
    const transports = [memoryNetwork().transport('x')]
    const able = party('a', transports, { contacts, envelopes: [compact()] })
    for (const how of [{ to: bob.did, sign: true }, together]) {
      await expect(able.agent.prepare({ type: NOTE }, how)).rejects.toThrow(TypeError)
    }
  })
})
