import { describe, expect, it } from 'vitest'
import { type Mutation, mutated, mutationsOf, sampled } from '../../tools/mutations.ts'

const changed = (source: string): string[] => mutationsOf('a.ts', source).map((mutation) => mutation.after)

describe('the mutations of a line', () => {
  it('turn each operator into another, alone', () => {
    expect(changed('const c = a + (b << d)')).toEqual(['const c = a - (b << d)', 'const c = a + (b >>> d)'])
    expect(changed('if (a < b && c != d) {')).toEqual([
      'if (a <= b && c != d) {',
      'if (a < b || c != d) {',
      'if (a < b && c == d) {',
    ])
    expect(changed('h ^= f')).toEqual(['h &= f', ''])
  })

  it('turn each instruction of vectors into another', () => {
    expect(changed('return i64x2.add(a, v128.xor(b, c))')).toEqual([
      'return i64x2.sub(a, v128.xor(b, c))',
      'return i64x2.add(a, v128.and(b, c))',
    ])
  })

  it('change each number, and none in a name or a type', () => {
    expect(changed('let x2: u32 = load<u32>(p1, 16)')).toEqual(['let x2: u32 = load<u32>(p1, 17)'])
    expect(changed('const MASK: u32 = 0x3ff_ffff')).toEqual(['const MASK: u32 = 0x3fffffe'])
  })

  it('drop statements, and no part of one that goes on', () => {
    expect(changed('  wipe(H, n)')).toEqual([''])
    expect(changed('  a = f(\n    wipe(h)\n  )')).toEqual([])
    expect(changed('const taken = wipe(h)')).toEqual([])
  })

  it('take away a sign', () => {
    expect(changed('const mask = -bit')).toEqual(['const mask = bit'])
    expect(changed('const rest = (n) & ~m')).toEqual(['const rest = (n) | ~m', 'const rest = (n) & m'])
  })

  it('are none of comments, imports, signatures and room', () => {
    const source = [
      "import { a } from './b'",
      '/** Adds 1 + 1.',
      ' * And 2. */',
      '// 3 + 3',
      'export function f(a: u32): u32 {',
      'const ROOM = memory.data(24, 16)',
      'const b = c // 4 + 4',
      'export {',
      '  d,',
      "} from './e'",
    ].join('\n')
    expect(changed(source)).toEqual([])
  })

  it('name the line, and give the source with it', () => {
    const source = 'let a = b\na += c\nreturn a'
    const [mutation] = mutationsOf('x.ts', source)
    expect(mutation).toEqual({ file: 'x.ts', line: 2, before: 'a += c', after: 'a -= c' })
    expect(mutated(source, mutation as Mutation)).toBe('let a = b\na -= c\nreturn a')
  })
})

describe('a sample of mutations', () => {
  const of = (file: string, count: number): Mutation[] =>
    Array.from({ length: count }, (_, line) => ({ file, line, before: 'a', after: 'b' }))

  it('takes from each file in turn, and none twice', () => {
    const chosen = sampled([...of('long', 100), ...of('short', 2)], 6, (bound) => bound - 1)
    expect(chosen.map(({ file }) => file)).toEqual(['long', 'short', 'long', 'short', 'long', 'long'])
    expect(new Set(chosen).size).toBe(6)
  })

  it('ends where there are no more', () => {
    expect(sampled(of('short', 3), Number.POSITIVE_INFINITY, () => 0)).toHaveLength(3)
  })
})
