/** Written and read at once, so that no call sees what another left. */
const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4))

/** Returns the IEEE 754 binary32 bits of `value`, or `undefined` where they would not keep it. */
export function singleBits(value: number): number | undefined {
  if (Math.fround(value) !== value && !Number.isNaN(value)) return undefined
  scratch.setFloat32(0, value)
  return scratch.getUint32(0)
}

/** Returns the binary16 bits of a value given by its binary32 bits, or `undefined` where they would not keep it. */
export function halfBits(single: number): number | undefined {
  const sign = (single >>> 16) & 0x8000
  const exponent = ((single >>> 23) & 0xff) - 127
  const fraction = single & 0x7f_ffff
  if (exponent === 128) return fraction === 0 ? sign | 0x7c00 : 0x7e00
  if (exponent > 15) return undefined
  // What is left of 24 significant bits: 11, or fewer below 2^-14, where a half counts steps of 2^-24.
  const dropped = exponent < -14 ? -1 - exponent : 13
  const significand = fraction | 0x80_0000
  if (exponent === -127 && fraction === 0) return sign
  if (dropped > 23 || (significand & ((1 << dropped) - 1)) !== 0) return undefined
  return sign | (exponent < -14 ? significand >> dropped : ((exponent + 15) << 10) | (fraction >> 13))
}

/** Returns the value of binary16 bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}
