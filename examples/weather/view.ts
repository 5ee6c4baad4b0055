import type { Summary } from './tally.ts'

/** One row of the table: what is known of a sensor. */
export interface SensorRow {
  name: string
  reading: string
  messages: number
  bytes: number
  latencyMs: number | undefined
}

/** Where a run shows what happens. */
export interface View {
  delivered(row: SensorRow): void
  note(text: string): void
  close(summary: Summary): void
}

const REFRESH_MS = 200

/** Shows a live table on a terminal, and plain lines elsewhere. */
export function view(out: NodeJS.WriteStream, names: readonly string[]): View {
  return out.isTTY ? table(out, names) : lines(out)
}

function lines(out: NodeJS.WritableStream): View {
  return {
    delivered: ({ name, reading, bytes, latencyMs }) => {
      out.write(`${name}  ${reading}  ${bytes} bytes  ${latencyMs?.toFixed(1) ?? '-'} ms\n`)
    },
    note: (text) => void out.write(`${text}\n`),
    close: (summary) => void out.write(describe(summary)),
  }
}

function table(out: NodeJS.WriteStream, names: readonly string[]): View {
  const empty = (name: string): SensorRow => ({ name, reading: '', messages: 0, bytes: 0, latencyMs: undefined })
  const rows = new Map(names.map((name) => [name, empty(name)]))
  let drawn = 0

  function draw(): void {
    const text = [
      'sensor      last reading                    messages  bytes on the air  latency',
      ...[...rows.values()].map(
        ({ name, reading, messages, bytes, latencyMs }) =>
          `${name.padEnd(12)}${reading.padEnd(32)}${String(messages).padStart(8)}${String(bytes).padStart(18)}` +
          `${(latencyMs?.toFixed(1) ?? '-').padStart(6)} ms`,
      ),
    ]
    // Back to the first line of the last drawing, and over it.
    out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${text.map((line) => `\x1b[2K${line}`).join('\n')}\n`)
    drawn = text.length
  }

  const refresh = setInterval(draw, REFRESH_MS)
  return {
    delivered: (row) => void rows.set(row.name, row),
    note(text) {
      out.write(`${drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ''}${text}\n`)
      drawn = 0
    },
    close(summary) {
      clearInterval(refresh)
      draw()
      out.write(describe(summary))
    },
  }
}

function describe(summary: Summary): string {
  const { bytesPerReading: bytes, jsonBytesPerReading: json } = summary
  const times = bytes > 0 ? `, ${(json / bytes).toFixed(1)} times as many` : ''
  return `
readings sent        ${summary.sent}
delivered            ${summary.delivered}
lost                 ${summary.lost}
duplicated           ${summary.duplicated}
bytes on the air     ${bytes} a reading (as DIDComm JSON: ${json}${times})
readings per second  ${summary.readingsPerSecond}
latency              ${summary.p50LatencyMs} ms median, ${summary.p99LatencyMs} ms at the 99th percentile
`
}
