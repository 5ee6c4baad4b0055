import { unsubstitute } from './aes-sbox'
import { aesSchedule } from './aes-schedule'
import { wipe } from './bytes'
import { substitute } from './generated/aes-sbox'

// AES, FIPS 197, for the build without SIMD: four blocks at a time and bitsliced. The state is eight 64-bit words, and the i-th
// holds bit i of all 64 bytes. There, the byte in row r and column c of block b has the position 16r + 4c + b. So going down a row
// is a rotation by 16, and going along a column one by 4 within 16 bits.
//
// ShiftRows is not done in odd rounds: their MixColumns finds the byte of each next row one column further instead. In even
// rounds two ShiftRows are due, and that is cheap: it swaps halves of rows 1 and 3. The round keys of odd rounds are stored to
// match. All but the first also hold the constant 0x63 of the S-box, which MixColumns leaves as it is.

/** 10 or 14: even, so that rounds go in pairs. Set by `aesBitslicedExpand`. */
let rounds: usize = 0

const STATE: usize = ASC_FEATURE_SIMD ? 0 : memory.data(64, 16)
/** The round keys, each eight words like the state: 15 at most. */
const ROUND_KEYS: usize = ASC_FEATURE_SIMD ? 0 : memory.data(960, 16)
/** The key schedule in words of the standard, while it is made: each round key is read before it is overwritten. */
const SCHEDULE: usize = ROUND_KEYS + 720
const NO_ROUND_KEY: usize = ASC_FEATURE_SIMD ? 0 : memory.data(64, 16)
/** A round key, four times. */
const SLICED_KEY: usize = ASC_FEATURE_SIMD ? 0 : memory.data(64, 16)

/** Moves the bytes of `word` apart: each gets 16 bits. */
function spread(word: u32): u64 {
  let x = word as u64
  x = (x | (x << 16)) & 0x0000ffff0000ffff
  return (x | (x << 8)) & 0x00ff00ff00ff00ff
}

/** Undoes `spread`, whatever stands between the bytes. */
function gather(spreadWord: u64): u32 {
  let x = spreadWord & 0x00ff00ff00ff00ff
  x = (x | (x >>> 8)) & 0x0000ffff0000ffff
  return (x | (x >>> 16)) as u32
}

/** Exchanges the bits of word `a` at `mask << shift` with those of word `b` at `mask`. */
function exchange(a: usize, b: usize, mask: u64, shift: u64): void {
  const x = load<u64>(a)
  const y = load<u64>(b)
  const difference = ((x >>> shift) ^ y) & mask
  store<u64>(a, x ^ (difference << shift))
  store<u64>(b, y ^ difference)
}

/** Bit i of byte k of word j becomes bit j of byte k of word i. It is its own inverse. */
function transpose(words: usize): void {
  for (let i: usize = 0; i < 64; i += 16) exchange(words + i, words + i + 8, 0x5555555555555555, 1)
  for (let i: usize = 0; i < 64; i += 32) {
    exchange(words + i, words + i + 16, 0x3333333333333333, 2)
    exchange(words + i + 8, words + i + 24, 0x3333333333333333, 2)
  }
  for (let i: usize = 0; i < 32; i += 8) exchange(words + i, words + i + 32, 0x0f0f0f0f0f0f0f0f, 4)
}

/** Slices four blocks. */
function slice(to: usize, blocks: usize): void {
  for (let b: usize = 0; b < 4; b++) {
    const block = blocks + 16 * b
    store<u64>(to + 8 * b, spread(load<u32>(block)) | (spread(load<u32>(block, 8)) << 8))
    store<u64>(to + 8 * b, spread(load<u32>(block, 4)) | (spread(load<u32>(block, 12)) << 8), 32)
  }
  transpose(to)
}

/** Undoes `slice`, and leaves nothing of use in `from`. */
function unslice(blocks: usize, from: usize): void {
  transpose(from)
  for (let b: usize = 0; b < 4; b++) {
    const block = blocks + 16 * b
    const even = load<u64>(from + 8 * b)
    const odd = load<u64>(from + 8 * b, 32)
    store<u32>(block, gather(even))
    store<u32>(block, gather(odd), 4)
    store<u32>(block, gather(even >>> 8), 8)
    store<u32>(block, gather(odd >>> 8), 12)
  }
}

/** Column `c` of a round key, each byte taken from as many columns before as its row: what ShiftRows once would bring back. */
function unshiftedColumn(roundKey: usize, c: usize): u32 {
  return (
    (load<u32>(roundKey + 4 * c) & 0x000000ff) |
    (load<u32>(roundKey + 4 * ((c + 3) & 3)) & 0x0000ff00) |
    (load<u32>(roundKey + 4 * ((c + 2) & 3)) & 0x00ff0000) |
    (load<u32>(roundKey + 4 * ((c + 1) & 3)) & 0xff000000)
  )
}

/** Slices round key `round` four times over, as the rounds want it. */
function sliceRoundKey(round: usize): void {
  const roundKey = SCHEDULE + 16 * round
  const odd = (round & 1) != 0
  for (let c: usize = 0; c < 4; c++) {
    const column = odd ? unshiftedColumn(roundKey, c) : load<u32>(roundKey + 4 * c)
    for (let b: usize = 0; b < 64; b += 16) store<u32>(SLICED_KEY + b + 4 * c, column)
  }
  const to = ROUND_KEYS + 64 * round
  slice(to, SLICED_KEY)
  if (round == 0) return
  // 0x63 has the bits 0, 1, 5 and 6.
  store<u64>(to, ~load<u64>(to))
  store<u64>(to, ~load<u64>(to, 8), 8)
  store<u64>(to, ~load<u64>(to, 40), 40)
  store<u64>(to, ~load<u64>(to, 48), 48)
}

/** Expands a key of 16 or 32 bytes (§5.2), until the next one or `aesBitslicedWipe`. */
export function aesBitslicedExpand(key: usize, keyBytes: usize): void {
  rounds = aesSchedule(SCHEDULE, key, keyBytes)
  for (let round: usize = 0; round <= rounds; round++) sliceRoundKey(round)
}

/** The byte below each, where no ShiftRows is due. */
function below(x: u64): u64 {
  return rotr<u64>(x, 16)
}

function twoBelow(x: u64): u64 {
  return rotr<u64>(x, 32)
}

/** The byte below each and a column further, where one ShiftRows is due. */
function belowShifted(x: u64): u64 {
  return (rotr<u64>(x, 20) & 0x0fff0fff0fff0fff) | (rotr<u64>(x, 4) & 0xf000f000f000f000)
}

function twoBelowShifted(x: u64): u64 {
  return (rotr<u64>(x, 40) & 0x00ff00ff00ff00ff) | (rotr<u64>(x, 24) & 0xff00ff00ff00ff00)
}

/** ShiftRows twice: it moves rows 1 and 3 by two columns. */
function shiftRowsTwice(): void {
  for (let i: usize = 0; i < 64; i += 8) {
    const x = load<u64>(STATE + i)
    const difference = (x ^ (x >>> 8)) & 0x00ff000000ff0000
    store<u64>(STATE + i, x ^ difference ^ (difference << 8))
  }
}

function addRoundKey(roundKey: usize): void {
  for (let i: usize = 0; i < 64; i += 8) store<u64>(STATE + i, load<u64>(STATE + i) ^ load<u64>(roundKey + i))
}

/** Stores word `i` of MixColumns, {02}(a ^ b) ^ b ^ (c ^ d) for a byte a and b, c, d below it, plus the round key. */
function mix(roundKey: usize, i: usize, doubled: u64, next: u64, further: u64): void {
  store<u64>(STATE + i, doubled ^ next ^ further ^ load<u64>(roundKey + i))
}

/** MixColumns and AddRoundKey of even rounds. */
function mixColumns(roundKey: usize): void {
  const b0 = below(load<u64>(STATE))
  const b1 = below(load<u64>(STATE, 8))
  const b2 = below(load<u64>(STATE, 16))
  const b3 = below(load<u64>(STATE, 24))
  const b4 = below(load<u64>(STATE, 32))
  const b5 = below(load<u64>(STATE, 40))
  const b6 = below(load<u64>(STATE, 48))
  const b7 = below(load<u64>(STATE, 56))
  const t0 = load<u64>(STATE) ^ b0
  const t1 = load<u64>(STATE, 8) ^ b1
  const t2 = load<u64>(STATE, 16) ^ b2
  const t3 = load<u64>(STATE, 24) ^ b3
  const t4 = load<u64>(STATE, 32) ^ b4
  const t5 = load<u64>(STATE, 40) ^ b5
  const t6 = load<u64>(STATE, 48) ^ b6
  const t7 = load<u64>(STATE, 56) ^ b7
  mix(roundKey, 0, t7, b0, twoBelow(t0))
  mix(roundKey, 8, t0 ^ t7, b1, twoBelow(t1))
  mix(roundKey, 16, t1, b2, twoBelow(t2))
  mix(roundKey, 24, t2 ^ t7, b3, twoBelow(t3))
  mix(roundKey, 32, t3 ^ t7, b4, twoBelow(t4))
  mix(roundKey, 40, t4, b5, twoBelow(t5))
  mix(roundKey, 48, t5, b6, twoBelow(t6))
  mix(roundKey, 56, t6, b7, twoBelow(t7))
}

/** MixColumns and AddRoundKey of odd rounds. */
function mixColumnsShifted(roundKey: usize): void {
  const b0 = belowShifted(load<u64>(STATE))
  const b1 = belowShifted(load<u64>(STATE, 8))
  const b2 = belowShifted(load<u64>(STATE, 16))
  const b3 = belowShifted(load<u64>(STATE, 24))
  const b4 = belowShifted(load<u64>(STATE, 32))
  const b5 = belowShifted(load<u64>(STATE, 40))
  const b6 = belowShifted(load<u64>(STATE, 48))
  const b7 = belowShifted(load<u64>(STATE, 56))
  const t0 = load<u64>(STATE) ^ b0
  const t1 = load<u64>(STATE, 8) ^ b1
  const t2 = load<u64>(STATE, 16) ^ b2
  const t3 = load<u64>(STATE, 24) ^ b3
  const t4 = load<u64>(STATE, 32) ^ b4
  const t5 = load<u64>(STATE, 40) ^ b5
  const t6 = load<u64>(STATE, 48) ^ b6
  const t7 = load<u64>(STATE, 56) ^ b7
  mix(roundKey, 0, t7, b0, twoBelowShifted(t0))
  mix(roundKey, 8, t0 ^ t7, b1, twoBelowShifted(t1))
  mix(roundKey, 16, t1, b2, twoBelowShifted(t2))
  mix(roundKey, 24, t2 ^ t7, b3, twoBelowShifted(t3))
  mix(roundKey, 32, t3 ^ t7, b4, twoBelowShifted(t4))
  mix(roundKey, 40, t4, b5, twoBelowShifted(t5))
  mix(roundKey, 48, t5, b6, twoBelowShifted(t6))
  mix(roundKey, 56, t6, b7, twoBelowShifted(t7))
}

/** Adds {04}(a ^ c) to each byte a, where c is two below: MixColumns after that is InvMixColumns. */
function addFourfold(i: usize, fourfold: u64): void {
  store<u64>(STATE + i, load<u64>(STATE + i) ^ fourfold)
}

function prepareToUnmix(odd: bool): void {
  const z0 = load<u64>(STATE)
  const z1 = load<u64>(STATE, 8)
  const z2 = load<u64>(STATE, 16)
  const z3 = load<u64>(STATE, 24)
  const z4 = load<u64>(STATE, 32)
  const z5 = load<u64>(STATE, 40)
  const z6 = load<u64>(STATE, 48)
  const z7 = load<u64>(STATE, 56)
  const t0 = z0 ^ (odd ? twoBelowShifted(z0) : twoBelow(z0))
  const t1 = z1 ^ (odd ? twoBelowShifted(z1) : twoBelow(z1))
  const t2 = z2 ^ (odd ? twoBelowShifted(z2) : twoBelow(z2))
  const t3 = z3 ^ (odd ? twoBelowShifted(z3) : twoBelow(z3))
  const t4 = z4 ^ (odd ? twoBelowShifted(z4) : twoBelow(z4))
  const t5 = z5 ^ (odd ? twoBelowShifted(z5) : twoBelow(z5))
  const t6 = z6 ^ (odd ? twoBelowShifted(z6) : twoBelow(z6))
  const t7 = z7 ^ (odd ? twoBelowShifted(z7) : twoBelow(z7))
  addFourfold(0, t6)
  addFourfold(8, t6 ^ t7)
  addFourfold(16, t0 ^ t7)
  addFourfold(24, t1 ^ t6)
  addFourfold(32, t2 ^ t6 ^ t7)
  addFourfold(40, t3 ^ t7)
  addFourfold(48, t4)
  addFourfold(56, t5)
}

/** Encrypts four blocks in place (§5.1). */
export function aesBitslicedEncrypt(blocks: usize): void {
  slice(STATE, blocks)
  addRoundKey(ROUND_KEYS)
  const last = ROUND_KEYS + 64 * rounds
  let roundKey: usize = ROUND_KEYS + 64
  for (; roundKey < last - 64; roundKey += 128) {
    substitute(STATE)
    mixColumnsShifted(roundKey)
    substitute(STATE)
    shiftRowsTwice()
    mixColumns(roundKey + 64)
  }
  substitute(STATE)
  mixColumnsShifted(roundKey)
  substitute(STATE)
  shiftRowsTwice()
  addRoundKey(last)
  unslice(blocks, STATE)
}

/** Decrypts four blocks in place (§5.3). */
export function aesBitslicedDecrypt(blocks: usize): void {
  slice(STATE, blocks)
  let roundKey: usize = ROUND_KEYS + 64 * (rounds - 1)
  addRoundKey(roundKey + 64)
  for (; roundKey > ROUND_KEYS + 64; roundKey -= 128) {
    shiftRowsTwice()
    unsubstitute(STATE)
    addRoundKey(roundKey)
    prepareToUnmix(true)
    mixColumnsShifted(NO_ROUND_KEY)
    unsubstitute(STATE)
    addRoundKey(roundKey - 64)
    prepareToUnmix(false)
    mixColumns(NO_ROUND_KEY)
  }
  shiftRowsTwice()
  unsubstitute(STATE)
  addRoundKey(roundKey)
  prepareToUnmix(true)
  mixColumnsShifted(NO_ROUND_KEY)
  unsubstitute(STATE)
  addRoundKey(ROUND_KEYS)
  unslice(blocks, STATE)
}

/** Wipes the key and the state. */
export function aesBitslicedWipe(): void {
  wipe(STATE, 64)
  wipe(SLICED_KEY, 64)
  wipe(ROUND_KEYS, 960)
}
