import { type Database, type Key, open, type RootDatabase } from 'lmdb'

/** cbor-x as plain CBOR: no records, no extension tags. */
const plainCbor = { useRecords: false, variableMapSize: true, tagUint8Array: false, useTag259ForMaps: false }

/** An LMDB file. */
export interface File {
  /** Opens one of the tables in the file. */
  table<V, K extends Key>(name: string): Database<V, K>
  /** Runs `change` as one transaction, and resolves when its effect has reached the disk. */
  commit<T>(change: () => T): Promise<T>
  close(): Promise<void>
}

export function openFile(path: string): File {
  const root: RootDatabase<unknown, Key> = open({ path, maxDbs: 16 })
  return {
    table: (name) => root.openDB({ name, encoding: 'cbor', encoder: plainCbor } as never) as never,
    async commit(change) {
      const result = await root.transaction(change)
      await root.flushed
      return result
    },
    close: () => root.close(),
  }
}
