import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compareResults, comparisonLines } from '../../bench/compare.ts'
import { formatResult, keyOf, parseResult, type Result } from '../../bench/result.ts'

const read = (name: string): Result => {
  return parseResult(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))
}
const [before, after] = [read('before'), read('after')]

function verdicts(earlier: Result, later: Result, percent: number): Record<string, string> {
  const { changes } = compareResults(earlier, later, percent)
  return Object.fromEntries(changes.map(({ row, verdict }) => [keyOf(row), verdict]))
}

/** A result in which one row is another. */
function withRow(result: Result, key: string, change: object): Result {
  return { ...result, rows: result.rows.map((row) => (keyOf(row) === key ? { ...row, ...change } : row)) }
}

describe('compareResults', () => {
  it('takes the machine, as the rows of peers show it, out of each change', () => {
    const comparison = compareResults(before, after, 10)
    expect(comparison.machine).toBeCloseTo(1.2)
    const ours = comparison.changes.find(({ row }) => keyOf(row) === 'x25519 | didcomm-mote')
    expect(ours?.ratio).toBeCloseTo(1.8)
    expect(ours?.corrected).toBeCloseTo(1.5)
  })

  it('tells a regression, a gain and no change apart', () => {
    expect(verdicts(before, after, 10)).toMatchObject({
      'x25519 | didcomm-mote': 'regression',
      'sha512 64 | didcomm-mote': 'same',
      'sha512 64 | didcomm-mote/base': 'faster',
      'x25519 | @noble': 'same',
    })
    expect(verdicts(before, after, 60)).toMatchObject({ 'x25519 | didcomm-mote': 'slower' })
  })

  it('is no regression where a peer became slower', () => {
    const later = withRow(before, 'x25519 | @noble', { minNs: 9e6 })
    expect(verdicts(before, later, 10)['x25519 | @noble']).toBe('slower')
  })

  it('believes no row that is noisy in one of the results', () => {
    const key = 'x25519 | didcomm-mote'
    expect(verdicts(before, withRow(after, key, { noisy: true }), 10)[key]).toBe('same')
    expect(verdicts(withRow(before, key, { noisy: true }), after, 10)[key]).toBe('same')
  })

  it('asks for more than the spread of the two rows', () => {
    const key = 'x25519 | didcomm-mote'
    const wide = { spread: 0.6 }
    expect(verdicts(withRow(before, key, wide), withRow(after, key, wide), 10)[key]).toBe('same')
  })

  it('allows for no machine where there are few peers', () => {
    const few = (result: Result) => ({ ...result, rows: result.rows.filter(({ op }) => op === 'sha512') })
    expect(compareResults(few(before), few(after), 10).machine).toBe(1)
    expect(verdicts(few(before), few(after), 10)['sha512 64 | didcomm-mote']).toBe('regression')
  })

  it('names the rows that only one result has', () => {
    const { unmatched } = compareResults(before, { ...after, rows: after.rows.slice(1) }, 10)
    expect(unmatched).toEqual(['x25519 | didcomm-mote'])
  })

  it('sums up what it found', () => {
    const lines = comparisonLines(compareResults(before, after, 10), 'before.json')
    expect(lines[0]).toContain('before.json')
    expect(lines.filter((line) => line.endsWith('REGRESSION'))).toHaveLength(1)
    expect(lines.at(-1)).toBe('10 rows: 1 faster, 0 slower, 1 regressions')
  })
})

describe('a result as a file', () => {
  it('comes back as it was, a row on each line', () => {
    const text = formatResult(before)
    expect(parseResult(text)).toEqual(before)
    expect(text.split('\n').filter((line) => line.includes('"op"'))).toHaveLength(before.rows.length)
  })

  it.each(['null', '{}', '{"machine":{},"versions":{},"rows":[{"op":"x25519"}]}'])('refuses %s', (text) => {
    expect(() => parseResult(text)).toThrow(TypeError)
  })
})
