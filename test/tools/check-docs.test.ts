import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDocs, checkLinks, docstringBlocks, markdownBlocks } from '../../tools/check-docs.ts'
import { readTree } from '../../tools/check-tree.ts'
import { folderOf } from './tree.ts'

const project = {
  'package.json': JSON.stringify({
    name: 'didcomm-mote',
    type: 'module',
    exports: { './bytes': { 'didcomm-mote-source': './runtime/bytes.ts', default: './dist/bytes.js' } },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      customConditions: ['didcomm-mote-source'],
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      types: [],
      lib: ['ES2022'],
    },
  }),
  'runtime/bytes.ts': 'export function size(bytes: Uint8Array): number {\n  return bytes.length\n}\n',
}
const documentOf = (mark: string, ...code: string[]) => `# Title\n\n\`\`\`ts ${mark}\n${code.join('\n')}\n\`\`\`\n`

function check(files: Record<string, string>): Promise<string[]> {
  return checkDocs(readTree(folderOf({ ...project, ...files })))
}

describe('markdownBlocks', () => {
  it('finds what compiles and what runs, with the line of the code', () => {
    const text = `${documentOf('run', 'a')}${documentOf('sketch', 'b')}${documentOf('compile', 'c')}`
    expect(markdownBlocks('a.md', text)).toEqual({
      blocks: [
        { file: 'a.md', line: 4, code: 'a\n', run: true },
        { file: 'a.md', line: 14, code: 'c\n', run: false },
      ],
      failures: [],
    })
  })

  it('refuses code that does not say what is done with it', () => {
    const { failures } = markdownBlocks('a.md', documentOf('', 'a'))
    expect(failures).toEqual(['a.md:3: say "ts compile", "ts run" or "ts sketch"'])
  })
})

describe('docstringBlocks', () => {
  it('takes the code between @example and what follows it', () => {
    const text = [
      '/**',
      ' * Does it.',
      ' *',
      ' * @example',
      ' * ```ts',
      ' * const a = 1',
      ' * ```',
      ' * @throws RangeError never',
      ' */',
    ].join('\n')
    expect(docstringBlocks('a.ts', text)).toEqual([{ file: 'a.ts', line: 5, code: '\nconst a = 1\n\n', run: false }])
  })
})

describe('checkDocs', () => {
  it('accepts code that compiles and runs against the public subpaths', async () => {
    const code = ["import { size } from 'didcomm-mote/bytes'", 'if (size(new Uint8Array(3)) !== 3) throw new Error()']
    expect(await check({ 'README.md': documentOf('run', ...code) })).toEqual([])
  })

  it('names the line of a document whose code does not compile', async () => {
    const code = ["import { size } from 'didcomm-mote/bytes'", "export const n: string = size('abc')"]
    const failures = await check({ 'docs/a.md': documentOf('compile', ...code) })
    expect(failures).toHaveLength(2)
    for (const failure of failures) expect(failure).toMatch(/^docs\/a\.md:5: TS/)
  })

  it('refuses code that throws when it runs, and runs no other', async () => {
    const failures = await check({
      'README.md': documentOf('run', "throw new Error('oh')"),
      'docs/a.md': documentOf('compile', "throw new Error('never seen')"),
    })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/^README\.md:4: fails when it runs\n[\s\S]*Error: oh/)
  })

  it('refuses a docstring whose example does not compile', async () => {
    const source = '/**\n * Does it.\n *\n * @example\n * const n: string = 1\n */\nexport const a = 1\n'
    const failures = await check({ 'runtime/a.ts': source })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/^runtime\/a\.ts:5: TS/)
  })

  it('leaves nothing of an earlier run', async () => {
    const root = folderOf({
      ...project,
      'README.md': documentOf('compile', 'export const a = 1'),
      'build/docs/b.ts': '',
    })
    expect(await checkDocs(readTree(root))).toEqual([])
    expect(existsSync(join(root, 'build/docs/b.ts'))).toBe(false)
  })
})

describe('checkLinks', () => {
  const linksOf = (text: string) => {
    const root = folderOf({ 'docs/a.md': text, 'docs/b.md': '# The house, `b` & so on\n', 'docs/c.svg': '' })
    return checkLinks(readTree(root), 'docs/a.md')
  }

  it.each([
    '[b](b.md)',
    '[b](../docs/b.md "title")',
    '[b](b.md#the-house-b--so-on)',
    '# Here\n[h](#here)',
    '![c](c.svg)',
    '<img src="c.svg">',
    '[w](https://example.org/nowhere)',
    '`[n](nowhere.md)`',
    '```md\n[n](nowhere.md)\n```',
  ])('accepts %s', (text) => {
    expect(linksOf(text)).toEqual([])
  })

  it.each(['[n](nowhere.md)', '[b](b.md#nowhere)', '[h](#nowhere)', '![n](nowhere.svg)', '<img src="nowhere.svg">'])(
    'refuses %s',
    (text) => {
      const failures = linksOf(`\n${text}`)
      expect(failures).toHaveLength(1)
      expect(failures[0]).toMatch(/^docs\/a\.md:2: .*nowhere/)
    },
  )
})
