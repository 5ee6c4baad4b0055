// What it costs to get bytes into a WebAssembly module and out again, in the ways that there are for AssemblyScript. The module is
// compiled here: it copies its input and inverts the first byte, so that next to nothing but the call is measured.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { instantiateSync } from '@assemblyscript/loader'
import asc from 'assemblyscript/asc'
import type { Implementation, Input, Maker } from '../implementation.ts'

const source = `
export function buffer(): usize { return heap.alloc(4096) }

export function copy(out: usize, data: usize, length: i32): void {
  memory.copy(out, data, length)
  store<u8>(out, ~load<u8>(out))
}

export function copied(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length)
  copy(out.dataStart, data.dataStart, data.length)
  return out
}

export function bytesId(): u32 { return idof<Uint8Array>() }
`

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  bytesId(): number
  buffer(): number
  copy(out: number, data: number, length: number): void
  copied(data: number): number
}

/** Compiles the module and the glue that the compiler makes for it; once, until the source changes. */
async function compile(): Promise<{ wasm: Uint8Array; glue: string }> {
  const hash = createHash('sha256').update(source).update(asc.version).digest('hex').slice(0, 16)
  const folder = join(fileURLToPath(new URL('../../build/bench', import.meta.url)), hash)
  const [wasmFile, glue] = [join(folder, 'call.wasm'), join(folder, 'call.js')]
  if (!existsSync(glue)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'call.ts'), source)
    const args = [
      'call.ts',
      '--baseDir',
      folder,
      '-O3',
      '--bindings',
      'esm',
      '--exportRuntime',
      '--outFile',
      'call.wasm',
    ]
    const { error, stderr } = await asc.main(args)
    if (error) throw new Error(`the module for the cost of a call: ${stderr.toString()}`)
  }
  return { wasm: new Uint8Array(readFileSync(wasmFile)), glue }
}

type Copy = (data: Uint8Array) => unknown
const maker =
  (copy: (input: Input) => Copy): Maker =>
  (input) => {
    const [call, { message }] = [copy(input), input]
    return () => call(message)
  }

const abort = (): never => {
  throw new Error('aborted')
}

export async function load(): Promise<Implementation[]> {
  const { wasm, glue } = await compile()
  const { exports } = instantiateSync<Exports>(wasm, { env: { abort } })
  const [data, out] = [exports.buffer(), exports.buffer()]
  const memory = new Uint8Array(exports.memory.buffer)
  const bytesId = exports.bytesId()
  const generated = (await import(pathToFileURL(glue).href)) as { copied(data: Uint8Array): Uint8Array }

  const pointers: Maker = ({ message, size }) => {
    memory.set(message, data)
    return { call: () => exports.copy(out, data, size), value: () => memory.slice(out, out + size) }
  }
  const intoBuffer = maker(({ size }) => {
    const [target, view] = [new Uint8Array(size), memory.subarray(out, out + size)]
    return (message) => {
      memory.set(message, data)
      exports.copy(out, data, size)
      target.set(view)
      return target
    }
  })
  const slice = maker(({ size }) => (message) => {
    memory.set(message, data)
    exports.copy(out, data, size)
    return memory.slice(out, out + size)
  })
  const loader = maker(() => (message) => {
    const pinned = exports.__pin(exports.__newArray(bytesId, message))
    const result = exports.__getUint8Array(exports.copied(pinned))
    exports.__unpin(pinned)
    return result
  })
  return [
    { name: 'pointers', makers: { call: pointers } },
    { name: "caller's buffer", makers: { call: intoBuffer } },
    { name: 'slice', makers: { call: slice } },
    { name: '@assemblyscript/loader', makers: { call: loader } },
    { name: 'asc --bindings esm', makers: { call: maker(() => generated.copied) } },
  ]
}
