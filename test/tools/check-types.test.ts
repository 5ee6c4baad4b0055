import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkTypes, compilerErrors } from '../../tools/check-types.ts'
import { folderOf, repository } from './tree.ts'

const here = (file: string) => readFileSync(join(repository, file), 'utf8')

/** Checks one file with the settings of this project's runtime. */
function runtimeErrors(text: string): Promise<string[]> {
  const root = folderOf({
    'tsconfig.json': here('tsconfig.json'),
    'runtime/tsconfig.json': here('runtime/tsconfig.json'),
    'runtime/host.d.ts': here('runtime/host.d.ts'),
    'runtime/type.ts': 'export interface A {\n  a: number\n}\n',
    'runtime/a.ts': text,
    'package.json': '{ "type": "module" }',
  })
  return checkTypes(root, 'runtime/tsconfig.json')
}

describe('checkTypes', () => {
  it('accepts what asks only for ECMAScript and host.d.ts', async () => {
    expect(await runtimeErrors('export const a: Uint8Array = new TextEncoder().encode("a")')).toEqual([])
  })

  it.each([
    ['process', 'export const a: unknown = process.env'],
    ['Buffer', 'export const a: unknown = Buffer.alloc(1)'],
    ['a timer', 'export const a: unknown = setTimeout(() => {}, 1)'],
    ['the console', 'console.log(1)\nexport {}'],
    ['entropy of the host', 'export const a: unknown = crypto.getRandomValues(new Uint8Array(1))'],
    ['a module of Node', "import { readFileSync } from 'node:fs'\nexport const a: unknown = readFileSync"],
    ['an export whose type is inferred', 'export const a = [1].map(String)'],
    ['a type that is imported as a value', "import { A } from './type.ts'\nexport const a: A = { a: 1 }"],
    ['an enum', 'export enum A {\n  a,\n}'],
    ['an index that may be absent', 'export const a: number = [1][0]'],
  ])('refuses %s in runtime/', async (_, text) => {
    const failures = await runtimeErrors(text)
    expect(failures.length).toBeGreaterThan(0)
    for (const failure of failures) expect(failure).toMatch(/^runtime\/a\.ts:\d+: TS\d+/)
  })

  it('refuses a project that is not there', async () => {
    expect(await checkTypes(repository, 'build/none.json')).not.toEqual([])
  })
})

describe('compilerErrors', () => {
  it('keeps file, line and text', () => {
    const output = "a/b.ts(3,7): error TS2304: Cannot find name 'x'.\n  detail\nerror TS5058: no such project"
    expect(compilerErrors(output)).toEqual(["a/b.ts:3: TS2304: Cannot find name 'x'.", 'error TS5058: no such project'])
  })
})
