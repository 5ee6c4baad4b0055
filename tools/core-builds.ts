// The builds of the core: what they are called, and where their files go.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** A target of asconfig.json. */
export interface CoreBuild {
  readonly name: 'base' | 'simd'
  /** The module as the compiler writes it, and as it stands in the package. */
  readonly fileName: string
  readonly wasmFile: string
  /** The generated source that holds it as text. */
  readonly moduleFile: string
  readonly exportName: string
}

function coreBuild(name: CoreBuild['name'], fileName: string, exportName: string): CoreBuild {
  const wasmFile = join(root, 'build', fileName)
  return { name, fileName, wasmFile, moduleFile: join(root, `runtime/crypto/core-${name}-wasm.ts`), exportName }
}

export const coreBuilds: readonly CoreBuild[] = [
  coreBuild('base', 'core.wasm', 'coreBaseWasm'),
  coreBuild('simd', 'core-simd.wasm', 'coreSimdWasm'),
]
