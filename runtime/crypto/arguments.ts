// Checks of arguments. A mistake here is one of the calling program, so the errors are `TypeError` and `RangeError`.

export const EMPTY: Uint8Array = new Uint8Array(0)

/** Checks that `value` is bytes, and that many where `lengthBytes` is given. */
export function expectBytes(name: string, value: Uint8Array, lengthBytes?: number): void {
  const wanted = lengthBytes === undefined ? '' : ` of length ${lengthBytes}`
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`"${name}" expected Uint8Array${wanted}, got type=${typeof value}`)
  }
  if (lengthBytes !== undefined && value.length !== lengthBytes) {
    throw new RangeError(`"${name}" expected Uint8Array${wanted}, got length=${value.length}`)
  }
}

/** Checks that `value` is bytes, at least `minBytes` and at most `maxBytes` of them. */
export function expectBytesBetween(name: string, value: Uint8Array, minBytes: number, maxBytes: number): void {
  expectBytes(name, value)
  if (value.length < minBytes || value.length > maxBytes) {
    throw new RangeError(`"${name}" expected Uint8Array of length ${minBytes}..${maxBytes}, got length=${value.length}`)
  }
}

/**
 * Returns bytes that nobody else can change during a call that reads them twice. Only memory shared with another thread can:
 * then what was authenticated would not be what is decrypted, and a signature could give its key away.
 */
export function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer ? bytes : copyOf(bytes)
}

/** Copies bytes. Not by `slice`, which for a `Buffer` of Node is a view of the same memory. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** Checks that `value` is an integer from `min` to `max`. */
export function expectInteger(name: string, value: number, min: number, max: number): void {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected integer, got type=${typeof value}`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"${name}" expected integer ${min}..${max}, got ${value}`)
  }
}

/** Returns where to write `lengthBytes`: the caller's `out`, which must have room for them, or fresh bytes. */
export function outputFor(out: Uint8Array | undefined, lengthBytes: number): Uint8Array {
  if (out === undefined) return new Uint8Array(lengthBytes)
  expectBytes('out', out)
  if (out.length < lengthBytes) {
    throw new RangeError(`"out" expected Uint8Array of length at least ${lengthBytes}, got length=${out.length}`)
  }
  return out.length === lengthBytes ? out : out.subarray(0, lengthBytes)
}
