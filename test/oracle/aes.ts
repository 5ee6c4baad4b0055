import { concat, fromBigEndian, toBigEndian, zeros } from './numbers.ts'

// AES as FIPS 197 writes it: bytes, tables, one block. Time depends on everything.

/** Multiplication by x in GF(2^8), §4.2.1. */
function xtime(b: number): number {
  return (b << 1) ^ (b & 0x80 ? 0x11b : 0)
}

/** Multiplication in GF(2^8), §4.2. */
function times(a: number, b: number): number {
  let product = 0
  for (let i = 0; i < 8; i++) {
    if ((b >> i) & 1) product ^= a
    a = xtime(a)
  }
  return product
}

/** §5.1.1: the inverse, then the affine map. */
const sbox = Array.from({ length: 256 }, (_, b) => {
  const inverse = b === 0 ? 0 : Array.from({ length: 256 }, (_, i) => i).findIndex((i) => times(b, i) === 1)
  let result = 0x63
  for (let shift = 0; shift < 5; shift++) result ^= (inverse << shift) | (inverse >> (8 - shift))
  return result & 0xff
})
const inverseSbox = Array.from({ length: 256 }, (_, b) => sbox.indexOf(b))

/** Applies a table. */
const substituted = (state: Uint8Array, table: readonly number[]): Uint8Array => state.map((b) => table[b] ?? 0)

/** The products of every byte and a factor of MixColumns or its inverse. */
const products = Array.from({ length: 16 }, (_, factor) => Array.from({ length: 256 }, (_, b) => times(factor, b)))

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0))
}

let latest: { key: string; roundKeys: readonly Uint8Array[] } = { key: '', roundKeys: [] }

/** §5.2: one round key of 16 bytes for each round and one before the first. */
function expand(key: Uint8Array): readonly Uint8Array[] {
  const name = Buffer.from(key).toString('hex')
  if (latest.key !== name) latest = { key: name, roundKeys: expanded(key) }
  return latest.roundKeys
}

function expanded(key: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = Array.from({ length: key.length / 4 }, (_, i) => key.slice(4 * i, 4 * i + 4))
  const nk = words.length
  let constant = 1
  for (let i = nk; i < 4 * (nk + 7); i++) {
    let word: Uint8Array = words[i - 1] ?? zeros(4)
    if (i % nk === 0) {
      word = substituted(concat(word.subarray(1), word.subarray(0, 1)), sbox)
      word = xor(word, Uint8Array.of(constant))
      constant = xtime(constant)
    } else if (nk > 6 && i % nk === 4) {
      word = substituted(word, sbox)
    }
    words.push(xor(word, words[i - nk] ?? zeros(4)))
  }
  return Array.from({ length: nk + 7 }, (_, round) => concat(...words.slice(4 * round, 4 * round + 4)))
}

/** §5.1.2: row r moves by r columns; with -1 as `direction`, back. */
function shiftRows(state: Uint8Array, direction: 1 | -1): Uint8Array {
  return state.map((_, i) => state[(i + 4 * direction * (i % 4) + 16) % 16] ?? 0)
}

/** §5.1.3 and §5.3.3: each column times a circulant matrix. */
function mixColumns(state: Uint8Array, row: readonly number[]): Uint8Array {
  return state.map((_, i) => {
    const column = i - (i % 4)
    return row.reduce((sum, factor, j) => sum ^ (products[factor]?.[state[column + ((i + j) % 4)] ?? 0] ?? 0), 0)
  })
}

/** §5.1, for keys of any of the three lengths. */
export function aesEncryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const [first, ...keys] = expand(key)
  return keys.reduce(
    (state: Uint8Array, roundKey, i) => {
      const shifted = shiftRows(substituted(state, sbox), 1)
      return xor(i === keys.length - 1 ? shifted : mixColumns(shifted, [2, 3, 1, 1]), roundKey)
    },
    xor(block, first ?? zeros(16)),
  )
}

/** §5.3. */
export function aesDecryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const [last, ...keys] = [...expand(key)].reverse()
  return keys.reduce(
    (state: Uint8Array, roundKey, i) => {
      const added = xor(substituted(shiftRows(state, -1), inverseSbox), roundKey)
      return i === keys.length - 1 ? added : mixColumns(added, [14, 11, 13, 9])
    },
    xor(block, last ?? zeros(16)),
  )
}

/** The blocks of 16 bytes; the last may be shorter. */
export function blocksOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.slice(16 * i, 16 * i + 16))
}

/** Fills up with zeros to whole blocks. */
export function paddedWithZeros(bytes: Uint8Array): Uint8Array {
  return concat(bytes, zeros(-bytes.length & 15))
}

/** Counter mode, NIST SP 800-38A §6.5, from the counter block `first` on, of which the last 32 bits count. */
export function aesCtr(key: Uint8Array, first: Uint8Array, text: Uint8Array): Uint8Array {
  const prefix = first.subarray(0, 12)
  const start = Number(fromBigEndian(first.subarray(12)))
  return concat(
    ...blocksOf(text).map((block, i) =>
      xor(block, aesEncryptBlock(key, concat(prefix, toBigEndian(BigInt((start + i) % 2 ** 32), 4)))),
    ),
  )
}

/** The last block of CBC over whole blocks from a zero initialization vector. */
export function cbcMac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return blocksOf(bytes).reduce((mac: Uint8Array, block) => aesEncryptBlock(key, xor(mac, block)), zeros(16))
}

/** CBC, SP 800-38A §6.2, over whole blocks. */
export function cbcEncrypt(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  let chain = iv
  return concat(
    ...blocksOf(text).map((block) => {
      chain = aesEncryptBlock(key, xor(block, chain))
      return chain
    }),
  )
}

export function cbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const blocks = blocksOf(ciphertext)
  return concat(...blocks.map((block, i) => xor(aesDecryptBlock(key, block), blocks[i - 1] ?? iv)))
}
