/** What a fake BlueZ can do, and how it may fail. */
export interface FakeBluezOptions {
  readonly mtu?: number
  /** How many there are, `hci0` the first; 2 where absent. */
  readonly adapters?: number
  /** How notifications and writes without response travel; at once and in order where absent. */
  readonly carry?: (deliver: () => void) => void
  /** Calls that are never answered, as by an adapter that is stuck. */
  readonly isStuck?: (member: string) => boolean
  /** Calls that fail, with what BlueZ says then. */
  readonly failure?: (member: string) => string | undefined
  /** How long the services take to be known. */
  readonly resolveMs?: number
}
