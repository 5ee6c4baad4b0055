// Runs the compiler over a project and gives its errors as failures.
import { runNode } from './check-tree.ts'

const tsc = 'node_modules/typescript/bin/tsc'

/** Turns the compiler's output into failures. */
export function compilerErrors(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const match = /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line)
    if (match) return [`${match[1]}:${match[2]}: ${match[3]}`]
    return line.startsWith('error ') ? [line] : []
  })
}

/** Type-checks the project `config`, a path relative to `root`. */
export async function checkTypes(root: string, config: string): Promise<string[]> {
  const { ok, output } = await runNode(root, [tsc, '-p', config, '--noEmit', '--pretty', 'false'])
  if (ok) return []
  const errors = compilerErrors(output)
  return errors.length > 0 ? errors : [`${config}: ${output}`]
}
