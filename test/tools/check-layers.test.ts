import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { checkLayers, importsOf } from '../../tools/check-layers.ts'
import { readTree } from '../../tools/check-tree.ts'
import { repository, treeOf } from './tree.ts'

const manifest = JSON.stringify({
  peerDependencies: { mqtt: '1' },
  devDependencies: { '@noble/ciphers': '1', esbuild: '1' },
})

function failuresOf(files: Record<string, string>): string[] {
  return checkLayers(treeOf({ 'package.json': manifest, ...files }))
}

describe('importsOf', () => {
  it('reads every form of import, with its line', () => {
    const text = [
      "import type { A } from './a.ts'",
      'import {',
      '  b,',
      "} from './b.ts'",
      "import './c.ts'",
      "export { d } from './d.ts'",
      "const e = await import('./e.ts')",
      "type F = import('./f.ts').F",
      "export type { G } from './g.ts'",
    ].join('\n')
    expect(importsOf(text).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
      '1 ./a.ts',
      '2 ./b.ts',
      '5 ./c.ts',
      '6 ./d.ts',
      '9 ./g.ts',
      '7 ./e.ts',
      '8 ./f.ts',
    ])
  })

  it('passes over comments, strings and declarations', () => {
    const text = [
      '/**',
      " * import { a } from './a.ts'",
      ' */',
      "// import './b.ts', or import('./b.ts')",
      '/*',
      "import { f } from './f.ts'",
      '*/',
      "export const c = 'd'",
      "export function from(x = './e.ts') {}",
    ].join('\n')
    expect(importsOf(text)).toEqual([])
  })

  it('misses nothing that esbuild imports in this tree', async () => {
    const tree = readTree(repository)
    const files = tree.files.filter((file) => /^(?:runtime|transports|gateway|tools)\/.*\.ts$/.test(file))
    const { metafile } = await build({
      entryPoints: files.map((file) => join(repository, file)),
      absWorkingDir: repository,
      bundle: true,
      write: false,
      metafile: true,
      outdir: 'build/none',
      platform: 'node',
      format: 'esm',
      packages: 'external',
      external: ['*/core-base-wasm.ts', '*/core-simd-wasm.ts'],
    })
    for (const file of files) {
      const read = importsOf(tree.read(file)).map(({ specifier }) => specifier)
      const real = (metafile.inputs[file]?.imports ?? []).map((found) => found.original ?? found.path)
      expect(read, file).toEqual(expect.arrayContaining(real))
    }
    expect(files.length).toBeGreaterThan(10)
  })
})

describe('checkLayers', () => {
  it('accepts imports that point down', () => {
    const failures = failuresOf({
      'runtime/errors.ts': '',
      'runtime/bytes/index.ts': "import { DidCommError } from '../errors.ts'",
      'runtime/crypto/aes.ts': "import { decodeBase64 } from '../bytes/index.ts'",
      'runtime/envelope/jwe/index.ts': "import { aes } from '../../crypto/aes.ts'",
      'runtime/envelope/pack.ts': "import { encrypt } from './jwe/index.ts'",
      'transports/http.ts': "import { createServer } from 'node:http'",
      'gateway/index.ts': "import { connect } from 'mqtt'\nimport { createAgent } from 'didcomm-mote'",
    })
    expect(failures).toEqual([])
  })

  it.each([
    ['a format that knows DIDs', 'runtime/envelope/jwe/encrypt.ts', '../../did/document.ts'],
    ['a format that uses another format', 'runtime/envelope/cose/a.ts', '../jwe/index.ts'],
    ['a leaf that imports upwards', 'runtime/bytes/hex.ts', '../crypto/index.ts'],
    ['an agent that reaches below the envelope', 'runtime/agent.ts', './envelope/jwe/index.ts'],
    ['a transport that opens envelopes', 'transports/mqtt.ts', '../runtime/envelope/index.ts'],
    ['a transport that owns a dependency', 'transports/mqtt.ts', 'mqtt'],
    ['a runtime that needs Node', 'runtime/did/key.ts', 'node:crypto'],
    ['ports that know the agent', 'runtime/transport.ts', './agent/agent.ts'],
    ['a runtime that needs a package', 'runtime/crypto/index.ts', '@noble/ciphers/aes.js'],
    ['a program that goes around the public subpaths', 'examples/sensor.ts', '../runtime/index.ts'],
    ['a runtime that imports itself by its public name', 'runtime/agent.ts', 'didcomm-mote/did'],
    ['an import without extension', 'runtime/did/key.ts', './document'],
    ['a package that is installed only for development', 'gateway/index.ts', 'esbuild'],
    ['a package that nobody declares', 'examples/sensor.ts', 'left-pad'],
  ])('refuses %s', (_, file, specifier) => {
    const failures = failuresOf({ [file]: `\nimport { a } from '${specifier}'` })
    expect(failures).toHaveLength(1)
    expect(failures[0]).toContain(`${file}:2: "${specifier}"`)
  })

  it('refuses a type that is imported upwards', () => {
    expect(failuresOf({ 'runtime/bytes/a.ts': "import type { Agent } from '../agent.ts'" })).toHaveLength(1)
  })

  it('names every file of a cycle, once', () => {
    const failures = failuresOf({
      'runtime/did/a.ts': "import { b } from './b.ts'",
      'runtime/did/b.ts': "import type { c } from './c.ts'",
      'runtime/did/c.ts': "export { a } from './a.ts'",
      'runtime/did/d.ts': "import { a } from './a.ts'",
    })
    expect(failures).toEqual([
      'runtime/did/a.ts:1: imports itself: runtime/did/a.ts -> runtime/did/b.ts -> runtime/did/c.ts -> runtime/did/a.ts',
    ])
  })

  it('refuses a folder that the table does not name', () => {
    expect(failuresOf({ 'helpers/a.ts': '' })[0]).toContain('helpers/a.ts:1: belongs to no part')
  })
})
