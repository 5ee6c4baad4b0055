import type { Mailbox, Outbox, SeenStore, StoreLimits } from 'didcomm-mote'
import { openFile } from './database.ts'
import { mailbox } from './mailbox.ts'
import { outbox } from './outbox.ts'
import { seenStore } from './seen.ts'

/** The stores of one program, in one LMDB file. */
export interface Store {
  readonly seen: SeenStore
  readonly outbox: Outbox
  readonly mailbox: Mailbox
  close(): Promise<void>
}

/**
 * Opens or makes the file `path`. What the stores have confirmed survives a kill and a power cut.
 *
 * It needs the packages `lmdb` and `cbor-x`.
 */
export function openStore(path: string, limits: StoreLimits = {}): Store {
  const file = openFile(path)
  return {
    seen: seenStore(file, limits),
    outbox: outbox(file, limits),
    mailbox: mailbox(file, limits),
    close: () => file.close(),
  }
}
