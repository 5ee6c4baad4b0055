import { describe, expect, test } from 'vitest'
import { forwardType, pack, unpack, unwrapForward, wrapForward } from '../../runtime/envelope/index.ts'
import type { Message } from '../../runtime/message/message.ts'
import { contextOf, party } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob')
const near = party('did:example:near', 2)
const far = party('did:example:far')
const everybody = [alice, bob, near, far]
const asAlice = contextOf(alice, everybody)
const keyOf = (who: typeof near): string => who.keys[0]?.kid ?? expect.fail()

const message: Message = {
  id: '1',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}

for (const encoding of ['json', 'compact'] as const) {
  test(`a ${encoding} envelope passes two mediators in order and arrives unchanged [L3]`, async () => {
    const packed = await pack(message, { to: bob.did, from: alice.did, encoding }, asAlice)
    const wrapped = await wrapForward(packed.bytes, { next: bob.did, routingKeys: [keyOf(near), keyOf(far)] }, asAlice)
    expect(wrapped.mediaType).toBe('application/didcomm-encrypted+json')

    const first = await unpack(wrapped.bytes, contextOf(near, everybody))
    expect(first).toMatchObject({ encrypted: true, message: { id: wrapped.id, type: forwardType } })
    expect(first).not.toHaveProperty('sender')
    const toFar = unwrapForward(first.message)
    expect(toFar.next).toBe(keyOf(far))

    const second = await unpack(toFar.payloads[0] ?? expect.fail(), contextOf(far, everybody))
    const toBob = unwrapForward(second.message)
    expect(toBob).toEqual({ next: bob.did, payloads: [packed.bytes] })
    expect(await unpack(packed.bytes, contextOf(bob, everybody))).toMatchObject({ sender: alice.did, encoding })
  })
}

test('a mediator that is named by its DID reads with any of its keys [L4]', async () => {
  const packed = await pack(message, { to: bob.did, from: alice.did }, asAlice)
  const wrapped = await wrapForward(packed.bytes, { next: bob.did, routingKeys: [near.did] }, asAlice)
  const { recipients } = JSON.parse(new TextDecoder().decode(wrapped.bytes))
  expect(recipients).toHaveLength(2)
  const { next } = unwrapForward((await unpack(wrapped.bytes, contextOf(near, everybody))).message)
  expect(next).toBe(bob.did)
})

test('a routing key that its DID does not list fails with ERR_DID_UNUSABLE', async () => {
  const routingKeys = [`${near.did}#key-of-yesterday`]
  const wrapping = wrapForward(Uint8Array.of(0x7b, 0x7d), { next: bob.did, routingKeys }, asAlice)
  await expect(wrapping).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
})

test('more routing keys than any honest document has fail with ERR_DID_UNUSABLE', async () => {
  const routingKeys = Array.from({ length: 9 }, () => keyOf(near))
  const wrapping = wrapForward(Uint8Array.of(0x7b, 0x7d), { next: bob.did, routingKeys }, asAlice)
  await expect(wrapping).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
})

test('no routing key at all is a mistake of the caller', async () => {
  await expect(wrapForward(Uint8Array.of(0x7b), { next: bob.did, routingKeys: [] }, asAlice)).rejects.toThrow(
    RangeError,
  )
})

describe('unwrapping', () => {
  const forward = (changes: object): Message => ({
    id: '1',
    type: forwardType,
    body: { next: bob.did },
    attachments: [{ data: { json: { a: 1 } } }],
    ...changes,
  })

  test('JSON, base64url and padded base64 attachments are all taken, in order [L2, D5, Z18]', () => {
    const attachments = [{ data: { json: { a: 1 } } }, { data: { base64: '-_8' } }, { data: { base64: '+/8=' } }]
    expect(unwrapForward(forward({ attachments })).payloads).toEqual([
      new TextEncoder().encode('{"a":1}'),
      Uint8Array.of(0xfb, 0xff),
      Uint8Array.of(0xfb, 0xff),
    ])
  })

  const malformed: Record<string, object> = {
    'another type': { type: 'https://didcomm.org/routing/2.0/backward' },
    'no next': { body: {} },
    'a next of the wrong type': { body: { next: [bob.did] } },
    'a next that is no DID': { body: { next: 'https://example.com' } },
    'a next that is too long': { body: { next: `did:example:${'x'.repeat(10_000)}` } },
    'no attachments': { attachments: [] },
    'too many attachments': { attachments: Array(65).fill({ data: { json: {} } }) },
    'an attachment that is only linked': { attachments: [{ data: { links: ['https://example.com'], hash: 'x' } }] },
    'an attachment of JSON text': { attachments: [{ data: { json: 'text' } }] },
    'an attachment of a JSON list': { attachments: [{ data: { json: [] } }] },
    'an attachment that is no base64': { attachments: [{ data: { base64: '***' } }] },
  }
  for (const [what, changes] of Object.entries(malformed)) {
    test(`${what} fails with ERR_MESSAGE_MALFORMED`, () => {
      expect(() => unwrapForward(forward(changes))).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' }))
    })
  }

  test('a forward without attachments fails with ERR_MESSAGE_MALFORMED [L1]', () => {
    const { attachments: _, ...bare } = forward({})
    expect(() => unwrapForward(bare as Message)).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' }))
  })
})
