import { fieldMultiply, fieldSquare, fieldSquareTimes } from './field25519'

// Powers in the field of Curve25519 with fixed exponents, by addition chains: the same steps for every base.

const T0 = memory.data(40, 16)
const T1 = memory.data(40, 16)
const T2 = memory.data(40, 16)
const T3 = memory.data(40, 16)

/** Leaves z^(2^250 - 1) in T1 and z^11 in T0: the common part of both powers below. */
function power250(z: usize): void {
  fieldSquare(T0, z) // 2
  fieldSquareTimes(T1, T0, 2) // 8
  fieldMultiply(T1, z, T1) // 9
  fieldMultiply(T0, T0, T1) // 11
  fieldSquare(T2, T0) // 22
  fieldMultiply(T1, T1, T2) // 31 = 2^5 - 1
  fieldSquareTimes(T2, T1, 5)
  fieldMultiply(T1, T2, T1) // 2^10 - 1
  fieldSquareTimes(T2, T1, 10)
  fieldMultiply(T2, T2, T1) // 2^20 - 1
  fieldSquareTimes(T3, T2, 20)
  fieldMultiply(T2, T3, T2) // 2^40 - 1
  fieldSquareTimes(T2, T2, 10)
  fieldMultiply(T1, T2, T1) // 2^50 - 1
  fieldSquareTimes(T2, T1, 50)
  fieldMultiply(T2, T2, T1) // 2^100 - 1
  fieldSquareTimes(T3, T2, 100)
  fieldMultiply(T2, T3, T2) // 2^200 - 1
  fieldSquareTimes(T2, T2, 50)
  fieldMultiply(T1, T2, T1) // 2^250 - 1
}

/** Raises to (p - 5) / 8 = 2^252 - 3, the heart of a square root. `z` at most 3-fold, and not `out`. */
export function fieldPowerForRoot(out: usize, z: usize): void {
  power250(z)
  fieldSquareTimes(T1, T1, 2)
  fieldMultiply(out, T1, z)
}
