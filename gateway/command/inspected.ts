import { isDidCommError } from 'didcomm-mote'
import { explain, type Part } from './explain/index.ts'
import { forwarded, type Opener } from './open.ts'
import { columns, linesOf, type Paint, printable } from './print.ts'

/** One envelope, taken apart and perhaps opened; a message for a mediator has others in it. */
export interface Inspected {
  readonly envelope: Part
  readonly opened?: Awaited<ReturnType<Opener['open']>>
  /** Why it could not be opened. */
  readonly error?: string
  readonly forwarded?: readonly Inspected[]
}

/** As many envelopes may lie in each other. */
const MAX_DEPTH = 8

/**
 * Explains an envelope, opens it where it can, and goes on with those that it is to forward.
 *
 * @throws DidCommError where it is no envelope
 */
export async function inspected(bytes: Uint8Array, opener?: Opener, depth = 1): Promise<Inspected> {
  const envelope = explain(bytes)
  if (!opener) return { envelope }
  try {
    const opened = await opener.open(bytes)
    const payloads = depth < MAX_DEPTH ? (forwarded(opened)?.payloads ?? []) : []
    const inner = await Promise.all(payloads.map((payload) => inspected(payload, opener, depth + 1)))
    return { envelope, opened, ...(inner.length > 0 && { forwarded: inner }) }
  } catch (error) {
    if (!isDidCommError(error)) throw error
    return { envelope, error: `${error.code}: ${error.message}` }
  }
}

/** What a person reads. */
export function linesOfInspected(
  { envelope, opened, error, forwarded: inner = [] }: Inspected,
  paint: Paint,
): string[] {
  const lines = [paint.dim(columns), ...linesOf(envelope, paint)]
  if (error !== undefined) lines.push('', `not opened: ${printable(error)}`)
  if (opened) lines.push('', ...linesOfOpened(opened, paint))
  for (const one of inner) lines.push('', paint.bold('to be forwarded:'), '', ...linesOfInspected(one, paint))
  return lines
}

function linesOfOpened(opened: NonNullable<Inspected['opened']>, paint: Paint): string[] {
  const { message, sender, recipient, encrypted, nonRepudiable, layers } = opened
  const proven = [
    `layers: ${layers.map(({ kind }) => kind).join(' of ') || 'none'}`,
    `sender: ${sender ?? 'not proven'}`,
    ...(recipient === undefined ? [] : [`recipient: ${recipient}`]),
    encrypted ? 'encrypted' : 'not encrypted',
    nonRepudiable ? 'signed: others can be shown who wrote it' : 'not signed',
  ]
  const text = JSON.stringify(message, undefined, 2).split('\n')
  return [paint.bold('opened:'), ...[...proven, ...text].map((line) => `  ${printable(line)}`)]
}
