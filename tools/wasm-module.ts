// Reads the binary format of WebAssembly (core specification 2.0, section 5), as far as rules about a module need it.

/** The types of values, as the binary format writes them. */
export const i32 = 0x7f
export const i64 = 0x7e
export const v128 = 0x7b

export interface WasmModule {
  readonly imports: number
  readonly hasStart: boolean
  readonly hasTable: boolean
  /** Pages: the first, and the most where there is a limit. */
  readonly memories: readonly { readonly initial: number; readonly maximum?: number }[]
  readonly exports: readonly { readonly name: string; readonly kind: number; readonly index: number }[]
  readonly types: readonly (readonly number[])[]
  /** For each function of the module, the index of its type. */
  readonly functionTypes: readonly number[]
  /** For each function of the module, its locals and instructions. */
  readonly bodies: readonly Uint8Array[]
}

/** Walks over bytes. */
export class WasmReader {
  at = 0
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new RangeError('the module ends too early')
    return byte
  }

  /** Reads LEB128. Of a signed number only its end is of interest here: the sign is not extended. */
  number(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  take(length: number): Uint8Array {
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  vector<T>(item: () => T): T[] {
    return Array.from({ length: this.number() }, item)
  }
}

/** Reads a module; custom sections and data are passed over. */
export function readModule(wasm: Uint8Array): WasmModule {
  const sections = new Map<number, WasmReader>()
  const reader = new WasmReader(wasm.subarray(8))
  while (!reader.done) {
    const id = reader.byte()
    sections.set(id, new WasmReader(reader.take(reader.number())))
  }
  const section = (id: number): WasmReader => sections.get(id) ?? new WasmReader(Uint8Array.of(0))
  const types = section(1)
  const functions = section(3)
  const memories = section(5)
  const exports = section(7)
  const code = section(10)
  return {
    imports: section(2).number(),
    hasStart: sections.has(8),
    hasTable: section(4).number() > 0,
    types: types.vector(() => {
      types.byte()
      return [...types.vector(() => types.byte()), ...types.vector(() => types.byte())]
    }),
    functionTypes: functions.vector(() => functions.number()),
    memories: memories.vector(() => {
      const limited = memories.byte() === 1
      const initial = memories.number()
      return limited ? { initial, maximum: memories.number() } : { initial }
    }),
    exports: exports.vector(() => {
      const name = new TextDecoder().decode(exports.take(exports.number()))
      return { name, kind: exports.byte(), index: exports.number() }
    }),
    bodies: code.vector(() => code.take(code.number())),
  }
}

/** One instruction. */
export interface Instruction {
  /** One byte, or for those behind a prefix its number behind the prefix: 0xfd00c is `v128.const`, 0xfc00b `memory.fill`. */
  readonly opcode: number
  /** For accesses to memory the exponent of the alignment that it promises. */
  readonly align?: number
  /** It is none that can be read: what stands behind it is lost. */
  readonly unknown?: true
}

/** Where the instructions behind a prefix begin in the numbering of `Instruction`. */
export const bulkMemory = 0xfc000
export const simd = 0xfd000

/** Reads one instruction of version 1.0, of sign extension, bulk memory or SIMD (also relaxed) to its end. */
export function readInstruction(reader: WasmReader): Instruction {
  const byte = reader.byte()
  if (byte === 0xfc) return readBulk(reader)
  if (byte === 0xfd) return readVector(reader)
  if (byte >= 0x28 && byte <= 0x3e) return { opcode: byte, align: memoryArgument(reader) }
  if ((byte >= 0x06 && byte <= 0x0a) || (byte >= 0x12 && byte <= 0x19) || (byte >= 0x1d && byte <= 0x1f)) {
    return { opcode: byte, unknown: true }
  }
  if ((byte >= 0x25 && byte <= 0x27) || byte > 0xc4) return { opcode: byte, unknown: true }
  skipImmediates(reader, byte)
  return { opcode: byte }
}

/** Lists the types of the locals and the instructions of a body. It ends after one that cannot be read. */
export function readBody(body: Uint8Array): { locals: number[]; instructions: Instruction[] } {
  const reader = new WasmReader(body)
  const locals = reader.vector(() => {
    reader.number()
    return reader.byte()
  })
  const instructions: Instruction[] = []
  while (!reader.done && !instructions.at(-1)?.unknown) instructions.push(readInstruction(reader))
  return { locals, instructions }
}

/** Returns the exponent of the alignment. */
function memoryArgument(reader: WasmReader): number {
  const align = reader.number()
  reader.number()
  return align
}

function readBulk(reader: WasmReader): Instruction {
  const number = reader.number()
  const opcode = bulkMemory + number
  if (number === 10) reader.take(2)
  else if (number === 11) reader.take(1)
  else if (number > 7) return { opcode, unknown: true }
  return { opcode }
}

function readVector(reader: WasmReader): Instruction {
  const number = reader.number()
  const opcode = simd + number
  if (number > 0x113) return { opcode, unknown: true }
  if (number <= 11 || number === 92 || number === 93) return { opcode, align: memoryArgument(reader) }
  if (number >= 84 && number <= 91) {
    const align = memoryArgument(reader)
    reader.byte()
    return { opcode, align }
  }
  if (number === 12 || number === 13) reader.take(16)
  else if (number >= 21 && number <= 34) reader.byte()
  return { opcode }
}

/** Opcodes with one number behind them: blocks, branches, calls, variables, memory.size and .grow, integer constants. */
const oneNumber = new Set([2, 3, 4, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42])

/** Passes over what stands behind an opcode of one byte that is no access to memory. */
function skipImmediates(reader: WasmReader, opcode: number): void {
  if (oneNumber.has(opcode)) {
    reader.number()
  } else if (opcode === 0x0e) {
    // br_table: a list, and the default.
    reader.vector(() => reader.number())
    reader.number()
  } else if (opcode === 0x11) {
    // call_indirect: a type and a table.
    reader.number()
    reader.number()
  } else if (opcode === 0x1c) {
    // select with types.
    reader.vector(() => reader.byte())
  } else if (opcode === 0x43) {
    reader.take(4)
  } else if (opcode === 0x44) {
    reader.take(8)
  }
}
