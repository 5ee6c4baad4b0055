import { describe, expect, it } from 'vitest'
import { checkTransports, readSuite, suiteFailures, suiteTables, transportsText } from '../../tools/check-transports.ts'
import { treeOf } from './tree.ts'

const asked = { order: 'in order', close: 'in every state' }
const named = { memory: { without: {} }, http: { without: { order: 'not promised' } } } as const
const suite = { tags: ['order', 'close', 'close'], runs: ['memory', 'http'] }

describe('readSuite', () => {
  it('takes properties from titles, and transports from where they are run', () => {
    const tree = treeOf({
      'test/transport/compliance/close.ts':
        "test('closes [close]', async () => {})\ntest(`twice $" + '{x} [close]`, run)',
      'test/transport/compliance/order.ts': "test(\n  'is in order [slow reader]',\n  async () => {})",
      'test/transport/other.test.ts': "it('closes [close]', () => {})\ntransportCompliance('memory', () => make())",
      'test/transport/b.test.ts': "  transportCompliance(\n'mqtt 5 over mosquitto', make)",
    })
    expect(readSuite(tree)).toEqual({
      tags: ['close', 'close', 'slow reader'],
      runs: ['mqtt 5 over mosquitto', 'memory'],
    })
  })
})

describe('suiteFailures', () => {
  it('takes a suite with a test for every property and a run of every transport', () => {
    expect(suiteFailures(suite, asked, named)).toEqual([])
  })

  it.each([
    [{ ...suite, tags: ['order'] }, 'no title ends in [close]'],
    [{ ...suite, tags: [...suite.tags, 'speed'] }, 'a title ends in [speed], which is no property'],
    [{ ...suite, runs: ['memory'] }, '"http" is not run'],
    [{ ...suite, runs: [...suite.runs, 'mqtt'] }, '"mqtt" is run, and no transport of the list'],
  ])('refuses a suite that is not what is said of it (%#)', (wrong, failure) => {
    expect(suiteFailures(wrong, asked, named)).toEqual([failure])
  })
})

describe('the table', () => {
  it('says for each transport what is held, by how many tests, and what is not', () => {
    const text = suiteTables(suite, asked, named)
    expect(text).toContain('- close: in every state.')
    expect(text).toMatch(/\| memory \| +held, 1 \| held, 2 \|/)
    expect(text).toMatch(/\| http {3}\| not promised \| held, 2 \|/)
  })

  it('is out of date once the tests change', () => {
    const page = '<!-- suite:transports -->\n<!-- /suite:transports -->\n'
    const files = (text: string) => ({
      'docs/transports.md': text,
      'test/transport/compliance/close.ts': "test('closes [close]', run)",
    })
    const stale = expect.stringContaining('is out of date')
    expect(checkTransports(treeOf(files(page)))).toContainEqual(stale)
    const written = transportsText(page, readSuite(treeOf(files(page))))
    expect(checkTransports(treeOf(files(written)))).not.toContainEqual(stale)
  })
})
