import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { help, parseOptions, UsageError } from '../../bench/options.ts'
import { repository } from '../tools/tree.ts'

describe('parseOptions', () => {
  it('takes every row and ten minutes without options', () => {
    const options = parseOptions([])
    expect(options).toMatchObject({ seconds: 600, maxRegressionPercent: 10, reference: 'didcomm-mote' })
    expect(options.only.test('anything')).toBe(true)
    expect(options).not.toHaveProperty('json')
  })

  it('makes --quick shorter, and lets --seconds say otherwise', () => {
    expect(parseOptions(['--quick']).seconds).toBeLessThan(60)
    expect(parseOptions(['--quick', '--seconds', '5']).seconds).toBe(5)
  })

  it('reads files, a pattern, a threshold and a reference', () => {
    const args = [
      '--only',
      '^sha',
      '--json',
      'a.json',
      '--compare=b.json',
      '--max-regression',
      '2.5',
      '--reference',
      '@noble',
    ]
    const options = parseOptions(args)
    expect(options).toMatchObject({ json: 'a.json', compare: 'b.json', maxRegressionPercent: 2.5, reference: '@noble' })
    expect(options.only).toEqual(/^sha/)
  })

  it.each([
    [['--fast'], '--fast'],
    [['quick'], 'quick'],
    [['--only'], '--only'],
    [['--only', '('], '--only expected a regular expression'],
    [['--seconds', 'soon'], '--seconds expected a number above 0, got "soon"'],
    [['--seconds', '0'], '--seconds expected a number above 0'],
    [['--max-regression', ''], '--max-regression expected a number above 0'],
  ])('says what is wrong with %j', (args, text) => {
    expect(() => parseOptions(args)).toThrow(UsageError)
    expect(() => parseOptions(args)).toThrow(text)
  })

  it('names every option in the help', () => {
    for (const name of ['only', 'quick', 'seconds', 'json', 'compare', 'max-regression', 'from', 'reference', 'help']) {
      expect(help).toContain(`--${name}`)
    }
  })
})

describe('the command', () => {
  const run = (...args: string[]) => {
    const node = ['--import', 'tsx', '--conditions=didcomm-mote-source', 'bench/index.ts', ...args]
    return spawnSync(process.execPath, node, { cwd: repository, encoding: 'utf8' })
  }

  it('ends with 2 and the help for an unknown option', () => {
    const { status, stderr, stdout } = run('--fast')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain("'--fast'")
    expect(stderr).toContain('--max-regression')
  })

  it('ends with 2 for a result that is not there', () => {
    const { status, stderr } = run('--from', 'test/bench/fixtures/gone.json')
    expect(status).toBe(2)
    expect(stderr).toContain('gone.json is no result')
  })

  it('prints the help for --help', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--only REGEX') })
  })

  it('ends with 1 where a stored result is slower than an earlier one, and with 0 where the threshold allows it', () => {
    const files = ['--from', 'test/bench/fixtures/after.json', '--compare', 'test/bench/fixtures/before.json']
    const failed = run(...files)
    expect(failed).toMatchObject({ status: 1, stdout: expect.stringContaining('REGRESSION') })
    expect(run(...files, '--max-regression', '60')).toMatchObject({ status: 0 })
  })
})
