import { acks, didPeer4Identity, languages, sequencing, type Unpacked } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { expect, test } from 'vitest'

const { did, shortDid } = didPeer4Identity(crypto, new Uint8Array(32).fill(7), [])

/** A message as it came from one of the two forms of a DID. */
function received(sender: string, headers: Record<string, unknown>): Unpacked {
  const message = { id: 'm', type: 'https://example.org/notes/1.0/note', body: {}, ...headers }
  return { message, sender, encrypted: true, nonRepudiable: false, encoding: 'json', layers: [] }
}

test('what is asked to be acknowledged may have come from the other form of the DID', () => {
  const honoured = acks()
  expect(honoured.due(received(did, { id: 'one' }))).toEqual([])
  expect(honoured.due(received(shortDid, { id: 'two', please_ack: ['one', ''] }))).toEqual(['one', 'two'])
})

test('the languages of a thread are those of both forms of its other side', () => {
  const read = languages()
  read.of(received(did, { id: 'q', thid: 't', 'accept-lang': ['fr'] }))
  expect(read.of(received(shortDid, { id: 'r', thid: 't' }))).toEqual(['fr'])
})

test('both forms of a DID number their messages together', () => {
  const orders = sequencing()
  expect(orders.incoming(received(did, { thid: 't', sender_order: 1 })).duplicate).toBe(false)
  expect(orders.incoming(received(shortDid, { thid: 't', sender_order: 1 })).duplicate).toBe(true)
  expect(orders.incoming(received(shortDid, { thid: 't', sender_order: 2 })).gaps).toEqual([])
})
