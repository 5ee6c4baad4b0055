// Rewrites a WebAssembly module so that it hashes its own trace: at each branch and `select` the condition, at each access to
// memory the address, at each bulk access the length. Everything is added behind what is there, so that no index changes and the
// instructions that ship are the instructions that run.
//
// Of a condition that is a comparison, or a vector reduced to a number, the operands are hashed, not the outcome: `if (digit == 0)` on a secret digit of 21 bits goes
// the same way for a million secrets, but its operand gives it away at the second.
import { bulkMemory, i64, readInstruction, simd, WasmReader } from './wasm-module.ts'
import { helpers, op, signed, unsigned } from './wasm-trace-helpers.ts'

/** An instruction whose operands are traced. */
export interface Site {
  readonly what: 'branch' | 'comparison' | 'select' | 'address' | 'bulk access'
  /** The index of the function, and the export that it is, if it is one. */
  readonly function: number
  readonly exportName?: string
  /** Where the opcode is in the file that was traced. */
  readonly offset: number
}

export interface TracedModule {
  readonly wasm: Uint8Array
  readonly sites: readonly Site[]
}

/** The globals that a traced module exports beside its own. All are i64. */
export interface TraceGlobals {
  /** Of site and operand of each event, in order. */
  traceHash: { value: bigint }
  /** The number of events. */
  traceLength: { value: bigint }
  /** Events after this many are counted and not hashed. */
  traceLimit: { value: bigint }
  /** The site of the last event that was hashed. */
  traceSite: { value: bigint }
}

const names: readonly (keyof TraceGlobals)[] = ['traceHash', 'traceLength', 'traceLimit', 'traceSite']
const helperNames = Object.keys(helpers) as (keyof typeof helpers)[]

/** What to trace before an instruction: the helper that finds the operand on the stack. */
interface Probe {
  readonly what: Site['what']
  readonly helper: keyof typeof helpers
}

const conditions: ReadonlyMap<number, Probe> = new Map<number, Probe>([
  [op.if, { what: 'branch', helper: 'top' }],
  [op.brIf, { what: 'branch', helper: 'top' }],
  [op.brTable, { what: 'branch', helper: 'top' }],
  [op.select, { what: 'select', helper: 'top' }],
  [op.selectTyped, { what: 'select', helper: 'top' }],
])

/** Tells whether a condition, or a negation and then a condition, follows. */
function decides(following: Uint8Array): boolean {
  const used = following.find((next) => next !== op.i32Eqz)
  return used !== undefined && conditions.has(used)
}

/** The probe of a comparison of integers (0x45 to 0x5a), where a condition made of it, or of its negation, follows. */
function comparison(opcode: number, following: Uint8Array): Probe | undefined {
  if (opcode < op.i32Eqz || opcode > op.i64GeU) return undefined
  if (!decides(following)) return undefined
  if (opcode === op.i32Eqz) return { what: 'comparison', helper: 'top' }
  if (opcode === op.i64Eqz) return { what: 'comparison', helper: 'topI64' }
  return { what: 'comparison', helper: opcode < op.i64Eqz ? 'two' : 'twoI64' }
}

/** The stores from 0x36 on: i32, i64, f32, f64, then the narrow ones. */
const stored = [
  'belowI32',
  'belowI64',
  'belowF32',
  'belowF64',
  'belowI32',
  'belowI32',
  'belowI64',
  'belowI64',
  'belowI64',
] as const

/** The reductions of a vector to a number: any_true, and all_true and bitmask of each width of lanes. */
const reductions = new Set([83, 99, 100, 131, 132, 163, 164, 195, 196])

/** The accesses of SIMD to memory: v128.store and those of lanes have a vector above the address. */
function vectorAccess(number: number): Probe | undefined {
  if (number === 11 || (number >= 84 && number <= 91)) return { what: 'address', helper: 'belowV128' }
  return number <= 10 || number === 92 || number === 93 ? { what: 'address', helper: 'top' } : undefined
}

/** Reads one instruction to its end and says what of it is traced. Throws where it is none that can be read or traced. */
function probeOf(reader: WasmReader): Probe | undefined {
  const { opcode, unknown } = readInstruction(reader)
  if (unknown || opcode === op.callIndirect) {
    throw new RangeError(`opcode 0x${opcode.toString(16)} cannot be traced: teach tools/wasm-trace.ts`)
  }
  if (opcode >= 0x28 && opcode <= 0x3e) return { what: 'address', helper: stored[opcode - 0x36] ?? 'top' }
  if (opcode === bulkMemory + 10 || opcode === bulkMemory + 11) return { what: 'bulk access', helper: 'three' }
  const following = reader.bytes.subarray(reader.at)
  if (opcode < simd) return conditions.get(opcode) ?? comparison(opcode, following)
  if (reductions.has(opcode - simd) && decides(following)) return { what: 'comparison', helper: 'topV128' }
  return vectorAccess(opcode - simd)
}

interface Sections {
  readonly order: number[]
  readonly content: Map<number, Uint8Array>
}

function readSections(wasm: Uint8Array): Sections {
  const reader = new WasmReader(wasm.subarray(8))
  const content = new Map<number, Uint8Array>()
  while (!reader.done) {
    const id = reader.byte()
    const bytes = reader.take(reader.number())
    // Custom sections describe offsets that will not be true any more.
    if (id !== 0) content.set(id, bytes)
  }
  for (const id of [1, 3, 6, 7, 10]) if (!content.has(id)) content.set(id, Uint8Array.of(0))
  // Tags (13) stand behind memories, and the count of data (12) before code.
  const place = (id: number) => (id === 12 ? 9.5 : id === 13 ? 5.5 : id)
  return { order: [...content.keys()].sort((a, b) => place(a) - place(b)), content }
}

/**
 * Rewrites `wasm`, a module without imports. In the exports `outcomeOnly` conditions are traced by their outcome: what is
 * compared there is secret, and whether it is equal is the result.
 */
export function traceModule(wasm: Uint8Array, outcomeOnly: readonly string[] = []): TracedModule {
  const { order, content } = readSections(wasm)
  const section = (id: number) => new WasmReader(content.get(id) ?? Uint8Array.of(0))
  if (section(2).number() > 0) throw new RangeError('a module with imports cannot be traced')
  const firstType = section(1).number()
  const firstFunction = section(3).number()
  const firstGlobal = section(6).number()
  const helperAt = (name: keyof typeof helpers) => firstFunction + helperNames.indexOf(name)

  const exports = section(7)
  const exportNames = new Map<number, string>()
  exports.vector(() => {
    const name = new TextDecoder().decode(exports.take(exports.number()))
    const isFunction = exports.byte() === 0
    const index = exports.number()
    if (isFunction) exportNames.set(index, name)
  })

  const sites: Site[] = []
  const code = section(10)
  let index = 0
  const bodies = code.vector(() => {
    const bytes = traceBody(code.take(code.number()), (probe, byte) => {
      const exportName = exportNames.get(index)
      const offset = byte - wasm.byteOffset
      const isDeclassified = exportName !== undefined && outcomeOnly.includes(exportName)
      if (isDeclassified && probe.what === 'comparison') return []
      const byOutcome = isDeclassified && (probe.what === 'branch' || probe.what === 'select')
      sites.push({ what: probe.what, function: index, ...(exportName === undefined ? {} : { exportName }), offset })
      const helper = byOutcome ? 'outcome' : probe.helper
      return [op.i32Const, ...signed(BigInt(sites.length - 1)), op.call, ...unsigned(helperAt(helper))]
    })
    index++
    return bytes
  })

  const all = helperNames.map((name) => helpers[name])
  const append = (id: number, items: readonly (readonly number[])[]): void => {
    const reader = section(id)
    const count = reader.number()
    content.set(
      id,
      Uint8Array.from([...unsigned(count + items.length), ...reader.bytes.subarray(reader.at), ...items.flat()]),
    )
  }
  const types = (list: readonly number[]) => [...unsigned(list.length), ...list]
  append(
    1,
    all.map(({ parameters, results }) => [0x60, ...types(parameters), ...types(results)]),
  )
  append(
    3,
    all.map((_, at) => unsigned(firstType + at)),
  )
  append(
    6,
    names.map(() => [i64, 1, op.i64Const, 0, op.end]),
  )
  append(
    7,
    names.map((name, at) => [...types([...Buffer.from(name)]), 3, ...unsigned(firstGlobal + at)]),
  )
  const added = all.map((helper) => Uint8Array.from([0, ...helper.code(helperAt('record'), firstGlobal), op.end]))
  const functions = [...bodies, ...added].map((body) => [...unsigned(body.length), ...body])
  content.set(10, Uint8Array.from([...unsigned(functions.length), ...functions.flat()]))

  const parts = order.flatMap((id) => {
    const bytes = content.get(id) ?? new Uint8Array()
    return [Uint8Array.from([id, ...unsigned(bytes.length)]), bytes]
  })
  return { wasm: Buffer.concat([wasm.subarray(0, 8), ...parts]), sites }
}

/** Copies a body, with what `probed` returns before each instruction that is traced. */
function traceBody(body: Uint8Array, probed: (probe: Probe, byteOffset: number) => number[]): Uint8Array {
  const reader = new WasmReader(body)
  reader.vector(() => {
    reader.number()
    return reader.byte()
  })
  const parts = [body.subarray(0, reader.at)]
  while (!reader.done) {
    const start = reader.at
    const probe = probeOf(reader)
    if (probe) parts.push(Uint8Array.from(probed(probe, body.byteOffset + start)))
    parts.push(body.subarray(start, reader.at))
  }
  return Buffer.concat(parts)
}
