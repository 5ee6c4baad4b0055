// The parts of README.md and bench/README.md that a result decides. They stand between comments, `bench:NAME` and `/bench:NAME`.
import { inParallel, packetSizes } from './operations.ts'
import type { Result, Row } from './result.ts'
import { formatNs, formatOperation, formatSize } from './table.ts'
import { findRow, outcomes } from './targets.ts'

/** Writes a table with aligned columns: the first to the left, the others to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

/** Writes how many times as fast; `~` says that the machine was too busy to believe it. */
export function formatRatio(ratio: number | undefined, noisy = false): string {
  if (ratio === undefined) return ''
  return `${noisy ? '~' : ''}${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`
}

const ours = 'didcomm-mote'
const peersOfSummary = ['node:crypto', 'libsodium-wrappers', '@noble'] as const

/** The operations of the short table and of the plot. */
export const highlights: readonly (readonly [op: string, size: number | null, impl?: string])[] = [
  ['x25519', null],
  ['x25519-base', null],
  ['ed25519-keypair', null],
  ['ed25519-sign', 64],
  ['ed25519-sign', 64, 'didcomm-mote signing key'],
  ['ed25519-verify', 64],
  ['ed25519-verify-batch', 64],
  ['chacha20-poly1305-seal', 64],
  ['chacha20-poly1305-seal', 1024],
  ['chacha20-poly1305-seal', 16_384],
  ['chacha20-poly1305-open', 1024],
  ['aes-256-gcm-seal', 1024],
  ['a256cbc-hs512-seal', 1024],
  ['sha256', 1024],
  ['sha512', 64],
  ['hkdf-sha256', null],
  ['hpke-seal', 64],
]

function ratioOf(row: Row, peer: Row | undefined): string {
  return formatRatio(peer && peer.minNs / row.minNs, row.noisy || peer?.noisy)
}

function machineLine({ date, machine, versions }: Result): string {
  const { node = '', openssl = '' } = versions
  return `${date}, Node ${node} with OpenSSL ${openssl}, ${machine.cores} cores of ${machine.cpu}, ${machine.platform}.`
}

function summary(result: Result): string {
  const rows = highlights.flatMap(([op, size, impl = ours]) => {
    const row = findRow(result, op, size, impl)
    if (!row) return []
    const name = impl === ours ? formatOperation(row) : `${formatOperation(row)}, ${impl.slice(ours.length + 1)}`
    const peers = peersOfSummary.map((peer) => ratioOf(row, findRow(result, op, size, peer)))
    return [[name, formatNs(row.minNs), ...peers]]
  })
  const header = ['operation', ours, ...peersOfSummary.map((peer) => `against ${peer}`)]
  return [
    markdownTable(header, rows),
    '',
    `${machineLine(result)} Minima; the last columns say how many times as fast.`,
  ].join('\n')
}

const peersOfMessages = ['didcomm-node', '@veramo/did-comm'] as const

/** Whole envelopes: what a user gets in JSON, between two parties that never wrote to each other, and in compact envelopes. */
function messageTable(result: Result): string {
  const ops = [...new Set(result.rows.map(({ op }) => op))].filter((op) => op.startsWith('didcomm-'))
  const rows = ops.flatMap((op) =>
    [64, 1024].flatMap((size) => {
      const row = findRow(result, op, size, ours)
      if (!row) return []
      const others = ['new pair', 'compact'].map((name) => {
        const other = findRow(result, op, size, `${ours} ${name}`)
        return other ? `${other.noisy ? '~' : ''}${formatNs(other.minNs)}` : ''
      })
      const peers = peersOfMessages.map((peer) => ratioOf(row, findRow(result, op, size, peer)))
      return [[formatOperation(row), formatNs(row.minNs), ...others, ...peers]]
    }),
  )
  const header = ['envelope', ours, 'a new pair', 'compact', ...peersOfMessages.map((peer) => `against ${peer}`)]
  return markdownTable(header, rows)
}

const peersOfCbor = ['cbor-x', 'cborg', 'cbor2', 'cbor2 cde'] as const

/** The codec of CBOR: the smaller value is a plaintext, and the larger one an envelope. */
function cborTable(result: Result): string {
  const rows = result.rows.filter(({ op, impl }) => op.startsWith('cbor-') && impl === ours)
  const lines = rows.map((row) => {
    const peers = peersOfCbor.map((peer) => ratioOf(row, findRow(result, row.op, row.size, peer)))
    return [formatOperation(row), `${row.noisy ? '~' : ''}${formatNs(row.minNs)}`, ...peers]
  })
  const header = ['operation', ours, ...peersOfCbor.map((peer) => `against ${peer}`)]
  return [
    markdownTable(header, lines),
    '',
    `${machineLine(result)} Minima; the last columns say how many times as fast.`,
  ].join('\n')
}

const transportNames: Readonly<Record<string, string>> = {
  memory: 'memory',
  http: 'HTTP',
  ws: 'WebSocket',
  ble: 'BLE, without a radio',
  mqtt: 'MQTT 3.1.1',
  mqtt5: 'MQTT 5',
}

const marked = (row: Row | undefined, text: (row: Row) => string): string =>
  row ? `${row.noisy ? '~' : ''}${text(row)}` : ''

/** Sends a second, in three digits that count. */
const rate = ({ opsPerSecond }: Row): string => Number(opsPerSecond.toPrecision(3)).toLocaleString('en-US')

/** Every transport with packets of each size: how many a second, and how long single sends took. */
function transportTable(result: Result): string {
  const cells = (row: Row | undefined) => [
    marked(row, rate),
    ...[row?.p50Ns, row?.p99Ns].map((ns) => (ns === undefined ? '' : formatNs(ns))),
  ]
  const rows = Object.entries(transportNames).flatMap(([name, title]) =>
    packetSizes.flatMap((size) => {
      const [single, many] = ['', `-${inParallel}`].map((end) =>
        findRow(result, `transport-${name}-send${end}`, size, ours),
      )
      return single || many ? [[`${title}, ${formatSize(size)}`, ...cells(single), ...cells(many)]] : []
    }),
  )
  const header = ['', 'one by one, a second', 'p50', 'p99', `${inParallel} at a time, a second`, 'p50', 'p99']
  return [markdownTable(header, rows), '', brokerLine(result)].join('\n')
}

function brokerLine(result: Result): string {
  const { aedes, mosquitto, mqtt = '', ws = '' } = result.versions
  const broker = mosquitto ? `mosquitto ${mosquitto}` : `aedes ${aedes}, in the same process`
  return `${machineLine(result)} mqtt.js ${mqtt}, ws ${ws}, ${broker}.`
}

/** MQTT beside mqtt.js by itself: throughput in per cent of it. */
function mqttTable(result: Result): string {
  const percent = (ratio: number) => `${Math.round(ratio * 100)} %`
  const rows = result.rows
    .filter(({ op, impl }) => op.startsWith('transport-mqtt') && impl === ours)
    .flatMap((row) => {
      const peer = findRow(result, row.op, row.size, 'mqtt.js')
      if (!peer) return []
      const mark = row.noisy || peer.noisy ? '~' : ''
      const ratios = [peer.minNs / row.minNs, peer.medianNs / row.medianNs].map((ratio) => `${mark}${percent(ratio)}`)
      return [[formatOperation(row), ...[row, peer].map((one) => marked(one, rate)), ...ratios]]
    })
  const header = ['operation', `${ours}, a second`, 'mqtt.js, a second', 'by minima', 'by medians']
  return markdownTable(header, rows)
}

function targetTable(result: Result): string {
  const rows = outcomes(result).map(({ target, ratio, noisy }) => {
    const met = ratio === undefined ? 'not measured' : ratio >= target.ratio ? 'met' : 'missed'
    const what = target.impl === ours ? '' : ` (${target.impl.replace(`${ours} `, '').replace(`${ours}/`, '')})`
    const against = target.op.endsWith('-batch') ? `${target.peer}, single` : target.peer
    return [`${formatOperation(target)}${what}`, against, formatRatio(target.ratio), formatRatio(ratio, noisy), met]
  })
  return markdownTable(['operation', 'against', 'target', 'measured', ''], rows)
}

/** All sizes of one operation, one line for each implementation. */
function operationTable({ rows }: Result, op: string): string {
  const chosen = rows.filter((row) => row.op === op)
  const sizes = [...new Set(chosen.map(({ size }) => size))]
  const lines = [...new Set(chosen.map(({ impl }) => impl))].map((impl) => [
    impl,
    ...sizes.map((size) => {
      const row = chosen.find((candidate) => candidate.impl === impl && candidate.size === size)
      return row ? `${row.noisy ? '~' : ''}${formatNs(row.minNs)}` : ''
    }),
  ])
  return markdownTable([op, ...sizes.map((size) => (size === null ? 'minimum' : formatSize(size)))], lines)
}

const isTransport = (op: string): boolean => op.startsWith('transport')
const isOverhead = (op: string): boolean => op === 'call' || op.startsWith('startup')

function tables(result: Result, wanted: (op: string) => boolean): string {
  const ops = [...new Set(result.rows.map(({ op }) => op))].filter(wanted)
  return ops.map((op) => operationTable(result, op)).join('\n\n')
}

function modules(result: Result): string {
  const rows = result.modules.map(({ name, rawBytes, gzipBytes, pages, memoryBytes }) => {
    return [name, String(rawBytes), String(gzipBytes), String(pages), String(memoryBytes)]
  })
  return markdownTable(['module', 'bytes', 'gzip', 'pages', 'memory, bytes'], rows)
}

function provenance(result: Result): string {
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`)
  const noisy = result.rows.filter((row) => row.noisy).length
  return [
    machineLine(result),
    `${result.rows.length} rows, ${noisy} of them noisy. Versions: ${versions.join(', ')}.`,
    ...(result.notes.length > 0 ? [''] : []),
    ...result.notes.map((note) => `- ${note}`),
  ].join('\n')
}

/** What stands in each place. */
export function blocks(result: Result): Record<string, string> {
  return {
    summary: summary(result),
    messages: messageTable(result),
    cbor: cborTable(result),
    targets: targetTable(result),
    provenance: provenance(result),
    transports: transportTable(result),
    mqtt: mqttTable(result),
    operations: tables(result, (op) => !isOverhead(op) && !isTransport(op)),
    overheads: tables(result, isOverhead),
    modules: modules(result),
  }
}

/**
 * Writes what a result says into the places of a document, which stand between comments, `KIND:NAME` and `/KIND:NAME`.
 *
 * @throws Error for a place whose name is not known
 */
export function fillPlaces(text: string, contents: Readonly<Record<string, string>>, kind = 'bench'): string {
  const place = new RegExp(`(<!-- ${kind}:(\\w+) -->\n)[\\s\\S]*?(<!-- /${kind}:\\2 -->)`, 'g')
  return text.replace(place, (_, begin: string, name: string, end: string) => {
    const content = contents[name]
    if (content === undefined) throw new Error(`no such place as ${kind}:${name}`)
    return `${begin}\n${content}\n\n${end}`
  })
}
