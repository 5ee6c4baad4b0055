import type { Timer } from '../../runtime/world.ts'
import type { BluezObjects } from './node-ble.ts'

export interface BleScanOptions {
  /** As in `/org/bluez/hci0`. */
  readonly adapterPath: string
  /** The UUID that is looked for. */
  readonly service: string
  readonly objects: () => Promise<BluezObjects>
  readonly startDiscovery: () => Promise<void>
  readonly stopDiscovery: () => Promise<void>
  readonly timer: Timer
}

interface Search {
  readonly name: string
  readonly found: (address: string) => void
}

const pollMs = 500

/**
 * Looks for peripherals by the names that they advertise. One discovery serves all who look. It begins before anything is looked at: some
 * controllers report an advertisement once.
 */
export class BleScan {
  readonly #options: BleScanOptions
  readonly #searches = new Set<Search>()
  #isRunning = false
  #endPause: () => void = () => undefined

  constructor(options: BleScanOptions) {
    this.#options = options
  }

  /** Returns the address of the peripheral that is advertised under a name. */
  find(name: string, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const search = { name, found: (address: string) => settle(() => resolve(address)) }
      const settle = (how: () => void) => {
        cancel()
        this.#searches.delete(search)
        how()
      }
      const cancel = this.#options.timer(timeoutMs, () =>
        settle(() => reject(new Error(`"${name}" is not advertised here`))),
      )
      this.#searches.add(search)
      if (!this.#isRunning) void this.#run()
    })
  }

  /** Lets the discovery end at once; who looks is told by the time-out. */
  close(): void {
    this.#searches.clear()
    this.#endPause()
  }

  async #run(): Promise<void> {
    const { startDiscovery, stopDiscovery } = this.#options
    this.#isRunning = true
    while (this.#searches.size > 0) {
      // Somebody else's discovery serves as well, and without any there is what BlueZ remembers.
      await startDiscovery().catch(() => undefined)
      await this.look().catch(() => undefined)
      if (this.#searches.size > 0) await this.#pause()
    }
    this.#isRunning = false
    await stopDiscovery().catch(() => undefined)
  }

  /** Returns the addresses of all who are known to have the service, by their paths, and hands on those who are looked for. */
  async look(): Promise<Map<string, string>> {
    const objects = await this.#options.objects()
    const addresses = new Map<string, string>()
    for (const [path, interfaces] of Object.entries(objects)) {
      const device = interfaces['org.bluez.Device1']
      if (!device || !path.startsWith(`${this.#options.adapterPath}/`)) continue
      const uuids = device['UUIDs']?.value
      if (!Array.isArray(uuids) || !uuids.includes(this.#options.service)) continue
      const address = String(device['Address']?.value)
      addresses.set(path, address)
      for (const search of [...this.#searches]) {
        if (search.name === device['Name']?.value) search.found(address)
      }
    }
    return addresses
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        resolve()
      }
      const cancel = this.#options.timer(pollMs, end)
      this.#endPause = end
    })
  }
}
