import { PROBLEM_REPORT } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { compact, json } from 'didcomm-mote/envelope'
import { PING_RESPONSE, ping } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { ws } from 'didcomm-mote/transports/ws'
import { describe, expect, test } from 'vitest'
import { digestOf, ENCODING_UNSUPPORTED, LONG_FORM_NEEDED, readHint, writeHint } from '../../runtime/agent/hint.ts'
import { encodeCbor } from '../../runtime/bytes/index.ts'
import { changedBytes } from '../fuzz/mutate.ts'
import { randomOf } from '../fuzz/random.ts'
import { eventually, turn } from '../transport/clock.ts'
import { NOTE, note, type Peer, type PeerOptions, peer } from './peers-world.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const jsonEnvelope = utf8('{}')
const cborEnvelope = Uint8Array.of(0xd0)
const digest = 'b7'.repeat(16)

describe('a hint', () => {
  test.each([
    ['JSON', jsonEnvelope, LONG_FORM_NEEDED],
    ['CBOR', cborEnvelope, LONG_FORM_NEEDED],
    ['JSON', jsonEnvelope, ENCODING_UNSUPPORTED],
    ['JSON, which is asked for in answer to CBOR', cborEnvelope, ENCODING_UNSUPPORTED],
  ] as const)('in %s is read as it was written', (name, envelope, code) => {
    const bytes = writeHint({ code, digest }, envelope)
    expect(bytes[0]).toBe(name === 'CBOR' ? 0xa3 : 0x7b)
    expect(bytes.length).toBeLessThan(230)
    expect(readHint(bytes)).toEqual({ code, digest })
  })

  test('in JSON is a problem report in plaintext [P1]', () => {
    const text = new TextDecoder().decode(writeHint({ code: LONG_FORM_NEEDED, digest }, jsonEnvelope))
    expect(JSON.parse(text)).toEqual({
      id: digest,
      type: PROBLEM_REPORT,
      pthid: digest,
      body: { code: 'e.p.did.long-form-needed' },
    })
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['no JSON', utf8('{]')],
    ['a list', utf8('[]')],
    ['another message', utf8(`{"type":"x","pthid":"${digest}","body":{"code":"${LONG_FORM_NEEDED}"}}`)],
    ['another code', utf8(`{"type":"${PROBLEM_REPORT}","pthid":"${digest}","body":{"code":"e.p.did"}}`)],
    ['no thread', utf8(`{"type":"${PROBLEM_REPORT}","pthid":1,"body":{"code":"${LONG_FORM_NEEDED}"}}`)],
    ['no body', utf8(`{"type":"${PROBLEM_REPORT}","pthid":"${digest}"}`)],
    [
      'a long report',
      utf8(`{"type":"${PROBLEM_REPORT}","pthid":"${digest}","body":{"code":"${LONG_FORM_NEEDED}"${' '.repeat(512)}}}`),
    ],
    ['broken CBOR', Uint8Array.of(0xa3, 0x01)],
    [
      'a map of something else',
      encodeCbor(
        new Map([
          [1, 1],
          [2, 2],
          [3, 3],
        ]),
      ),
    ],
  ])('is not %s', (_, bytes) => {
    expect(readHint(bytes)).toBeUndefined()
  })
})

test('what a hint was changed into is a hint, or nothing', () => {
  const hints = [jsonEnvelope, cborEnvelope].map((about) => writeHint({ code: LONG_FORM_NEEDED, digest }, about))
  let read = 0
  for (let round = 0; round < 3_000; round += 1) {
    const random = randomOf(`hints ${round}`)
    const hint = readHint(changedBytes(random.pick(hints), random, random.pick(hints)))
    if (!hint) continue
    read += 1
    expect([LONG_FORM_NEEDED, ENCODING_UNSUPPORTED]).toContain(hint.code)
    expect(hint.digest.length).toBeLessThan(512)
  }
  expect(read).toBeGreaterThan(10)
  expect(read).toBeLessThan(2_990)
})

/** Alice, who sends, and Bob, to whom she keeps a WebSocket open. */
async function overSocket(alices: PeerOptions = {}) {
  const listen = (port: number) => ws({ allowPrivateAddresses: true, listen: { port } })
  const socket = listen(0)
  const alice = await peer('a', ws({ allowPrivateAddresses: true }), alices)
  const bob = await peer('b', socket)
  const uri = socket.url ?? ''
  await alice.contacts.add({ did: bob.did, uri })
  /** Bob after he lost all he had, at the same address. */
  const forgetful = async (options: PeerOptions = {}) => {
    await bob.agent.close()
    return peer('b', listen(Number(new URL(uri).port)), options)
  }
  return { alice, bob, forgetful }
}
const steps = ({ events }: Peer) => events.flatMap((event) => (event.kind === 'resent' ? [event.step] : []))

describe.each(['json', 'compact'] as const)(
  'over a WebSocket, which tells nobody what was refused, in %s',
  (encoding) => {
    test('who does not know the sender asks for the long form, and gets the message again', async () => {
      const { alice, bob, forgetful } = await overSocket()
      const to = { to: bob.did, encoding }
      await alice.agent.request(ping(), to)
      const again = await forgetful()
      const id = await alice.agent.send(note, to)
      await eventually(() => again.got.length === 1)
      expect(again.got[0]).toMatchObject({ message: { id, from: alice.did }, encoding })
      expect(steps(alice)).toEqual(['introduce'])
      // A question gets its answer too, and there is no second hint.
      const { message } = await alice.agent.request(ping(), to)
      expect(message.type).toBe(PING_RESPONSE)
      expect(steps(alice)).toEqual(['introduce'])
      expect(alice.agent.counters().refused).toEqual({})
    })
  },
)

test('over a WebSocket who does not read compact envelopes gets JSON', async () => {
  const { alice, bob, forgetful } = await overSocket()
  const again = await forgetful({ envelopes: [json()] })
  await alice.contacts.add({ did: bob.did, uri: alice.contacts.get(bob.did)?.uri ?? '', encoding: 'compact' })
  await alice.agent.send(note, { to: bob.did })
  await eventually(() => again.got.length === 1)
  expect(again.got).toMatchObject([{ encoding: 'json' }])
  expect(steps(alice)).toEqual(['json'])
})

describe('a hint that somebody else has made up', () => {
  async function pair() {
    const network = memoryNetwork()
    const alice = await peer('a', network.transport('alice'), { method: 'key' })
    const bob = await peer('b', network.transport('bob'), { method: 'key' })
    await alice.contacts.add({ did: bob.did, uri: 'memory:bob', encoding: 'compact', knows: alice.did })
    await bob.contacts.add({ did: alice.did, uri: 'memory:alice' })
    const shown = async () => {
      const { packet } = await alice.agent.prepare(note, { to: bob.did, encoding: 'compact' })
      return digestOf(packet.bytes, crypto)
    }
    const hint = (about: string, code = LONG_FORM_NEEDED) =>
      alice.agent.receive({ bytes: writeHint({ code, digest: about }, cborEnvelope) })
    return { alice, bob, shown, hint }
  }

  test('about no message of ours is refused like any plaintext', async () => {
    const { alice, hint } = await pair()
    expect(await hint(digest)).toBe('refused')
    expect(alice.agent.counters()).toMatchObject({ resent: 0, sent: 0 })
  })

  test('makes us say our DID once in a while, to the one whom the message was for', async () => {
    const { alice, bob, shown, hint } = await pair()
    const first = await shown()
    expect(await hint(first)).toBe('accepted')
    expect(await hint(first)).toBe('refused')
    await eventually(() => bob.got.length === 1)
    // Bob has shown again that he knows her: she speaks shortly, and the next hint comes too early.
    alice.contacts.update(bob.did, { knows: alice.did })
    const [second, third] = [await shown(), await shown()]
    expect(await hint(second)).toBe('refused')
    expect(alice.agent.counters()).toMatchObject({ resent: 1, sent: 1 })
    alice.clock.nowMs += 600_000
    expect(await hint(third)).toBe('accepted')
    await eventually(() => bob.got.length === 2)
    alice.clock.nowMs += 600_000
    expect(await hint(first)).toBe('refused')
  })

  test('cannot make a message go in JSON that was to be compact', async () => {
    const { alice, shown, hint } = await pair()
    expect(await hint(await shown(), ENCODING_UNSUPPORTED)).toBe('refused')
    expect(alice.agent.counters().resent).toBe(0)
  })
})

describe('hints that are not sent', () => {
  async function bobAlone() {
    const network = memoryNetwork()
    const alice = await peer('a', network.transport('alice'), { method: 'key' })
    const bob = await peer('b', network.transport('bob'), { method: 'key' })
    const sent: Uint8Array[] = []
    const reply = async ({ bytes }: { bytes: Uint8Array }) => void sent.push(bytes)
    await alice.contacts.add({ did: bob.did, uri: 'memory:bob', knows: alice.did })
    const envelope = async () => (await alice.agent.prepare(note, { to: bob.did, encoding: 'compact' })).packet.bytes
    return { alice, bob, sent, reply, envelope }
  }

  test('are those over an exchange, where the refusal says it', async () => {
    const { bob, sent, reply, envelope } = await bobAlone()
    expect(await bob.agent.receive({ bytes: await envelope(), reply })).toBe('refused')
    expect(sent).toEqual([])
    expect(await bob.agent.receive({ bytes: await envelope(), reply, persistent: true })).toBe('refused')
    expect(sent.map(readHint)).toMatchObject([{ code: LONG_FORM_NEEDED }])
  })

  test('are those above 16 over one connection', async () => {
    const { bob, sent, reply, envelope } = await bobAlone()
    for (let i = 0; i < 20; i += 1) await bob.agent.receive({ bytes: await envelope(), reply, persistent: true })
    expect(sent).toHaveLength(16)
  })

  test('are those about messages for others, and about messages that were opened', async () => {
    const { alice, bob, sent, reply } = await bobAlone()
    await alice.contacts.add({ did: alice.did, uri: 'memory:bob' })
    const other = await alice.agent.prepare(note, { to: alice.did, encoding: 'compact' })
    const own = await alice.agent.prepare({ type: 'https://example.org/unhandled/1.0/x' }, { to: bob.did })
    for (const { packet } of [other, own]) await bob.agent.receive({ ...packet, reply, persistent: true })
    expect(bob.agent.counters().refused).toEqual({ ERR_RECIPIENT_UNKNOWN: 1, ERR_MESSAGE_UNHANDLED: 1 })
    expect(sent).toEqual([])
  })

  test('are those about a hint', async () => {
    const { bob, sent, reply } = await bobAlone()
    const network = memoryNetwork()
    const onlyJson = await peer('j', network.transport('j'), { envelopes: [json()] })
    const onlyCompact = await peer('c', network.transport('c'), { envelopes: [compact()] })
    for (const { agent } of [bob, onlyJson, onlyCompact]) {
      for (const about of [jsonEnvelope, cborEnvelope]) {
        const bytes = writeHint({ code: LONG_FORM_NEEDED, digest }, about)
        expect(await agent.receive({ bytes, reply, persistent: true })).toBe('refused')
      }
    }
    expect(sent).toEqual([])
  })

  test('are those about what begins no envelope', async () => {
    const { bob, sent, reply } = await bobAlone()
    for (const bytes of [new Uint8Array(), Uint8Array.of(0), utf8('hello')]) {
      expect(await bob.agent.receive({ bytes, reply, persistent: true })).toBe('refused')
    }
    expect(sent).toEqual([])
  })

  test('do not tell whether a sender is unknown or the envelope was tampered with', async () => {
    const { alice, bob, sent, reply, envelope } = await bobAlone()
    await bob.contacts.add({ did: alice.did })
    const tampered = (await envelope()).slice()
    tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1
    await bob.agent.receive({ bytes: tampered, reply, persistent: true })
    expect(bob.agent.counters().refused).toEqual({ ERR_ENVELOPE_DECRYPT: 1 })
    expect(sent.map(readHint)).toMatchObject([{ code: LONG_FORM_NEEDED }])
  })
})

test('a request that nobody answers makes the next message say who we are', async () => {
  const network = memoryNetwork()
  const fired: (() => void)[] = []
  const timer = (_: number, run: () => void) => {
    fired.push(run)
    return () => undefined
  }
  const alice = await peer('a', network.transport('alice'), { method: 'key', timer })
  const bob = await peer('b', network.transport('bob'), { method: 'key' })
  const deaf = 'https://example.org/deaf/1.0/question'
  bob.agent.on(deaf, () => undefined)
  await bob.contacts.add({ did: alice.did })
  await alice.contacts.add({ did: bob.did, uri: 'memory:bob', encoding: 'compact', knows: alice.did })
  const asked = alice.agent.request({ type: deaf }, { to: bob.did, timeoutMs: 1_000 })
  const failed = expect(asked).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await eventually(() => fired.length === 1)
  fired[0]?.()
  await failed
  await turn()
  expect(alice.contacts.get(bob.did)?.knows).toBeUndefined()
  bob.contacts.remove(alice.did)
  await alice.agent.send(note, { to: bob.did })
  expect(bob.got).toMatchObject([{ message: { type: NOTE, from: alice.did } }])
})
