import { threadId } from '../message/index.ts'
import type { Draft, Json, Message } from '../message/message.ts'

/** The message type of problem reports. */
export const PROBLEM_REPORT = 'https://didcomm.org/report-problem/2.0/problem-report'

/** DIDComm v2.1, "Problem Codes": sorter, scope and at least one descriptor, in lower kebab-case. */
const CODE = /^[ew](?:\.[a-z0-9]+(?:[-_][a-z0-9]+)*){2,}$/

/** The longest text that is made of a report, whose comment may name its longest argument thousands of times. */
const MAX_TEXT_CHARACTERS = 16_384

/**
 * Thrown by a handler to answer a message with a problem report. The message counts as received.
 *
 * @example
 * ```ts
 * import { ProblemError } from 'didcomm-mote'
 * throw new ProblemError('e.p.req.unknown-sensor', 'No sensor {1} here', ['attic'])
 * ```
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  /** `sorter.scope.descriptor`, DIDComm v2.1, "Problem Codes". */
  readonly code: string
  readonly args: readonly string[]
  /** A URI for a person who wants help. */
  readonly escalateTo: string | undefined

  /** @param comment a sentence that belongs to `code`; `{1}`, `{2}` … stand for `args` */
  constructor(code: string, comment: string, args: readonly string[] = [], escalateTo?: string) {
    super(comment)
    this.code = code
    this.args = args
    this.escalateTo = escalateTo
  }
}

/** Makes the problem report that answers `message`, in a thread below `thread`. */
export function problemReport(problem: ProblemError, message: Message, thread: string = threadId(message)): Draft {
  const { code, message: comment, args, escalateTo } = problem
  return {
    type: PROBLEM_REPORT,
    pthid: thread,
    ack: [message.id],
    body: {
      code,
      comment,
      ...(args.length > 0 && { args: [...args] }),
      ...(escalateTo !== undefined && { escalate_to: escalateTo }),
    },
  }
}

/** A problem report as its reader wants it. */
export interface Problem {
  readonly code: string
  /** The comment, with its arguments in their places; at most 16,384 characters. */
  readonly text: string
  readonly args: readonly string[]
  readonly escalateTo?: string
  /** Whether it ends what it is about (`e`), or warns (`w`). */
  readonly isError: boolean
}

/**
 * Reads a problem report; `undefined` where the body is none. A code of another form than the specification's is kept: reports are for people,
 * and some are written in a hurry.
 */
export function readProblem({ body }: Pick<Message, 'body'>): Problem | undefined {
  const { code, comment, args, escalate_to: escalateTo } = body
  if (typeof code !== 'string') return undefined
  const texts = Array.isArray(args) ? args.map(textOf) : []
  return {
    code,
    text: interpolated(typeof comment === 'string' ? comment : '', texts),
    args: texts,
    ...(typeof escalateTo === 'string' && { escalateTo }),
    isError: !code.startsWith('w.'),
  }
}

/**
 * Makes the error that answers a warning which is one here ("Replying to Warnings"): its scope is that of the warning, or the whole protocol.
 *
 * @throws TypeError where `warning` is an error already
 */
export function asError(warning: Problem, scope?: 'protocol'): ProblemError {
  if (warning.isError) throw new TypeError('"warning" expected a problem that is none')
  const [, own = 'p', ...descriptors] = warning.code.split('.')
  return new ProblemError(['e', scope ? 'p' : own, ...descriptors].join('.'), warning.text)
}

/** Tells whether `code` has the form of the specification. */
export function isProblemCode(code: string): boolean {
  return CODE.test(code)
}

/** Tells whether `code` is `family` or below it: `e.p.xfer.cant-use-endpoint` is below `e.p.xfer`. */
export function isProblemOf(code: string, family: string): boolean {
  return code === family || code.startsWith(`${family}.`)
}

/** An argument as a text; a list or an object is none. */
function textOf(arg: Json): string {
  return arg === null || typeof arg === 'object' ? '' : String(arg)
}

/** Puts the arguments into their places: `?` where one is missing, and those that have no place behind. */
function interpolated(comment: string, args: readonly string[]): string {
  const used = new Set<number>()
  let room = MAX_TEXT_CHARACTERS
  const text = comment.slice(0, MAX_TEXT_CHARACTERS).replace(/\{(\d{1,3})\}/g, (_, digits: string) => {
    const index = Number(digits) - 1
    used.add(index)
    const arg = args[index]
    if (arg === undefined || arg === '' || arg.length > room) return '?'
    room -= arg.length
    return arg
  })
  const others = args.filter((_, index) => !used.has(index))
  return [text, ...others]
    .filter((part) => part !== '')
    .join(', ')
    .slice(0, MAX_TEXT_CHARACTERS)
}
