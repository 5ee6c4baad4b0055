import { threadId } from '../message/index.ts'
import type { Draft, Message } from '../message/message.ts'

/** The message type of problem reports. */
export const PROBLEM_REPORT = 'https://didcomm.org/report-problem/2.0/problem-report'

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

  /** @param comment a sentence that belongs to `code`; `{1}`, `{2}` … stand for `args` */
  constructor(code: string, comment: string, args: readonly string[] = []) {
    super(comment)
    this.code = code
    this.args = args
  }
}

/** Makes the problem report that answers `message`. */
export function problemReport(problem: ProblemError, message: Message): Draft {
  return {
    type: PROBLEM_REPORT,
    pthid: threadId(message),
    ack: [message.id],
    body: { code: problem.code, comment: problem.message, ...(problem.args.length > 0 && { args: [...problem.args] }) },
  }
}
