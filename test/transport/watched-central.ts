import type { BleCentral, BlePort } from '../../transports/ble/ble.ts'
import { turns } from './compliance/scene.ts'

/** A central whose connections a test can disturb. */
export interface WatchedCentral extends BleCentral {
  /** How many bytes it has written to others. */
  written(): number
  /** From now on each value takes so many times around the event loop. */
  slow(times: number): void
  /** Writes a value that is none of the link's over the connection that was opened last, if it is still there. */
  throwJunk(junk: Uint8Array): Promise<void>
  /** Ends all connections. */
  disconnect(): Promise<void>
}

export function watched(central: BleCentral): WatchedCentral {
  const ports: BlePort[] = []
  let written = 0
  let delay = 0
  const watch = (port: BlePort): BlePort => ({
    info: port.info,
    maxValueBytes: port.maxValueBytes,
    open: (events) => port.open(events),
    close: () => port.close(),
    write: async (value) => {
      written += value.length
      if (delay > 0) await turns(delay)
      await port.write(value)
    },
  })
  return {
    connect: async (name, introduce) => {
      const port = await central.connect(name, introduce)
      ports.push(port)
      return watch(port)
    },
    close: () => central.close(),
    written: () => written,
    slow: (times) => {
      delay = times
    },
    throwJunk: async (junk) => {
      const port = ports.at(-1)
      // Rejects where the connection has ended, perhaps by the last one.
      await port?.write(junk.subarray(0, port.maxValueBytes)).catch(() => undefined)
      await turns(5)
    },
    disconnect: async () => {
      for (const port of ports.splice(0)) await port.close()
    },
  }
}
