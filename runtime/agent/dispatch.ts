import { canonicalDid } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { threadId, typeKey } from '../message/index.ts'
import type { Draft, Message } from '../message/message.ts'
import type { Packet } from '../transport.ts'
import { type Acks, acknowledged, isPureAck, withAcks } from './acks.ts'
import type { AgentEvent } from './event.ts'
import type { LiveConnections } from './live.ts'
import { PROBLEM_REPORT, ProblemError, problemReport } from './problem.ts'
import { MAX_ERRORS_EXCEEDED, ProblemGuard, type Verdict } from './problem-guard.ts'
import type { Connection, Handler } from './protocol.ts'
import type { Refusals } from './refusals.ts'

/** Somebody who waits for the next message of a thread. */
export interface Waiter {
  /** In canonical form. */
  from: string
  /** Also takes a message that only acknowledges: the question asked for that. */
  takesAcks: boolean
  resolve(reply: Unpacked): void
  reject(error: DidCommError): void
}

/** A reply on its way; `sent` is in an object because what a promise holds is waited for. */
export interface Answer {
  readonly sent: Promise<void>
}

/** The way back for replies; without `reply` each takes its own. */
type Back = { [name in 'reply' | 'persistent']: Packet[name] | undefined }

export interface DispatchOptions {
  /** By `typeKey`. */
  handlers: ReadonlyMap<string, Handler>
  /** By thread, in lower case. */
  waiters: ReadonlyMap<string, Waiter>
  acks?: Acks
  refusals?: Refusals
  maxErrorsPerThread: number
  live: LiveConnections
  /** Packs a reply and begins to send it, over `back` or by its own way. */
  answer: (reply: Draft, received: Unpacked, back: Packet['reply']) => Promise<Answer>
  /** Packs a message for the sender and sends it over `back`, in a thread of its own. */
  push: (draft: Draft, received: Unpacked, back: NonNullable<Packet['reply']>) => Promise<void>
  /** Lets a task go on by itself. */
  background: (task: Promise<void>) => void
  report: (event: AgentEvent) => void
}

/** The thread that a message is about: a problem report begins one of its own, below that of its problem. */
function threadOf(message: Message): string {
  const { pthid } = message
  const isReport = typeKey(message.type) === typeKey(PROBLEM_REPORT)
  return (isReport && pthid !== undefined ? pthid : threadId(message)).toLowerCase()
}

/**
 * Makes what is done with a message that was opened: who waits for it gets it, or else the handler of its type, and a reply goes back. The
 * returned function rejects where the message was not handled.
 */
export function dispatcher(options: DispatchOptions): (received: Unpacked, packet: Packet) => Promise<void> {
  const { handlers, waiters, live, answer, push, background, report, refusals } = options
  const guard = new ProblemGuard(options.maxErrorsPerThread)

  function waiterFor(thread: string, { message, sender }: Unpacked): Waiter | undefined {
    const waiter = waiters.get(thread)
    if (!waiter || sender === undefined || canonicalDid(sender) !== waiter.from) return undefined
    return isPureAck(message) && !waiter.takesAcks ? undefined : waiter
  }

  function problem(error: ProblemError, message: Message, thread: string, conversation: string): Draft | undefined {
    const verdict = error.code.startsWith('e.') ? guard.count(conversation) : 'go on'
    if (verdict === 'silent') return undefined
    return problemReport(verdict === 'go on' ? error : tooMany(), message, thread)
  }

  async function handle(
    received: Unpacked,
    thread: string,
    connection: Connection | undefined,
  ): Promise<Draft | undefined> {
    const { message, sender } = received
    const conversation = `${canonicalDid(sender ?? '')} ${thread}`
    const handler = handlers.get(typeKey(message.type))
    if (!handler) throw new DidCommError('ERR_MESSAGE_UNHANDLED', `no protocol here handles ${message.type}`)
    let reply: Draft | undefined
    try {
      reply = await handler(received, connection)
    } catch (error) {
      if (error instanceof ProblemError) return problem(error, message, thread, conversation)
      throw error
    }
    const verdict = counted(message, conversation)
    if (verdict === 'too many') return problemReport(tooMany(), message, thread)
    return guard.isSilent(conversation) ? undefined : reply
  }

  /** Counts an error that the other side reports. */
  function counted({ type, body: { code } }: Message, conversation: string): Verdict {
    if (typeKey(type) !== typeKey(PROBLEM_REPORT) || typeof code !== 'string' || code.startsWith('w.')) return 'go on'
    if (code !== MAX_ERRORS_EXCEEDED) return guard.count(conversation)
    guard.end(conversation)
    return 'silent'
  }

  /** Sends an answer over `back`, or by its own way. */
  async function respond(draft: Draft | undefined, received: Unpacked, { reply, persistent }: Back): Promise<void> {
    if (!draft) return
    const { sender } = received
    const begun = answer(draft, received, reply)
    // The message itself is settled: its sender asks again if it misses the answer.
    const answered = begun
      .then(({ sent }) => sent)
      .catch((cause) =>
        report({ kind: 'unanswered', ...(sender !== undefined && { to: sender }), type: draft.type, cause }),
      )
    // An exchange ends with this packet. Anything else is not waited for: its transport may not go on before this packet is done.
    if (reply && !persistent) return answered
    background(answered)
    if (reply) await begun.catch(() => undefined)
  }

  async function take(received: Unpacked, packet: Packet, thread: string, back: Back): Promise<void> {
    const { message, sender } = received
    refusals?.check(packet.bytes)
    const ids = acknowledged(message)
    if (ids.length > 0 && sender !== undefined) report({ kind: 'acknowledged', ids, sender })
    const due = options.acks?.due(received) ?? []
    const { reply } = back
    const connection =
      reply && back.persistent
        ? { link: reply, ended: packet.ended, send: (draft: Draft) => push(draft, received, reply) }
        : undefined

    const waiter = waiterFor(thread, received)
    const handled = waiter ? undefined : await handle(received, thread, connection)
    waiter?.resolve(received)
    refusals?.taken(sender)
    await respond(withAcks(handled, due), received, back)
  }

  return async (received, packet) => {
    const { message, sender = '' } = received
    const thread = threadOf(message)
    const reply = live.wayBack(received, packet, thread)
    const back = { reply, persistent: packet.persistent }
    try {
      await take(received, packet, thread, back)
    } catch (failure) {
      const told = refusals?.problemOf(failure, received.sender)
      if (told) await respond(problem(told, message, thread, `${sender} ${thread}`), received, back)
      throw failure
    }
  }
}

function tooMany(): ProblemError {
  return new ProblemError(MAX_ERRORS_EXCEEDED, 'Too many errors in this thread')
}
