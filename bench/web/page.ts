// The suite as a page. build.ts puts it, the peers and the builds of the core into one file.

import { decodeBase64 } from 'didcomm-mote/bytes'
import { moteImplementations } from '../mote.ts'
import { loadPeers, peersAnywhere } from '../peers.ts'
import { formatResult, type Result, type Row } from '../result.ts'
import { missingFrom, runSuite } from '../run.ts'
import { withSingleVerification } from '../singly.ts'
import { formatNs, formatNumber, formatOperation } from '../table.ts'

/** Written by build.ts. */
declare const BUILT: {
  readonly cores: readonly { readonly name: string; readonly base64: string }[]
  readonly versions: Readonly<Record<string, string>>
}

class Stopped extends Error {}

const reference = 'didcomm-mote'

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new TypeError(`the page has no ${id}`)
  return found
}

const only = element('only', HTMLInputElement)
const seconds = element('seconds', HTMLInputElement)
const run = element('run', HTMLButtonElement)
const stop = element('stop', HTMLButtonElement)
const copy = element('copy', HTMLButtonElement)
const progress = element('progress', HTMLProgressElement)
const status = element('status', HTMLParagraphElement)
const body = element('rows', HTMLTableSectionElement)
const notes = element('notes', HTMLUListElement)

let stopping = false
let json = ''

function say(text: string, isError = false): void {
  status.textContent = text
  status.classList.toggle('error', isError)
}

function cell(row: HTMLTableRowElement, text: string, wide = false): void {
  const td = row.insertCell()
  td.textContent = text
  td.classList.toggle('wide', wide)
}

function show(rows: readonly Row[]): void {
  const [first] = rows
  if (!first) return
  const heading = document.createElement('th')
  heading.colSpan = 7
  heading.textContent = formatOperation(first)
  body.insertRow().append(heading)
  for (const row of rows) {
    const line = body.insertRow()
    line.classList.toggle('ours', row.impl === reference)
    line.classList.toggle('noisy', row.noisy === true)
    cell(line, `${row.impl}${row.async ? ' (awaited)' : ''}`)
    cell(line, `${row.noisy ? '~' : ''}${formatNs(row.minNs)}`)
    cell(line, formatNs(row.medianNs), true)
    cell(line, formatNumber(row.opsPerSecond))
    cell(line, row.mbPerSecond === null ? '' : formatNumber(row.mbPerSecond))
    cell(line, `${Math.round(row.spread * 100)} %`, true)
    cell(line, row.ratio === undefined || row.impl === reference ? '' : `${formatNumber(row.ratio)}x`)
  }
}

const coreFiles = () => BUILT.cores.map(({ name, base64 }) => ({ name, wasm: decodeBase64(base64) }))
/** Lets the browser paint. */
const breathe = () => new Promise((resolve) => setTimeout(resolve))

async function measure(): Promise<Result> {
  const pattern = new RegExp(only.value)
  const ours = moteImplementations(coreFiles())
  const peers = await loadPeers(peersAnywhere)
  const missing = missingFrom(ours[0])
  const absent = missing.length === 0 ? [] : [`didcomm-mote has no ${missing.join(', ')}: peers only`]
  const said = [...peers.notes, ...absent]
  notes.replaceChildren(...said.map((text) => Object.assign(document.createElement('li'), { textContent: text })))
  const plan = { only: pattern, seconds: Math.max(1, Number(seconds.value) || 30), reference }
  const rows = await runSuite([...ours, ...withSingleVerification(peers.implementations)], plan, {
    async begin(trial, done, total) {
      if (stopping) throw new Stopped()
      progress.value = done / total
      say(`${done} of ${total} rows: ${formatOperation(trial)}`)
      await breathe()
    },
    rows: show,
  })
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: 'unknown', cores: navigator.hardwareConcurrency, platform: navigator.userAgent },
    versions: BUILT.versions,
    reference,
    notes: said,
    modules: [],
    rows,
  }
}

async function start(): Promise<void> {
  document.body.dataset['state'] = 'running'
  stopping = false
  run.disabled = true
  copy.disabled = true
  stop.disabled = false
  body.replaceChildren()
  say('Loading…')
  await breathe()
  try {
    const result = await measure()
    json = formatResult(result)
    const noisy = result.rows.filter((row) => row.noisy).length
    progress.value = 1
    say(`${result.rows.length} rows, ${noisy} of them noisy (~): the device was busy, do not believe those.`)
    copy.disabled = false
    document.body.dataset['state'] = 'done'
  } catch (error) {
    const stopped = error instanceof Stopped
    say(stopped ? 'Stopped.' : `It failed: ${(error as Error).message}`, !stopped)
    document.body.dataset['state'] = stopped ? 'stopped' : 'failed'
  } finally {
    run.disabled = false
    stop.disabled = true
  }
}

/** Pages that do not come over https have no clipboard: then the text is selected for the user to copy. */
async function copyJson(): Promise<void> {
  try {
    await navigator.clipboard.writeText(json)
    say('Copied.')
  } catch {
    const area = Object.assign(document.createElement('textarea'), { value: json, rows: 8 })
    area.style.width = '100%'
    notes.before(area)
    area.select()
    say('Copy the selected text.')
  }
}

element('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  void start()
})
stop.addEventListener('click', () => {
  stopping = true
})
copy.addEventListener('click', () => void copyJson())
Object.defineProperty(globalThis, 'benchmarkResult', { get: () => json })
