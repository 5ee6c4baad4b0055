import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { lineAt, readTree, runNode } from '../../tools/check-tree.ts'
import { folderOf, repository } from './tree.ts'

const files = {
  'b.ts': 'b',
  'a/a.ts': 'a',
  'dist/c.js': 'c',
  'local.log': 'd',
  '.gitignore': '*.log\nnode_modules\ndist/\n',
}

describe('readTree', () => {
  it('lists what git tracks or would track', () => {
    const root = folderOf(files)
    execFileSync('git', ['init', '-q'], { cwd: root })
    expect(readTree(root).files).toEqual(['.gitignore', 'a/a.ts', 'b.ts'])
  })

  it('lists what is not built or installed where there is no git', () => {
    const tree = readTree(folderOf(files))
    expect(tree.files).toEqual(['.gitignore', 'a/a.ts', 'b.ts', 'local.log'])
    expect(tree.read('a/a.ts')).toBe('a')
  })
})

describe('lineAt', () => {
  it('counts from one', () => {
    expect(['a', 'b', 'c'].map((letter) => lineAt('a\nb\n\nc', 'a\nb\n\nc'.indexOf(letter)))).toEqual([1, 2, 4])
  })
})

describe('runNode', () => {
  it('gives both streams of a program that fails', async () => {
    const program = "console.log('one'); console.error('two'); process.exitCode = 3"
    expect(await runNode(repository, ['-e', program])).toEqual({ ok: false, output: 'one\ntwo' })
  })
})
