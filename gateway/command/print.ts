import type { Part } from './explain/index.ts'

/** Colours where a terminal reads, and nothing where it is a file or `NO_COLOR` is set (no-color.org). */
export interface Paint {
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

const plain = (text: string): string => text

export const noPaint: Paint = { dim: plain, bold: plain }
export const ansiPaint: Paint = { dim: (text) => `\x1b[2m${text}\x1b[0m`, bold: (text) => `\x1b[1m${text}\x1b[0m` }

/**
 * Makes a text safe for a terminal: what is no printable character, which could move the cursor or change what stands above, is shown by its number. So are
 * marks that turn the direction of writing.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** Lists a part and its pieces, a line each: where it begins, how many bytes, and what they are. */
export function linesOf(part: Part, paint: Paint, depth = 0): string[] {
  const pieces = part.parts ?? []
  const rest = part.bytes - pieces.reduce((sum, { bytes }) => sum + bytes, 0)
  const lines = [line(part, depth, paint.bold(printable(part.name)))]
  for (const piece of pieces) lines.push(...linesOf(piece, paint, depth + 1))
  if (pieces.length > 0 && rest > 0) lines.push(line({ bytes: rest }, depth + 1, paint.dim('structure')))
  return lines
}

/** The title of the columns. */
export const columns = '    at  bytes'

function line({ offset, bytes, text }: Omit<Part, 'name'>, depth: number, name: string): string {
  const shown = text === undefined ? '' : `  ${printable(text)}`
  return `${String(offset ?? '').padStart(6)} ${String(bytes).padStart(6)}  ${'  '.repeat(depth)}${name}${shown}`
}
