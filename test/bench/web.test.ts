import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parseResult } from '../../bench/result.ts'
import { bundlePage } from '../../bench/web/bundle.ts'
import { findHost, runInChromium } from '../package/hosts.ts'

const chromium = findHost('chromium', 'CHROMIUM')

/** Fills in the form, presses the button, waits for the end, and posts what the page would copy. */
const driver = `<script type="module">
document.getElementById('only').value = '^(x25519|sha512 64|chacha20-poly1305-seal 16|startup-first-call|cbor-decode 72) '
document.getElementById('seconds').value = '1'
document.getElementById('run').click()
while (document.body.dataset.state === 'running') await new Promise((resolve) => setTimeout(resolve, 20))
const shown = [...document.querySelectorAll('#rows tr')].map((row) => row.innerText)
const status = document.getElementById('status').innerText
await fetch('/result', { method: 'POST', body: JSON.stringify({ state: document.body.dataset.state, status, shown, json: benchmarkResult }) })
</script>`

describe('the benchmarks as a page', () => {
  it('asks the network for nothing', async () => {
    const page = await bundlePage()
    expect(page).not.toMatch(/<(?:script|link|img)[^>]*\b(?:src|href)="(?!data:)/)
    expect(page).not.toMatch(/\bfrom\s*["'](?:https?:|\.)/)
  })

  it.skipIf(!chromium)('runs the suite in Chromium and gives its result', { timeout: 60_000 }, async () => {
    const posted = await runInChromium(chromium ?? '', tmpdir(), (await bundlePage()) + driver)
    const { state, status, shown, json } = JSON.parse(posted) as Record<'state' | 'status' | 'json', string> & {
      shown: string[]
    }
    expect({ state, status }).toMatchObject({ state: 'done', status: expect.stringMatching(/^\d+ rows, /) })
    const { rows, machine } = parseResult(json)
    expect(machine.platform).toContain('Chrome')
    expect(new Set(rows.map(({ op }) => op))).toEqual(
      new Set(['x25519', 'sha512', 'chacha20-poly1305-seal', 'cbor-decode', 'startup-first-call']),
    )
    const x25519 = rows.filter(({ op }) => op === 'x25519').map(({ impl }) => impl)
    expect(x25519).toEqual(expect.arrayContaining(['didcomm-mote', 'didcomm-mote/base', 'didcomm-mote/simd', '@noble']))
    expect(rows.map(({ impl }) => impl)).toContain('cbor-x')
    expect(rows.every(({ minNs, medianNs }) => minNs > 0 && medianNs >= minNs)).toBe(true)
    expect(shown.length).toBeGreaterThan(rows.length)
  })
})
