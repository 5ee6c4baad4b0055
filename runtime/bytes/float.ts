/** Written and read at once, so that no call sees what another left. */
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4))

/** A binary16 number is a binary32 one whose bits are shifted by 13, and which this brings from one bias to the other. */
const BIAS = 2 ** 112

/** Returns the additional information of a float (RFC 8949 §3.3): 25, 26 or 27 for the least of 2, 4 and 8 bytes that keep it. */
export function floatInfo(value: number): number {
  if (halfBits(value) !== undefined) return 25
  return Math.fround(value) === value ? 26 : 27
}

/** Returns the IEEE 754 binary16 bits of `value`, or `undefined` where they would not keep it. All NaNs are one. */
export function halfBits(value: number): number | undefined {
  const size = Math.abs(value)
  scratch.setFloat32(0, size / BIAS)
  const bits = size < Infinity ? scratch.getUint32(0) >> 13 : size === Infinity ? 0x7c00 : 0x7e00
  if (!Object.is(halfValue(bits), size)) return undefined
  return Object.is(size, value) ? bits : bits | 0x8000
}

/** Returns the value of binary16 bits. */
export function halfValue(bits: number): number {
  scratch.setUint32(0, (bits & 0x7fff) << 13)
  const finite = scratch.getFloat32(0) * BIAS
  // The highest exponent is for infinity, and for what is no number.
  const size = finite < 0x1_0000 ? finite : finite > 0x1_0000 ? Number.NaN : Infinity
  return bits & 0x8000 ? -size : size
}
