import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BleCentral, BlePeripheral, BlePort, BlePortEvents, Introduce } from '../../transports/ble/ble.ts'

/** How values travel: the first argument hands one over, and may be called never, twice or later. */
export type Carry = (deliver: () => void, value: Uint8Array, direction: 'write' | 'notify') => void

/** Two ends of one connection within the program. */
class AirPort implements BlePort {
  readonly info: Uint8Array
  readonly maxValueBytes: number
  other: AirPort | undefined
  isClosed = false
  readonly #carry: (deliver: () => void, value: Uint8Array) => void
  #events: BlePortEvents | undefined
  readonly #early: Uint8Array[] = []

  constructor(info: Uint8Array, maxValueBytes: number, carry: (deliver: () => void, value: Uint8Array) => void) {
    this.info = info
    this.maxValueBytes = maxValueBytes
    this.#carry = carry
  }

  open(events: BlePortEvents): void {
    this.#events = events
    for (const value of this.#early.splice(0)) events.value(value)
  }

  async write(value: Uint8Array): Promise<void> {
    const { other } = this
    if (this.isClosed || !other) throw new Error('not connected')
    if (value.length > this.maxValueBytes) throw new Error('too long')
    const copy = Uint8Array.from(value)
    this.#carry(() => other.arrive(copy), copy)
    await nextTurn()
  }

  arrive(value: Uint8Array): void {
    if (this.isClosed) return
    if (this.#events) this.#events.value(value)
    else this.#early.push(value)
  }

  async close(): Promise<void> {
    for (const end of [this, this.other]) {
      if (!end || end.isClosed) continue
      end.isClosed = true
      end.#events?.end()
    }
  }
}

export interface Air {
  central(): BleCentral
  peripheral(): BlePeripheral
  /** Every connection that was opened, the latest last: its central end. */
  readonly ports: AirPort[]
}

/** What centrals and peripherals within one program share. */
export function makeAir(maxValueBytes = 500, carry: Carry = (deliver) => deliver()): Air {
  const listening = new Map<string, { introduce: Introduce; accept: (port: BlePort) => void }>()
  const ports: AirPort[] = []
  return {
    ports,
    central: () => ({
      connect: async (name, introduce) => {
        await nextTurn()
        const found = listening.get(name)
        if (!found) throw new Error('nobody advertises that name')
        const near = new AirPort(found.introduce(maxValueBytes), maxValueBytes, (deliver, value) =>
          carry(deliver, value, 'write'),
        )
        const far = new AirPort(introduce(maxValueBytes), maxValueBytes, (deliver, value) =>
          carry(deliver, value, 'notify'),
        )
        near.other = far
        far.other = near
        ports.push(near)
        found.accept(far)
        return near
      },
      close: async () => undefined,
    }),
    peripheral: () => {
      let advertised: string | undefined
      return {
        start: async (name, introduce, accept) => {
          advertised = name
          listening.set(name, { introduce, accept })
        },
        close: async () => {
          if (advertised !== undefined) listening.delete(advertised)
        },
      }
    },
  }
}
