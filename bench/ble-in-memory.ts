// A BLE connection within the program: what framing, receipts and windows cost, without a radio and its operating system.
import type { BleCentral, BlePeripheral, BlePort, BlePortEvents, Introduce } from 'didcomm-mote/transports/ble'

/** What an MTU of 247 leaves, as with data length extension. */
const valueBytes = 244

interface End extends BlePort {
  take(value: Uint8Array): void
}

/** One end of a connection; values are handed over at once, and a write resolves in the next turn of the promises. */
function endOf(info: Uint8Array, other: () => End): End {
  let events: BlePortEvents | undefined
  const early: Uint8Array[] = []
  return {
    info,
    maxValueBytes: valueBytes,
    open: (opened) => {
      events = opened
      for (const value of early.splice(0)) opened.value(value)
    },
    write: async (value) => other().take(value),
    take: (value) => {
      if (events) events.value(value)
      else early.push(value)
    },
    close: async () => events?.end(),
  }
}

/** A central and the one peripheral in its reach. */
export function inMemoryLink(): { central: BleCentral; peripheral: BlePeripheral } {
  let listening: { introduce: Introduce; accept: (port: BlePort) => void } | undefined
  const central: BleCentral = {
    connect: async (_, introduce) => {
      if (!listening) throw new Error('nobody advertises')
      const near: End = endOf(listening.introduce(valueBytes), () => far)
      const far: End = endOf(introduce(valueBytes), () => near)
      listening.accept(far)
      return near
    },
    close: async () => undefined,
  }
  const peripheral: BlePeripheral = {
    start: async (_, introduce, accept) => {
      listening = { introduce, accept }
    },
    close: async () => undefined,
  }
  return { central, peripheral }
}
