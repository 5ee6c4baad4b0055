// The plot of the README: operations a second on a logarithmic axis, as an SVG for light and dark pages.
import { highlights } from './markdown.ts'
import type { Result } from './result.ts'
import { formatOperation } from './table.ts'
import { findRow } from './targets.ts'

/** Colours that stand out from white and from black. */
const series = [
  { impl: 'didcomm-mote', color: '#2f81f7' },
  { impl: 'node:crypto', color: '#8b949e' },
  { impl: 'libsodium-wrappers', color: '#d4811f' },
  { impl: '@noble', color: '#a06ee1' },
] as const

const width = 860
const labelWidth = 230
const valueWidth = 60
const barHeight = 11
const groupGap = 12
const top = 56
const axisWidth = width - labelWidth - valueWidth

const style = `
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f }
.small { font-size: 10px; fill: #57606a }
.grid { stroke: #8b949e; stroke-opacity: 0.35 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9da7b1 } }
`

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

/** Writes a number of operations in three digits: `31.4k`. */
export function formatCount(count: number): string {
  if (count >= 1e6) return `${+(count / 1e6).toPrecision(3)}M`
  return count >= 1000 ? `${+(count / 1000).toPrecision(3)}k` : String(+count.toPrecision(3))
}

interface Bar {
  readonly color: string
  readonly impl: string
  readonly opsPerSecond: number
}

interface Group {
  readonly label: string
  readonly bars: readonly Bar[]
}

function groupsOf(result: Result): Group[] {
  return highlights.flatMap(([op, size, ours = series[0].impl]) => {
    const bars = series.flatMap(({ impl, color }) => {
      const row = findRow(result, op, size, impl === series[0].impl ? ours : impl)
      return row ? [{ impl, color, opsPerSecond: row.opsPerSecond }] : []
    })
    const how = ours === series[0].impl ? '' : `, ${ours.slice(series[0].impl.length + 1)}`
    // Ours and nobody's else is no comparison.
    const comparable = bars.length > 1 && bars[0]?.impl === series[0].impl
    return comparable ? [{ label: `${formatOperation({ op, size })}${how}`, bars }] : []
  })
}

/** Where the axis begins and ends: whole powers of ten. */
function decadesOf(groups: readonly Group[]): { first: number; last: number } {
  const all = groups.flatMap(({ bars }) => bars.map(({ opsPerSecond }) => Math.log10(opsPerSecond)))
  return { first: Math.floor(Math.min(...all)), last: Math.ceil(Math.max(...all)) }
}

export function plot(result: Result): string {
  const groups = groupsOf(result)
  if (groups.length === 0) throw new Error('nothing to plot: no row of didcomm-mote is among the highlights')
  const { first, last } = decadesOf(groups)
  const x = (ops: number) => labelWidth + (axisWidth * (Math.log10(ops) - first)) / Math.max(1, last - first)
  const parts: string[] = []
  let y = top
  for (const { label, bars } of groups) {
    const middle = y + (bars.length * barHeight) / 2 + 4
    parts.push(`<text x="${labelWidth - 10}" y="${middle}" text-anchor="end">${escapeXml(label)}</text>`)
    for (const { impl, color, opsPerSecond } of bars) {
      const end = x(opsPerSecond)
      const length = Math.max(1, end - labelWidth).toFixed(1)
      const tip = `<title>${escapeXml(`${impl}: ${formatCount(opsPerSecond)} a second`)}</title>`
      parts.push(
        `<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight - 1}" fill="${color}">${tip}</rect>`,
        `<text class="small" x="${(end + 4).toFixed(1)}" y="${y + 9}">${formatCount(opsPerSecond)}</text>`,
      )
      y += barHeight
    }
    y += groupGap
  }
  return svg(y, [...axis(first, last, x, y), ...legend(), ...parts])
}

function axis(first: number, last: number, x: (ops: number) => number, bottom: number): string[] {
  const decades = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
  return decades.flatMap((ops) => [
    `<line class="grid" x1="${x(ops).toFixed(1)}" x2="${x(ops).toFixed(1)}" y1="${top - 6}" y2="${bottom - groupGap + 2}"/>`,
    `<text class="small" x="${x(ops).toFixed(1)}" y="${top - 12}" text-anchor="middle">${formatCount(ops)}</text>`,
  ])
}

function legend(): string[] {
  return series.flatMap(({ impl, color }, i) => [
    `<rect x="${labelWidth + i * 150}" y="12" width="12" height="12" rx="2" fill="${color}"/>`,
    `<text x="${labelWidth + i * 150 + 18}" y="22">${escapeXml(impl)}</text>`,
  ])
}

function svg(height: number, parts: readonly string[]): string {
  const title = 'Operations a second of didcomm-mote and of others, on a logarithmic axis'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${style}</style>`,
    `<text class="small" x="${labelWidth - 24}" y="${top - 12}" text-anchor="end">operations a second</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}
