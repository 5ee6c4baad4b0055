import { ProblemError } from '../agent/problem.ts'
import type { Protocol } from '../agent/protocol.ts'
import { canonicalDid } from '../did/index.ts'
import { DidCommError } from '../errors.ts'
import { resolveSenml, type SenmlRecord, threadId } from '../message/index.ts'
import type { Draft, JsonObject, Message } from '../message/message.ts'
import { ACTUATE_CODE, ACTUATE_RESULT_CODE } from '../message/type-codes.ts'
import type { CompactType } from '../message/type-registry.ts'
import type { ActuationResult, ActuationStore } from './actuations.ts'
import { pack, senmlBody } from './telemetry.ts'

export { type ActuationResult, type ActuationStore, memoryActuations } from './actuations.ts'

export const ACTUATE = 'https://didcomm.org/telemetry/1.0/actuate'
export const ACTUATE_RESULT = 'https://didcomm.org/telemetry/1.0/actuate-result'

/** The message types of commands, for both sides. Their bodies are dense, as those of reports. */
export const actuateTypes: readonly CompactType[] = [
  { code: ACTUATE_CODE, type: ACTUATE, body: senmlBody },
  { code: ACTUATE_RESULT_CODE, type: ACTUATE_RESULT, body: senmlBody },
]

const MAX_THREAD_CHARACTERS = 128

export interface ActuateOptions {
  /** The deadline, in seconds since 1970: from then on the command must not be executed. */
  readonly expiresTime: number
  /** The id of the first message of a command, to send it again. The deadline must be the same. Default: a new command. */
  readonly retryOf?: string
}

/** Makes a command: the values that the actuator shall take. The answer is `actuate-result`, or a problem report. */
export function actuate(records: readonly SenmlRecord[], { expiresTime, retryOf }: ActuateOptions): Draft {
  return {
    type: ACTUATE,
    expires_time: expiresTime,
    body: { senml: records as unknown as JsonObject[] },
    ...(retryOf !== undefined && { thid: retryOf }),
  }
}

/**
 * Reads the values that an actuator says it has taken; none where it says no more than that it is done.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function readActuateResult(body: JsonObject): SenmlRecord[] {
  return body['senml'] === undefined ? [] : pack(body)
}

export interface ActuatorOptions {
  /** Milliseconds since 1970, NaN where nobody knows the time: nothing is executed then. */
  readonly now: () => number
  /** Whether `sender`, a DID in canonical form, may give this command. */
  readonly mayActuate: (sender: string, records: readonly SenmlRecord[]) => boolean
  /**
   * Executes a command, of resolved records, and returns the values that are in force now. What it throws is told to the
   * sender: a `ProblemError` as it is, anything else as `e.p.me.failed`.
   */
  readonly execute: (
    records: readonly SenmlRecord[],
    sender: string,
  ) => readonly SenmlRecord[] | undefined | Promise<readonly SenmlRecord[] | undefined>
  readonly store: ActuationStore
  /** How far ahead a deadline may lie. Default: an hour. */
  readonly maxDeadlineMs?: number
}

/**
 * The actuator's side: executes each command at most once, and answers each message of its thread with the one result. It is
 * executed never rather than twice: after a crash in the midst of one nobody knows how it ended, and the answer says so.
 */
export function actuator(options: ActuatorOptions): Protocol {
  const { now, mayActuate, execute, store, maxDeadlineMs = 3600_000 } = options

  async function executed(key: string, records: readonly SenmlRecord[], sender: string): Promise<ActuationResult> {
    let result: ActuationResult
    try {
      const taken = await execute(records, sender)
      result = { kind: 'done', ...(taken && taken.length > 0 && { records: taken }) }
    } catch (error) {
      const known = error instanceof ProblemError
      result = {
        kind: 'failed',
        code: known ? error.code : 'e.p.me.failed',
        comment: known ? error.message : 'The command failed',
      }
    }
    await store.finish(key, result)
    return result
  }

  return {
    types: actuateTypes,
    handlers: {
      [ACTUATE]: async ({ message, sender }) => {
        if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a command of nobody')
        const from = canonicalDid(sender)
        const records = resolveSenml(pack(message.body))
        if (!mayActuate(from, records)) throw new ProblemError('e.p.trust.not-allowed', 'Not for you')
        const expiresMs = deadlineOf(message, now(), maxDeadlineMs)
        const key = `${from} ${threadOf(message)}`
        const known = await store.begin(key, expiresMs, now())
        if (known === 'full') throw new ProblemError('e.p.me.res.commands', 'Too many commands')
        if (known === 'begun') throw new ProblemError('w.p.me.outcome-unknown', 'Begun, and not known to have ended')
        return answerOf(known === 'new' ? await executed(key, records, from) : known)
      },
    },
  }
}

function deadlineOf({ expires_time: expires }: Message, nowMs: number, maxDeadlineMs: number): number {
  if (expires === undefined) throw new ProblemError('e.p.req.time.no-deadline', 'A command needs "expires_time"')
  if (Number.isNaN(nowMs)) throw new ProblemError('e.p.me.no-clock', 'The time is not known here')
  const expiresMs = expires * 1000
  if (expiresMs <= nowMs) throw new ProblemError('e.p.req.time.expired', 'The deadline has passed')
  if (expiresMs > nowMs + maxDeadlineMs) throw new ProblemError('e.p.req.time.too-far', 'The deadline is too far ahead')
  return expiresMs
}

function threadOf(message: Message): string {
  const thread = threadId(message).toLowerCase()
  if (thread.length > MAX_THREAD_CHARACTERS) throw new DidCommError('ERR_MESSAGE_MALFORMED', 'a thread with a long id')
  return thread
}

function answerOf(result: ActuationResult): Draft {
  if (result.kind === 'failed') throw new ProblemError(result.code, result.comment)
  const { records } = result
  return { type: ACTUATE_RESULT, ...(records && { body: { senml: records as unknown as JsonObject[] } }) }
}
