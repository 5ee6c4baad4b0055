import {
  defaultLimits,
  MAX_DELIVERED_KEYS,
  MAX_DISCARDED,
  type Mailbox,
  type MailboxEntry,
  type Outbox,
  type OutboxEntry,
  type OutboxExcept,
  outboxEntry,
  type SeenStore,
  type StoreLimits,
  sizeOfWays,
  waysOf,
} from './store.ts'

/** Makes a `SeenStore` in memory. */
export function memorySeenStore(limits: StoreLimits = {}): SeenStore {
  const { maxSeen } = { ...defaultLimits, ...limits }
  const seen = new Map<string, number>()
  let horizonMs = Number.NEGATIVE_INFINITY
  return {
    check: async (key, atMs) => (seen.has(key) ? 'seen' : atMs <= horizonMs ? 'forgotten' : 'new'),
    async remember(key, atMs) {
      seen.set(key, atMs)
      const [oldest] = seen
      if (seen.size <= maxSeen || !oldest) return
      seen.delete(oldest[0])
      horizonMs = Math.max(horizonMs, oldest[1])
    },
  }
}

interface Waiting extends OutboxEntry {
  dueMs: number
}

/** Makes an `Outbox` in memory: for tests, and where a restart may lose what is on its way. */
export function memoryOutbox(limits: StoreLimits = {}): Outbox {
  const { maxOutboxEntries, maxOutboxBytes, whenOutboxFull } = { ...defaultLimits, ...limits }
  /** In the order in which they are tried. */
  const waiting = new Map<string, Waiting>()
  /** Their keys in the order in which they came. */
  const arrivals = new Set<string>()
  const delivered = new Set<string>()
  const discarded = new Map<string, { entry: OutboxEntry; reason: string }>()
  let waitingBytes = 0
  let dropped = 0

  function take(key: string): Waiting | undefined {
    const entry = waiting.get(key)
    if (entry && waiting.delete(key)) waitingBytes -= sizeOfWays(entry)
    arrivals.delete(key)
    return entry
  }

  function setAside(key: string, reason: string): void {
    const entry = take(key)
    if (!entry) return
    discarded.set(key, { entry, reason })
    trim(discarded, MAX_DISCARDED)
  }

  const isFull = (sizeBytes: number) => waiting.size >= maxOutboxEntries || waitingBytes + sizeBytes > maxOutboxBytes

  /** Drops the oldest until there is room, where that is allowed and enough. */
  function makeRoom(sizeBytes: number): boolean {
    if (whenOutboxFull === 'drop-oldest' && sizeBytes <= maxOutboxBytes) {
      for (const oldest of arrivals) {
        if (!isFull(sizeBytes)) break
        setAside(oldest, 'ERR_STORE_FULL')
        dropped += 1
      }
    }
    return !isFull(sizeBytes)
  }

  return {
    async enqueue(key, destination, bytes, alternatives, expiresAtMs) {
      if (waiting.has(key) || delivered.has(key) || discarded.has(key)) return 'duplicate'
      const entry = outboxEntry(key, destination, bytes, alternatives, expiresAtMs)
      const sizeBytes = sizeOfWays(entry)
      if (!makeRoom(sizeBytes)) return 'full'
      waiting.set(key, { ...entry, dueMs: 0 })
      arrivals.add(key)
      waitingBytes += sizeBytes
      return 'stored'
    },
    async due(nowMs, limit, except) {
      const due: OutboxEntry[] = []
      for (const { dueMs, ...entry } of waiting.values()) {
        if (due.length >= limit) break
        if (dueMs <= nowMs && !isLeftOut(entry, except)) due.push(entry)
      }
      return due
    },
    async retryAt(key, atMs) {
      const entry = waiting.get(key)
      if (!entry) return
      waiting.delete(key)
      waiting.set(key, { ...entry, dueMs: atMs })
    },
    async ack(key) {
      if (!take(key)) return
      delivered.add(key)
      trim(delivered, MAX_DELIVERED_KEYS)
    },
    discard: async (key, reason) => setAside(key, reason),
    async nextDueMs(except) {
      let next: number | undefined
      for (const entry of waiting.values()) {
        if (!isLeftOut(entry, except)) next = Math.min(next ?? entry.dueMs, entry.dueMs)
      }
      return next
    },
    depth: async () => ({ waiting: waiting.size, waitingBytes, discarded: discarded.size, dropped }),
  }
}

function isLeftOut(entry: OutboxEntry, { destinations, keys }: OutboxExcept = {}): boolean {
  return keys?.has(entry.key) === true || waysOf(entry).every(({ destination }) => destinations?.has(destination))
}

/** Makes a `Mailbox` in memory. */
export function memoryMailbox(limits: StoreLimits = {}): Mailbox {
  const { maxMailboxEntries, maxMailboxBytes, maxRecipients } = { ...defaultLimits, ...limits }
  const boxes = new Map<string, Map<string, MailboxEntry>>()
  const owners = new Map<string, string>()
  const registered = (owner: string) => [...owners].filter(([, other]) => other === owner).map(([did]) => did)
  return {
    async put(recipient, id, bytes) {
      const box = boxes.get(recipient) ?? new Map<string, MailboxEntry>()
      if (box.has(id)) return 'duplicate'
      let total = bytes.length
      for (const entry of box.values()) total += entry.bytes.length
      if (box.size >= maxMailboxEntries || total > maxMailboxBytes) return 'full'
      boxes.set(recipient, box.set(id, { id, bytes: new Uint8Array(bytes) }))
      return 'stored'
    },
    list: async (recipient, limit) => [...(boxes.get(recipient)?.values() ?? [])].slice(0, limit),
    async remove(recipient, ids) {
      const box = boxes.get(recipient)
      const removed = ids.filter((id) => box?.delete(id)).length
      if (box?.size === 0) boxes.delete(recipient)
      return removed
    },
    count: async (recipient) => boxes.get(recipient)?.size ?? 0,
    async register(recipient, owner) {
      const known = owners.get(recipient)
      if (known !== undefined) return known === owner
      if (registered(owner).length >= maxRecipients) return false
      owners.set(recipient, owner)
      return true
    },
    async unregister(recipient) {
      owners.delete(recipient)
      boxes.delete(recipient)
    },
    owner: async (recipient) => owners.get(recipient),
    registered: async (owner) => registered(owner),
  }
}

/** Drops the oldest members above `max`. */
function trim(collection: Set<string> | Map<string, unknown>, max: number): void {
  for (const oldest of collection.keys()) {
    if (collection.size <= max) return
    collection.delete(oldest)
  }
}
