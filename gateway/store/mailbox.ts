import { createHash } from 'node:crypto'
import { defaultLimits, type Mailbox, type StoreLimits } from 'didcomm-mote'
import type { File } from './database.ts'

interface Envelope {
  id: string
  bytes: Uint8Array
}

/** Keeps a `Mailbox` in a file. Rows are found by a digest, since a DID can be longer than an LMDB key. */
export function mailbox(file: File, limits: StoreLimits = {}): Mailbox {
  const { maxMailboxEntries, maxMailboxBytes, maxRecipients } = { ...defaultLimits, ...limits }
  const envelopes = file.table<Envelope, [box: string, place: number]>('mailbox')
  const places = file.table<number, [box: string, id: string]>('mailbox-places')
  const owners = file.table<{ owner: string; recipient: string }, string>('mailbox-owners')
  const recipients = file.table<string, [owner: string, recipient: string]>('mailbox-recipients')

  /** The bytes in each box, counted when it is first used. */
  const sizes = new Map<string, number>()
  const count = (box: string) => envelopes.getKeysCount(placesOf(box))

  /** Counts the bytes anew after a failure: the change that was counted did not happen. */
  async function commit<T>(change: () => T): Promise<T> {
    try {
      return await file.commit(change)
    } catch (error) {
      sizes.clear()
      throw error
    }
  }

  function lastPlace(box: string): number {
    const { start, end } = placesOf(box)
    const [last] = envelopes.getKeys({ start: end, end: start, reverse: true, limit: 1 })
    return last?.[1] ?? 0
  }

  function sizeOf(box: string): number {
    const known = sizes.get(box)
    if (known !== undefined) return known
    let size = 0
    for (const { value } of envelopes.getRange(placesOf(box))) size += value.bytes.length
    sizes.set(box, size)
    return size
  }

  function remove(box: string, id: string): boolean {
    const place = places.get([box, id])
    if (place === undefined) return false
    sizes.set(box, sizeOf(box) - (envelopes.get([box, place])?.bytes.length ?? 0))
    places.removeSync([box, id])
    envelopes.removeSync([box, place])
    return true
  }

  return {
    async put(recipient, id, bytes) {
      const box = digest(recipient)
      if (places.doesExist([box, id])) return 'duplicate'
      // It is written in a moment, when the caller may have changed its own.
      const envelope = { id, bytes: new Uint8Array(bytes) }
      return commit(() => {
        if (places.doesExist([box, id])) return 'duplicate'
        const size = sizeOf(box) + envelope.bytes.length
        if (count(box) >= maxMailboxEntries || size > maxMailboxBytes) return 'full'
        const place = lastPlace(box) + 1
        places.putSync([box, id], place)
        envelopes.putSync([box, place], envelope)
        sizes.set(box, size)
        return 'stored'
      })
    },
    list: async (recipient, limit) =>
      [...envelopes.getRange({ ...placesOf(digest(recipient)), limit: Math.max(0, limit) })].map(({ value }) => ({
        id: value.id,
        bytes: new Uint8Array(value.bytes),
      })),
    remove: (recipient, ids) => commit(() => ids.filter((id) => remove(digest(recipient), id)).length),
    count: async (recipient) => count(digest(recipient)),

    async register(recipient, owner) {
      const key = digest(recipient)
      return commit(() => {
        const known = owners.get(key)
        if (known) return known.owner === owner
        if (recipients.getKeysCount(recipientsOf(digest(owner))) >= maxRecipients) return false
        owners.putSync(key, { owner, recipient })
        recipients.putSync([digest(owner), key], recipient)
        return true
      })
    },
    unregister: (recipient) =>
      commit(() => {
        const box = digest(recipient)
        const known = owners.get(box)
        if (known) recipients.removeSync([digest(known.owner), box])
        owners.removeSync(box)
        for (const { value } of [...envelopes.getRange(placesOf(box))]) remove(box, value.id)
      }),
    owner: async (recipient) => owners.get(digest(recipient))?.owner,
    registered: async (owner) => [...recipients.getRange(recipientsOf(digest(owner)))].map(({ value }) => value),
  }
}

/** The keys of one box. Places begin at 1, and LMDB leaves the end of a range out. */
function placesOf(box: string): { start: [string, number]; end: [string, number] } {
  return { start: [box, 0], end: [box, Number.MAX_SAFE_INTEGER] }
}

function recipientsOf(owner: string): { start: [string, string]; end: [string, string] } {
  return { start: [owner, ''], end: [owner, 'g'] }
}

function digest(did: string): string {
  return createHash('sha256').update(did).digest('hex').slice(0, 32)
}
