import { describe, expect, test } from 'vitest'
import { didOf } from '../../runtime/did/index.ts'
import { packForEach, unpack } from '../../runtime/envelope/index.ts'
import type { Message } from '../../runtime/message/message.ts'
import { contextOf, type Party, party } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const carol = party('did:example:carol', 1, { agreement: 'P-384', signing: 'P-256' })
const dave = party('did:example:dave')
/** On two curves: X25519 like Bob and P-384 like Carol. */
const anna = bothOf(party('did:example:anna'), party('did:example:anna', 1, { agreement: 'P-384', signing: 'P-384' }))
const everybody = [alice, bob, carol, dave, anna]
const as = (who: Party) => contextOf(who, everybody)
const dids = [bob.did, dave.did]

const message: Message = {
  id: 'm-1',
  type: 'https://example.org/notes/1.0/note',
  from: alice.did,
  body: { text: 'to all' },
}

function bothOf(one: Party, other: Party): Party {
  const of = <K extends 'keyAgreement' | 'authentication' | 'verificationMethod'>(name: K) =>
    [one, other].flatMap(({ document }) => (document[name] ?? []) as never[])
  const lists = { keyAgreement: of('keyAgreement'), authentication: of('authentication') }
  const document = { ...one.document, verificationMethod: of('verificationMethod'), ...lists }
  return { did: one.did, document, keys: [...one.keys, ...other.keys] }
}

const kidsIn = (bytes: Uint8Array): string[] =>
  JSON.parse(new TextDecoder().decode(bytes)).recipients.map(({ header }: { header: { kid: string } }) => header.kid)

describe('one message for several DIDs', () => {
  test('is an envelope for each, to the keys of that DID and of no other [E1]', async () => {
    const packed = await packForEach(message, { to: dids, from: alice.did }, as(alice))
    expect(packed.map(({ to }) => to)).toEqual(dids)
    for (const { to, bytes } of packed) expect(new Set(kidsIn(bytes).map(didOf))).toEqual(new Set([to]))
    await expect(unpack(packed[0]?.bytes ?? expect.fail(), as(dave))).rejects.toMatchObject({
      code: 'ERR_RECIPIENT_UNKNOWN',
    })
  })

  test.each([
    ['authcrypt', { from: alice.did }],
    ['anoncrypt', {}],
    ['anoncrypt of signed', { sign: alice.did }],
    ['anoncrypt of authcrypt', { from: alice.did, protectSender: true }],
  ])('opens at each of them with one id, and names all of them: %s [B7, C2]', async (name, by) => {
    const packed = await packForEach(message, { to: dids, ...by }, as(alice))
    for (const [index, reader] of [bob, dave].entries()) {
      const { bytes, id } = packed[index] ?? expect.fail()
      const opened = await unpack(bytes, as(reader))
      expect([id, opened.message.id, opened.message.to, opened.recipient]).toEqual(['m-1', 'm-1', dids, reader.did])
      expect(opened.layers.map(({ kind }) => kind).join(' of ')).toBe(name)
      expect(opened.sender).toBe(name === 'anoncrypt' ? undefined : alice.did)
    }
  })

  test('is on the curve that suits each DID [E13, F8]', async () => {
    const packed = await packForEach(
      { ...message, from: anna.did },
      { to: [bob.did, carol.did], from: anna.did },
      as(anna),
    )
    const sender = await Promise.all(
      [bob, carol].map(async (reader, index) => unpack(packed[index]?.bytes ?? expect.fail(), as(reader))),
    )
    expect(sender.map(({ layers: [layer] }) => layer?.kind === 'authcrypt' && layer.senderKid)).toEqual([
      'did:example:anna#key-x25519-1',
      'did:example:anna#key-p-384-1',
    ])
  })

  test('is not packed where one of them has no key for it, and the error names who', async () => {
    const packing = packForEach(message, { to: [bob.did, carol.did], from: alice.did }, as(alice))
    await expect(packing).rejects.toMatchObject({
      code: 'ERR_DID_UNUSABLE',
      message: expect.stringContaining(carol.did),
    })
  })

  test('keeps a "to" of its own, which must name them all', async () => {
    const to = [bob.did, dave.did, carol.did]
    const [first] = await packForEach({ ...message, to }, { to: dids, from: alice.did }, as(alice))
    expect((await unpack(first?.bytes ?? expect.fail(), as(bob))).message.to).toEqual(to)
    const wrong = packForEach({ ...message, to: [bob.did] }, { to: dids, from: alice.did }, as(alice))
    await expect(wrong).rejects.toThrow(new TypeError(`"message.to" expected to name ${dave.did}`))
  })

  test('can be compact as well', async () => {
    const packed = await packForEach(message, { to: dids, from: alice.did, encoding: 'compact' }, as(alice))
    const opened = await unpack(packed[1]?.bytes ?? expect.fail(), as(dave))
    expect(opened).toMatchObject({ encoding: 'compact', message: { id: 'm-1', to: dids } })
  })

  test('needs an id, and DIDs that differ', async () => {
    const { id: _, ...unnamed } = message
    const distinct = new TypeError('"to" expected distinct DIDs, at least one')
    await expect(packForEach(unnamed, { to: dids }, as(alice))).rejects.toThrow(/"message.id" expected/)
    for (const to of [[], [bob.did, bob.did], [bob.did, `${bob.did}#key-x25519-1`]]) {
      await expect(packForEach(message, { to }, as(alice))).rejects.toThrow(distinct)
    }
  })
})
