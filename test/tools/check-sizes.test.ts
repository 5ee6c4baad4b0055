import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bundle, checkSizes, weigh } from '../../tools/check-sizes.ts'
import { folderOf } from './tree.ts'

const entry = (source: string) => ({ 'didcomm-mote-source': source, default: './dist/none.js' })
const project = {
  'package.json': JSON.stringify({
    name: 'didcomm-mote',
    type: 'module',
    exports: { './a': entry('./a.ts'), './host': entry('./host.ts'), './later': entry('./later.ts') },
  }),
  'a.ts': "import { coreBaseWasm } from './core-base-wasm.ts'\nexport const a = (): string => 'used' + coreBaseWasm",
  'core-base-wasm.ts': "export const coreBaseWasm = 'AGFzbQ'",
  'host.ts': "import { readFileSync } from 'node:fs'\nexport const host = () => Buffer.from(readFileSync('x'))",
}

describe('bundle', () => {
  it('holds what the program uses, without the core', async () => {
    const text = await bundle(folderOf(project), "export * from 'didcomm-mote/a'")
    expect(text).toContain('used')
    expect(text).not.toContain('AGFzbQ')
  })
})

describe('weigh', () => {
  it('holds a bundle to both its sizes', () => {
    const noise = randomBytes(300).toString('base64')
    expect(weigh('a', { minBytes: 400, gzipBytes: 400 }, noise).failures).toEqual([])
    expect(weigh('a', { minBytes: 399 }, noise).failures).toEqual(['a: 400 bytes, of 399 at most'])
    expect(weigh('a', { gzipBytes: 299 }, noise).failures).toHaveLength(1)
  })

  it('weighs bytes that are no text', () => {
    expect(weigh('core', { minBytes: 8 }, new Uint8Array(9).fill(0xff)).failures).toEqual([
      'core: 9 bytes, of 8 at most',
    ])
  })
})

describe('checkSizes', () => {
  it('refuses words that have no place in a bundle', async () => {
    const table = { './a': {}, './host': { forbidden: [/node:/, /\bBuffer\b/] }, './later': {} }
    const { failures } = await checkSizes(folderOf(project), table)
    expect(failures.slice(0, 2)).toEqual([
      './host: the bundle has "node:" in it',
      './host: the bundle has "Buffer" in it',
    ])
  })

  it('does not take ArrayBuffer for Buffer', () => {
    expect(weigh('a', { forbidden: [/\bBuffer\b/] }, 'new ArrayBuffer(8)').failures).toEqual([])
  })

  it('refuses a missing source', async () => {
    const { failures } = await checkSizes(folderOf(project), { './a': {}, './host': {}, './later': {} })
    expect(failures).toEqual(['./later: no source for didcomm-mote/later'])
  })

  it('refuses a subpath without a row', async () => {
    const { failures } = await checkSizes(folderOf(project), { './a': {}, './later': {} })
    expect(failures.slice(1)).toEqual(['tools/check-sizes.ts: "./host" has no budget'])
  })

  it('refuses a program that does not bundle', async () => {
    const program = "import { nothing } from 'didcomm-mote/a'\nglobalThis.n = nothing"
    const table = { './a': { program }, './host': {}, './later': {} }
    const { failures } = await checkSizes(folderOf(project), table)
    expect(failures[0]).toContain('nothing')
  })
})
