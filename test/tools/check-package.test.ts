import { describe, expect, it } from 'vitest'
import { checkPackage, sourcesOf } from '../../tools/check-package.ts'
import { treeOf } from './tree.ts'

const manifest = JSON.stringify({
  exports: {
    '.': { 'didcomm-mote-source': './runtime/index.ts' },
    './did': { 'didcomm-mote-source': './runtime/did/index.ts' },
    './package.json': './package.json',
  },
})
const sound = {
  'package.json': manifest,
  'package-lock.json': '{}',
  'README.md': "import 'didcomm-mote'\nimport 'didcomm-mote/did'",
  'runtime/index.ts': '',
  'runtime/did/index.ts': '',
}
const path = (...names: string[]) => ['', ...names].join('/')

function failuresOf(files: Record<string, string>): readonly string[] {
  return checkPackage(treeOf({ ...sound, ...files })).failures
}

describe('checkPackage', () => {
  it('accepts a package that is complete and documented', () => {
    expect(failuresOf({})).toEqual([])
    expect([...sourcesOf(manifest).keys()]).toEqual(['.', './did'])
  })

  it('refuses a subpath without its source', () => {
    const { 'runtime/did/index.ts': _, ...growing } = sound
    expect(checkPackage(treeOf(growing)).failures).toEqual([
      'package.json: exports runtime/did/index.ts, which is not there',
    ])
  })

  it('refuses a subpath that the README does not mention by its whole name', () => {
    const readme = "import 'didcomm-mote/did'\nimport 'didcomm-mote/did-web'"
    expect(failuresOf({ 'README.md': readme })).toEqual(['README.md: does not mention didcomm-mote'])
  })

  it.each([
    path('home', 'me', 'key'),
    path('root', '.npmrc'),
    path('tmp', 'out'),
    path('Users', 'me'),
    `file://${path('home', 'me')}`,
    ['C:', 'Users', 'me'].join('\\'),
    ['https:', '', 'registry.example.org', 'x.tgz'].join('/'),
    ['http:', '', 'npm.example.org:4873', 'x'].join('/'),
  ])('refuses %s in a file', (text) => {
    const failures = failuresOf({ 'tools/a.ts': `\n// '${text}'` })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(/^tools\/a\.ts:2: /)
  })

  it.each([
    'https://example.org/home/me',
    './tmp/x',
    'a/work/b',
    'registry.byCode(1)',
    'https://www.npmjs.com/package/mqtt',
  ])('accepts %s in a file', (text) => {
    expect(failuresOf({ 'tools/a.ts': `// ${text}` })).toEqual([])
  })

  it('refuses a lock file that names where its packages came from', () => {
    const lock = '{\n  "resolved": "https://example.org/a.tgz"\n}'
    expect(failuresOf({ 'package-lock.json': lock })).toEqual([
      'package-lock.json:2: is resolved to https://example.org/a.tgz',
    ])
  })

  it('refuses a lock file without the packages for other platforms', () => {
    const packages = { 'node_modules/a': { optionalDependencies: { '@a/linux': '1', '@a/win32': '1' } } }
    const lock = JSON.stringify({ packages: { ...packages, 'node_modules/@a/linux': {} } })
    expect(failuresOf({ 'package-lock.json': lock })).toEqual([
      'package-lock.json:1: has no @a/win32, and npm ci refuses that',
    ])
  })

  it("refuses a developer's npm configuration", () => {
    expect(failuresOf({ '.npmrc': '' })).toEqual(['.npmrc:1: belongs to one machine'])
  })
})
