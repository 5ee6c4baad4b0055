// The code that tools/wasm-trace.ts adds to a module: one function that hashes an operand, and one for each way in which the
// operands of an instruction can lie on the stack.
import { i32, i64, v128 } from './wasm-module.ts'

/** The places of the globals that are added, in the order of `TraceGlobals`. */
const [HASH, LENGTH, LIMIT, SITE] = [0, 1, 2, 3] as const
const f32 = 0x7d
const f64 = 0x7c

/** The opcodes that are named here. */
export const op = {
  if: 0x04,
  end: 0x0b,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i64Const: 0x42,
  i64Eqz: 0x50,
  i64LeU: 0x58,
  i64GeU: 0x5a,
  i64Add: 0x7c,
  i64Mul: 0x7e,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
} as const

/** LEB128 of a number that is not negative. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

/** LEB128 of any number. */
export function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn)
  const rest = value >> 7n
  const last = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)
  return last ? [low] : [low | 0x80, ...signed(rest)]
}

const get = (local: number): number[] => [op.localGet, local]

/** Odd, with bits all over: each step of the hash is a bijection, so that what once differs goes on to differ. */
const multiplier = BigInt.asIntN(64, 0x9e3779b97f4a7c15n)

/** A function that is added: `code` knows where `record` and the first global came to be. */
export interface Helper {
  readonly parameters: readonly number[]
  readonly results: readonly number[]
  code(indexOfRecord: number, firstGlobal: number): number[]
}

/** Hashes an operand (local 0) at a site (local 1). */
const record: Helper = {
  parameters: [i32, i32],
  results: [],
  code(_, firstGlobal) {
    const load = (global: number) => [op.globalGet, ...unsigned(firstGlobal + global)]
    const store = (global: number) => [op.globalSet, ...unsigned(firstGlobal + global)]
    const event = [...get(1), op.i64ExtendI32U, op.i64Const, 32, op.i64Shl, ...get(0), op.i64ExtendI32U, op.i64Or]
    const hash = [...load(HASH), ...event, op.i64Xor, op.i64Const, ...signed(multiplier), op.i64Mul]
    const count = [...load(LENGTH), op.i64Const, 1, op.i64Add, ...store(LENGTH)]
    return [
      ...[...count, ...load(LENGTH), ...load(LIMIT), op.i64LeU, op.if, 0x40],
      ...[...hash, op.i64Const, 29, op.i64Rotl, ...store(HASH)],
      ...[...get(1), op.i64ExtendI32U, ...store(SITE), op.end],
    ]
  },
}

/** Leaves `operands` as they were, and records what each of `recorded` pushes; behind them on the stack is the site. */
function passing(operands: readonly number[], recorded: readonly (readonly number[])[]): Helper {
  const site = operands.length
  return {
    parameters: [...operands, i32],
    results: operands,
    code: (indexOfRecord) => [
      ...recorded.flatMap((push) => [...push, ...get(site), op.call, ...unsigned(indexOfRecord)]),
      ...operands.flatMap((_, local) => get(local)),
    ],
  }
}

const low = (local: number): number[] => [...get(local), op.i32WrapI64]
const high = (local: number): number[] => [...get(local), op.i64Const, 32, op.i64ShrU, op.i32WrapI64]

const lane = (local: number, index: number): number[] => [...get(local), 0xfd, 27, index]

/** By name, in the order in which they are added. */
export const helpers = {
  record,
  top: passing([i32], [get(0)]),
  /** Whether a condition holds, and not as which number. */
  outcome: passing([i32], [[...get(0), op.i32Eqz]]),
  topI64: passing([i64], [low(0), high(0)]),
  topV128: passing(
    [v128],
    [0, 1, 2, 3].map((index) => lane(0, index)),
  ),
  two: passing([i32, i32], [get(0), get(1)]),
  twoI64: passing([i64, i64], [low(0), high(0), low(1), high(1)]),
  three: passing([i32, i32, i32], [get(0), get(1), get(2)]),
  belowI32: passing([i32, i32], [get(0)]),
  belowI64: passing([i32, i64], [get(0)]),
  belowF32: passing([i32, f32], [get(0)]),
  belowF64: passing([i32, f64], [get(0)]),
  belowV128: passing([i32, v128], [get(0)]),
} as const satisfies Record<string, Helper>
