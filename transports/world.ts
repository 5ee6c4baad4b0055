import type { World } from '../runtime/world.ts'

/** Returns the clock, entropy and timers of the host, from what browsers, Node, Deno and Bun share. */
export function world(): World {
  return {
    now: () => Date.now(),
    randomBytes: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    // 32 characters: DIDComm v2.1 asks for no more than 32 bytes.
    newId: () => crypto.randomUUID().replaceAll('-', ''),
    timer: (delayMs, run) => {
      const handle = setTimeout(run, delayMs)
      return () => clearTimeout(handle)
    },
  }
}
