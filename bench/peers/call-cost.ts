// What it costs to get bytes into a WebAssembly module and out again, in the ways that there are for AssemblyScript. The module is
// compiled here: it inverts the first byte of its input, so that next to nothing but the call is measured.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { instantiateSync } from '@assemblyscript/loader'
import type { Implementation, Input, Maker } from '../implementation.ts'

const source = `
export function buffer(): usize { return heap.alloc(4096) }

export function flip(data: usize): void { store<u8>(data, ~load<u8>(data)) }

export function flipped(data: Uint8Array): Uint8Array {
  flip(data.dataStart)
  return data
}

export function bytesId(): u32 { return idof<Uint8Array>() }
`

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  bytesId(): number
  buffer(): number
  flip(data: number): void
  flipped(data: number): number
}

/** Compiles the module and the glue that the compiler makes for it; once, until the source changes. */
function compile(): { wasm: Uint8Array; glue: string } {
  const asc = fileURLToPath(new URL('../../node_modules/assemblyscript/', import.meta.url))
  const hash = createHash('sha256')
    .update(source)
    .update(readFileSync(join(asc, 'package.json')))
  const folder = fileURLToPath(new URL(`../../build/bench/${hash.digest('hex').slice(0, 16)}`, import.meta.url))
  const [wasmFile, glue] = [join(folder, 'call.wasm'), join(folder, 'call.js')]
  if (!existsSync(glue)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'source.ts'), source)
    const options = ['-O3', '--bindings', 'esm', '--exportRuntime', '--outFile', 'call.wasm']
    execFileSync(process.execPath, [join(asc, 'bin/asc.js'), 'source.ts', ...options], { cwd: folder })
  }
  return { wasm: new Uint8Array(readFileSync(wasmFile)), glue }
}

type Flip = (data: Uint8Array) => unknown
const maker =
  (flipper: (input: Input) => Flip): Maker =>
  (input) => {
    const [call, { message }] = [flipper(input), input]
    return () => call(message)
  }

const abort = (): never => {
  throw new Error('aborted')
}

export async function load(): Promise<Implementation[]> {
  const { wasm, glue } = compile()
  const { exports } = instantiateSync<Exports>(wasm, { env: { abort } })
  const data = exports.buffer()
  const memory = new Uint8Array(exports.memory.buffer)
  const bytesId = exports.bytesId()
  const generated = (await import(pathToFileURL(glue).href)) as { flipped(data: Uint8Array): Uint8Array }

  const pointers: Maker = ({ message, size }) => {
    memory.set(message, data)
    return { call: () => exports.flip(data), value: () => memory.slice(data, data + size) }
  }
  const intoBuffer = maker(({ size }) => {
    const [target, view] = [new Uint8Array(size), memory.subarray(data, data + size)]
    return (message) => {
      memory.set(message, data)
      exports.flip(data)
      target.set(view)
      return target
    }
  })
  const slice = maker(({ size }) => (message) => {
    memory.set(message, data)
    exports.flip(data)
    return memory.slice(data, data + size)
  })
  const loader = maker(() => (message) => {
    const pinned = exports.__pin(exports.__newArray(bytesId, message))
    const result = exports.__getUint8Array(exports.flipped(pinned))
    exports.__unpin(pinned)
    return result
  })
  return [
    { name: 'pointers', makers: { call: pointers } },
    { name: "caller's buffer", makers: { call: intoBuffer } },
    { name: 'slice', makers: { call: slice } },
    { name: '@assemblyscript/loader', makers: { call: loader } },
    { name: 'asc --bindings esm', makers: { call: maker(() => generated.flipped) } },
  ]
}
