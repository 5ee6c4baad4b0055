import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mailbox, type Message, memoryMailbox, type Unpacked } from 'didcomm-mote'
import { openStore } from 'didcomm-mote/gateway'
import { mediator, RECIPIENT_UPDATE } from 'didcomm-mote/protocols/coordinate-mediation'
import { MESSAGES_RECEIVED, pickupMediator } from 'didcomm-mote/protocols/messagepickup'
import { describe, expect, it } from 'vitest'

const ALICE = 'did:example:alice'
const MALLORY = 'did:example:mallory'

function from(sender: string, type: string, body: Message['body']): Unpacked {
  return {
    message: { id: '1', type, body },
    sender,
    encrypted: true,
    nonRepudiable: false,
    encoding: 'json',
    layers: [],
  }
}

const received = (mailbox: Mailbox, ids: string[]) =>
  pickupMediator({ mailbox }).handlers[MESSAGES_RECEIVED]?.(from(MALLORY, MESSAGES_RECEIVED, { message_id_list: ids }))

async function add(mailbox: Mailbox, sender: string, did: string): Promise<unknown> {
  const handler = mediator({ routingDids: [], mailbox }).handlers[RECIPIENT_UPDATE]
  const updates = [{ recipient_did: did, action: 'add' }]
  const reply = await handler?.(from(sender, RECIPIENT_UPDATE, { updates }))
  const [updated] = (reply?.body?.['updated'] ?? []) as { result: string }[]
  return updated?.result
}

describe('a confirmation of messages', () => {
  it('is refused where it names more than anybody was given', async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => String(index))
    await expect(received(memoryMailbox(), ids)).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
  })

  it('costs nothing for mailboxes that are empty', async () => {
    const mailbox = memoryMailbox()
    await mailbox.register('did:example:empty', MALLORY)
    const removals: string[] = []
    const counted = { ...mailbox, remove: async (box: string) => removals.push(box) }
    await received(counted, ['1'])
    expect(removals).toEqual([])
  })

  it('may hold an id that no store can have', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
    const store = openStore(join(folder, 'mediator.lmdb'))
    try {
      await store.mailbox.register('did:example:box', MALLORY)
      await store.mailbox.put('did:example:box', 'a', Uint8Array.of(1))
      await received(store.mailbox, ['x'.repeat(100_000), 'a'])
      expect(await store.mailbox.count('did:example:box')).toBe(0)
    } finally {
      await store.close()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a recipient DID', () => {
  it('that somebody else took first goes to its proven owner', async () => {
    const mailbox = memoryMailbox()
    expect(await add(mailbox, MALLORY, ALICE)).toBe('success')
    expect(await add(mailbox, ALICE, ALICE)).toBe('success')
    expect(await mailbox.owner(ALICE)).toBe(ALICE)
    expect(await add(mailbox, MALLORY, ALICE)).toBe('client_error')
  })

  it('that belongs to neither stays with the first', async () => {
    const mailbox = memoryMailbox()
    expect(await add(mailbox, ALICE, 'did:example:pairwise')).toBe('success')
    expect(await add(mailbox, MALLORY, 'did:example:pairwise')).toBe('client_error')
  })
})
