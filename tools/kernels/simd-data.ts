// Static memory of the build with SIMD. A file is compiled for both builds, and `base` has no bytes to spare for what it never reads.

const onlySimd = (name: string, data: string): string => `const ${name}: usize = ASC_FEATURE_SIMD ? ${data} : 0`

/** Declares a constant: the address of `values`. */
export function simdData(name: string, type: 'u8' | 'u32' | 'u64', values: readonly (number | string)[]): string {
  return onlySimd(name, `memory.data<${type}>([${values.join(', ')}], 16)`)
}

/** Declares a constant: the address of `bytes` of scratch. */
export function simdSpace(name: string, bytes: number): string {
  return onlySimd(name, `memory.data(${bytes}, 16)`)
}
