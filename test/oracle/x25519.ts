import { fromLittleEndian, mod, power, toLittleEndian } from './numbers.ts'

// X25519, word for word from the pseudocode of RFC 7748 §5.

const p = 2n ** 255n - 19n
const a24 = 121665n

export function decodeScalar25519(k: Uint8Array): bigint {
  const bytes = k.slice()
  bytes[0]! &= 248
  bytes[31]! &= 127
  bytes[31]! |= 64
  return fromLittleEndian(bytes)
}

function decodeUCoordinate(u: Uint8Array): bigint {
  const bytes = u.slice()
  bytes[31]! &= 127
  return fromLittleEndian(bytes)
}

export function x25519(scalar: Uint8Array, uCoordinate: Uint8Array): Uint8Array {
  const k = decodeScalar25519(scalar)
  const x1 = decodeUCoordinate(uCoordinate) % p
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n]
  let swap = 0n
  for (let t = 254n; t >= 0n; t--) {
    const kt = (k >> t) & 1n
    swap ^= kt
    if (swap) [x2, x3, z2, z3] = [x3, x2, z3, z2]
    swap = kt
    const a = x2 + z2
    const aa = (a * a) % p
    const b = x2 - z2
    const bb = (b * b) % p
    const e = aa - bb
    const c = x3 + z3
    const d = x3 - z3
    const da = (d * a) % p
    const cb = (c * b) % p
    const sum = da + cb
    const difference = da - cb
    x3 = (sum * sum) % p
    z3 = (x1 * ((difference * difference) % p)) % p
    x2 = (aa * bb) % p
    z2 = (e * (aa + a24 * e)) % p
  }
  if (swap) [x2, x3, z2, z3] = [x3, x2, z3, z2]
  return toLittleEndian(mod(x2 * power(z2, p - 2n, p), p), 32)
}
