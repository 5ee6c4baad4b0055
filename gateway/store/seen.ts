import { defaultLimits, type SeenStore, type StoreLimits } from 'didcomm-mote'
import type { File } from './database.ts'

/** Keeps a `SeenStore` in a file. What is dropped for lack of room is dropped in the order in which it came. */
export function seenStore(file: File, limits: StoreLimits = {}): SeenStore {
  const { maxSeen } = { ...defaultLimits, ...limits }
  const seen = file.table<number, string>('seen')
  const order = file.table<[key: string, atMs: number], number>('seen-order')
  const meta = file.table<number, string>('seen-meta')
  let count = seen.getCount()
  let next = (lastKey(order) ?? -1) + 1
  let horizonMs = meta.get('horizonMs') ?? Number.NEGATIVE_INFINITY

  function dropOldest(): void {
    const [oldest] = order.getRange({ limit: 1 })
    if (!oldest) return
    const [key, atMs] = oldest.value
    order.removeSync(oldest.key)
    seen.removeSync(key)
    count -= 1
    if (atMs <= horizonMs) return
    horizonMs = atMs
    meta.putSync('horizonMs', atMs)
  }

  return {
    check: async (key, atMs) => (seen.doesExist(key) ? 'seen' : atMs <= horizonMs ? 'forgotten' : 'new'),
    remember: (key, atMs) =>
      file.commit(() => {
        if (seen.doesExist(key)) return
        seen.putSync(key, atMs)
        order.putSync(next++, [key, atMs])
        count += 1
        if (count > maxSeen) dropOldest()
      }),
  }
}

/** Returns the largest key of a table. */
export function lastKey(table: {
  getKeys(options: { reverse: true; limit: 1 }): Iterable<number>
}): number | undefined {
  const [last] = table.getKeys({ reverse: true, limit: 1 })
  return last
}
