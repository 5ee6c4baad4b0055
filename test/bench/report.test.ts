import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { blocks, fillPlaces, formatRatio, markdownTable } from '../../bench/markdown.ts'
import { formatCount, plot } from '../../bench/plot.ts'
import { merged, parseResult } from '../../bench/result.ts'
import { formatNs, formatSize, tableHeader, tableLine } from '../../bench/table.ts'
import { outcomes, targets } from '../../bench/targets.ts'
import { checkBench } from '../../tools/check-bench.ts'
import { readTree } from '../../tools/check-tree.ts'
import { folderOf } from '../tools/tree.ts'

const fixture = readFileSync(new URL('fixtures/before.json', import.meta.url), 'utf8')
const result = parseResult(fixture)
const place = (name: string, text = '') => `# T\n\n<!-- bench:${name} -->\n${text}<!-- /bench:${name} -->\n\nend\n`

describe('the tables of a result', () => {
  const contents = blocks(result)

  it('say how many times as fast each peer is beaten, with a mark where a row is noisy', () => {
    expect(contents['summary']).toContain(
      '| x25519      |      32.0 us |               0.94x |                      2.19x |            28x |',
    )
    expect(contents['summary']).toMatch(/\| sha512 64 B .*\| +4\.23x \| +~1\.92x \|/)
  })

  it('hold the measured ratio to its target', () => {
    expect(contents['targets']).toMatch(/\| x25519 +\| +libsodium-wrappers \| +2\.20x \| +2\.19x \| +missed \|/)
    expect(contents['targets']).toMatch(/\| x25519-base +\| +node:crypto \| +2\.50x \| +\| +not measured \|/)
    expect(outcomes(result)).toHaveLength(targets.length)
  })

  it('show compact envelopes beside those in JSON', () => {
    const [row] = result.rows
    if (!row) throw new Error('a row')
    const op = 'didcomm-authcrypt-pack'
    const rows = [
      { ...row, op, size: 64, minNs: 100_000, noisy: false },
      { ...row, op, size: 64, minNs: 90_000, impl: 'didcomm-mote compact', noisy: true },
    ]
    const { messages } = blocks({ ...result, rows })
    expect(messages).toMatch(/\| didcomm-authcrypt-pack 64 B \| +100 us \| +\| ~90\.0 us \|/)
  })

  it('hold the CBOR codec against the others, those included that are faster', () => {
    const [row] = result.rows
    if (!row) throw new Error('a row')
    const cbor = { ...row, op: 'cbor-encode', size: 102, noisy: false }
    const rows = [
      { ...cbor, minNs: 2000 },
      { ...cbor, minNs: 1000, impl: 'cbor-x' },
      { ...cbor, minNs: 2500, impl: 'cborg', noisy: true },
    ]
    const contents = blocks({ ...result, rows })
    expect(contents['cbor']).toMatch(/\| cbor-encode 102 B \| +2\.00 us \| +0\.50x \| +~1\.25x \| +\| +\|/)
    expect(contents['targets']).toMatch(/\| cbor-encode 102 B +\| +cborg \| +1\.00x \| +~1\.25x \| +met \|/)
  })

  it('show how many packets a transport carries, how long single ones take, and MQTT beside mqtt.js', () => {
    const [row] = result.rows
    if (!row) throw new Error('a row')
    const mqtt = { ...row, op: 'transport-mqtt-send', size: 100, noisy: false, p50Ns: 50_000, p99Ns: 90_000 }
    const rows = [
      { ...mqtt, minNs: 50_000, medianNs: 60_000, opsPerSecond: 20_000 },
      { ...mqtt, minNs: 45_000, medianNs: 45_000, opsPerSecond: 22_222, impl: 'mqtt.js', noisy: true },
      { ...mqtt, op: 'transport-http-send-64', opsPerSecond: 6_057.4, noisy: true },
    ]
    const contents = blocks({ ...result, versions: { ...result.versions, mosquitto: '2.0.11' }, rows })
    expect(contents['transports']).toMatch(/\| MQTT 3\.1\.1, 100 B \| +20,000 \| 50\.0 us \| 90\.0 us \| +\| +\| +\|/)
    expect(contents['transports']).toMatch(/\| HTTP, 100 B +\| +\| +\| +\| +~6,060 \| 50\.0 us \| 90\.0 us \|/)
    expect(contents['transports']).toContain('mosquitto 2.0.11.')
    expect(contents['mqtt']).toMatch(/\| transport-mqtt-send 100 B \| +20,000 \| +~22,200 \| +~90 % \| +~75 % \|/)
    expect(contents['targets']).toMatch(/\| transport-mqtt-send 100 B +\| +mqtt\.js \| +0\.80x \| +~0\.90x \| +met \|/)
    expect(contents['operations']).not.toContain('transport')
  })

  it('name the machine, the versions and what was left out', () => {
    expect(contents['provenance']).toContain('Node 20.20.2')
    expect(contents['provenance']).toContain('2 cores of Example <CPU> & Co')
    expect(contents['provenance']).toContain('- tweetnacl is left out: not installed')
    expect(contents['modules']).toMatch(/didcomm-mote\/base \| +21118 \| +9000 \| +2 \| +131072/)
  })

  it('have columns of one width', () => {
    const lines = markdownTable(
      ['a', 'long title'],
      [
        ['first', '1'],
        ['b', '22'],
      ],
    ).split('\n')
    expect(new Set(lines.map((line) => line.length)).size).toBe(1)
    expect(lines[1]).toBe('| ----- | ---------: |')
  })
})

describe('a result of some operations', () => {
  const [first] = result.rows
  if (!first) throw new Error('a row')
  const later = { ...result, date: '2026-12-01', notes: ['new'], rows: [{ ...first, minNs: 1 }] }

  it('takes the place of their rows in that of all, and says so', () => {
    const both = merged(result, later)
    const isOfOp = ({ op }: { op: string }) => op === first.op
    expect(both.rows.filter(isOfOp)).toEqual(later.rows)
    expect(both.rows.filter((row) => !isOfOp(row))).toEqual(result.rows.filter((row) => !isOfOp(row)))
    expect(both).toMatchObject({ date: result.date, modules: result.modules })
    expect(both.notes).toEqual(expect.arrayContaining(['new', `measured by themselves on 2026-12-01: ${first.op}`]))
    expect(merged({ ...result, rows: later.rows }, later)).toEqual(later)
  })

  it('is refused where it is of another machine', () => {
    expect(() => merged(result, { ...later, machine: { ...later.machine, cpu: 'Other' } })).toThrow(TypeError)
  })
})

describe('fillPlaces', () => {
  it('replaces what stood there, and nothing else', () => {
    const once = fillPlaces(place('summary', 'old\n'), { summary: 'new' })
    expect(once).toBe('# T\n\n<!-- bench:summary -->\n\nnew\n\n<!-- /bench:summary -->\n\nend\n')
    expect(fillPlaces(once, { summary: 'new' })).toBe(once)
  })

  it('refuses a place that it does not know', () => {
    expect(() => fillPlaces(place('speed'), { summary: '' })).toThrow('bench:speed')
  })
})

describe('the plot', () => {
  const svg = plot(result)

  it('has a bar for each implementation of a highlight, as long as its logarithm says', () => {
    const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)" height="10"[^>]*><title>([^<]*)</g)]
    expect(bars.map((bar) => bar[2])).toEqual([
      'didcomm-mote: 31.3k a second',
      'node:crypto: 33.3k a second',
      'libsodium-wrappers: 14.3k a second',
      '@noble: 1.11k a second',
      'didcomm-mote: 3.85M a second',
      'node:crypto: 909k a second',
      'libsodium-wrappers: 2M a second',
    ])
    const widths = bars.map((bar) => Number(bar[1]))
    // The axis begins at 1,000.
    const decades = (row: number) => Math.log10(result.rows[row]?.opsPerSecond ?? 0) - 3
    expect((widths[1] ?? 0) / (widths[0] ?? 0)).toBeCloseTo(decades(1) / decades(0), 2)
    expect((widths[3] ?? 0) / (widths[0] ?? 0)).toBeCloseTo(decades(3) / decades(0), 2)
  })

  it('is readable on light and on dark pages, and loads nothing', () => {
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(/)
  })
})

describe('figures as text', () => {
  it('have the unit that reads best', () => {
    expect([formatNs(5.4), formatNs(12_345), formatNs(3.2e6)]).toEqual(['5.40 ns', '12.3 us', '3.20 ms'])
    expect([formatSize(64), formatSize(16_384), formatSize(1_048_576)]).toEqual(['64 B', '16 KiB', '1 MiB'])
    expect([formatRatio(2.345), formatRatio(34.6), formatRatio(2, true), formatRatio(undefined)]).toEqual([
      '2.35x',
      '35x',
      '~2.00x',
      '',
    ])
    expect([formatCount(297), formatCount(31_250), formatCount(3_846_153)]).toEqual(['297', '31.3k', '3.85M'])
  })

  it('stand below their titles on a terminal', () => {
    const header = tableHeader('didcomm-mote')
    const lines = result.rows.map((row) => tableLine({ ...row, ratio: 2.5 }, 'didcomm-mote'))
    expect(lines[0]).toMatch(/^x25519 +didcomm-mote +32\.0 us +33\.6 us +31250 +2 %$/)
    expect(lines.at(-1)).toMatch(/2\.5x NOISY$/)
    expect(lines[1]?.indexOf('30.0 us')).toBe(header.indexOf('minimum'))
  })
})

describe('checkBench', () => {
  const documents = { 'README.md': place('summary'), 'bench/README.md': place('targets') }
  const check = (files: Record<string, string>) => checkBench(readTree(folderOf(files)))

  it('fails where a document does not say what the result does', () => {
    expect(check({ ...documents, 'bench/results/latest.json': fixture })).toEqual([
      expect.stringMatching(/^README\.md:1: /),
      expect.stringMatching(/^bench\/README\.md:1: /),
      expect.stringMatching(/^docs\/benchmark\.svg:1: /),
    ])
  })

  it('passes what the report wrote', () => {
    const contents = blocks(result)
    const written = Object.entries(documents).map(([file, text]) => [file, fillPlaces(text, contents)])
    const files = { ...Object.fromEntries(written), 'docs/benchmark.svg': plot(result) }
    expect(check({ ...files, 'bench/results/latest.json': fixture })).toEqual([])
  })

  it('fails where there is no result', () => {
    expect(check(documents)).toEqual([expect.stringContaining('bench/results/latest.json')])
  })
})
