// Compiles the core in this process, from sources in memory: the compiler's command takes seconds to start.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from 'assemblyscript/asc'
import type { CoreBuild } from './core-builds.ts'
import { kernels } from './kernels/index.ts'

export type Sources = ReadonlyMap<string, string>

/** The sources of the core by their names from the root, the generated ones among them. */
export function coreSources(root: string): Map<string, string> {
  const names = readdirSync(join(root, 'assembly')).filter((name) => name.endsWith('.ts'))
  const written = names.map((name) => [`assembly/${name}`, readFileSync(join(root, 'assembly', name), 'utf8')] as const)
  const generated = Object.entries(kernels).map(([name, write]) => [`assembly/generated/${name}`, write()] as const)
  return new Map([...written, ...generated])
}

/** Compiles a build as asconfig.json says, but for the level of optimisation. Undefined where it does not compile. */
export async function compileCore(
  root: string,
  sources: Sources,
  build: CoreBuild['name'],
  optimize: 0 | 3,
): Promise<Uint8Array | undefined> {
  let wasm: Uint8Array | undefined
  const read = (name: string): string | null => {
    const file = join(root, name)
    return sources.get(name) ?? (existsSync(file) ? readFileSync(file, 'utf8') : null)
  }
  const level = optimize === 0 ? ['--optimizeLevel', '0'] : []
  const { error } = await main(['--config', 'asconfig.json', '--target', build, ...level, '--outFile', 'core.wasm'], {
    readFile: (name) => read(name.replace(/^\.\//, '')),
    writeFile: (_, content) => {
      if (typeof content !== 'string') wasm = content
    },
    listFiles: () => [],
    stdout: { write: () => undefined },
    stderr: { write: () => undefined },
  })
  return error ? undefined : wasm
}
