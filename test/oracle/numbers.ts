/** Reads a little-endian number. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`)
}

/** Writes a number as that many bytes, little endian. */
export function toLittleEndian(value: bigint, lengthBytes: number): Uint8Array {
  const hex = value.toString(16).padStart(lengthBytes * 2, '0')
  return Uint8Array.from(Buffer.from(hex, 'hex').reverse())
}

/** Reads a big-endian number. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
}

/** Writes a number as that many bytes, big endian. */
export function toBigEndian(value: bigint, lengthBytes: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(lengthBytes * 2, '0'), 'hex'))
}

/** The remainder that is never negative. */
export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus
  return rest < 0n ? rest + modulus : rest
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = mod(base, modulus)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Returns bytes of zero. */
export function zeros(lengthBytes: number): Uint8Array {
  return new Uint8Array(lengthBytes)
}
