import { DidCommError } from 'didcomm-mote'
import { type Database, type Key, open, type RootDatabase } from 'lmdb'

/** cbor-x as plain CBOR: no records, no extension tags. */
const plainCbor = { useRecords: false, variableMapSize: true, tagUint8Array: false, useTag259ForMaps: false }

/** An LMDB file. */
export interface File {
  /** Opens one of the tables in the file. */
  table<V, K extends Key>(name: string): Database<V, K>
  /**
   * Runs `change` as one transaction, and resolves when its effect has reached the disk. `change` uses the synchronous
   * `putSync` and `removeSync`: the promises of the others would be rejected with nobody to hear it.
   *
   * @throws DidCommError `ERR_STORE_FULL` where nothing was changed, as on a full disk
   */
  commit<T>(change: () => T): Promise<T>
  close(): Promise<void>
}

export function openFile(path: string): File {
  // With batches of its own, LMDB rejects a promise that nobody holds when a commit fails, which ends the process.
  const root: RootDatabase<unknown, Key> = open({ path, maxDbs: 16, eventTurnBatching: false })
  return {
    table: (name) => root.openDB({ name, encoding: 'cbor', encoder: plainCbor } as never) as never,
    async commit(change) {
      try {
        const result = await root.transaction(change)
        await root.flushed
        return result
      } catch (cause) {
        // LMDB tells the reason in a promise that it leaves to us.
        const reason = await Promise.resolve((cause as { commitError?: unknown }).commitError).catch((error) => error)
        throw new DidCommError('ERR_STORE_FULL', 'the store could not be written', { cause: reason ?? cause })
      }
    },
    close: () => root.close(),
  }
}
