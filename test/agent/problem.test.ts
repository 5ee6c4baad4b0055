import {
  type Agent,
  asError,
  badLang,
  contactBook,
  type Draft,
  firstOf,
  isProblemCode,
  isProblemOf,
  languages,
  memorySeenStore,
  PROBLEM_REPORT,
  ProblemError,
  readProblem,
  type Unpacked,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Party, party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const agents: Agent[] = []

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close()
})

async function pair(bobOptions: Parameters<typeof party>[2] = {}): Promise<{ alice: Party; bob: Party }> {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = party('a', [network.transport('alice')], { contacts, seen: memorySeenStore() })
  const bob = party('b', [network.transport('bob')], { contacts, seen: memorySeenStore(), ...bobOptions })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  agents.push(alice.agent, bob.agent)
  await alice.agent.start()
  await bob.agent.start()
  return { alice, bob }
}

/** Sends several messages of one thread to Bob, whose handler always fails, and returns the codes that come back. */
async function failing(code: string, times: number, bobOptions: Parameters<typeof party>[2] = {}): Promise<unknown[]> {
  const { alice, bob } = await pair(bobOptions)
  const codes: unknown[] = []
  alice.agent.on(PROBLEM_REPORT, ({ message }) => void codes.push(message.body['code']) as undefined)
  bob.agent.on(NOTE, () => {
    throw new ProblemError(code, 'No')
  })
  for (let i = 0; i < times; i++) await alice.agent.send({ type: NOTE, thid: 'one-thread' }, { to: bob.did })
  // Another thread, whose answer comes behind the others.
  await alice.agent.request({ type: NOTE }, { to: bob.did })
  return codes
}

describe('a problem report', () => {
  it('has what its reader needs [P1, P2, P3, P4, P11]', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new ProblemError(
        'e.p.xfer.cant-use-endpoint',
        'Unable to use {1} on {2}',
        ['https://x', '8080', 'today'],
        'mailto:a@b',
      )
    })
    const { message } = await alice.agent.request({ type: NOTE }, { to: bob.did })
    expect(message).toMatchObject({ type: PROBLEM_REPORT, pthid: expect.any(String), ack: [message.pthid] })
    expect(readProblem(message)).toEqual({
      code: 'e.p.xfer.cant-use-endpoint',
      text: 'Unable to use https://x on 8080, today',
      args: ['https://x', '8080', 'today'],
      escalateTo: 'mailto:a@b',
      isError: true,
    })
  })

  it.each([
    ['{1} and {2}', ['a'], 'a and ?'],
    ['{1} and {2}', [null, 'b'], '? and b'],
    ['{2}', ['a', 'b', 'c'], 'b, a, c'],
    ['nothing', [], 'nothing'],
    ['{0} {x} {9999}', ['a'], '? {x} {9999}, a'],
    [undefined, ['a'], 'a'],
    ['{1}', 'no list', '?'],
    ['{1}', [[{ toString: 1 }]], '?'],
    ['{1} {2}', [7, { toString: 1 }], '7 ?'],
  ])('puts arguments into %s [P3]', (comment, args, text) => {
    expect(
      readProblem({ body: { code: 'w.m.x', ...(comment !== undefined && { comment }), args: args as string[] } })?.text,
    ).toBe(text)
  })

  it('makes a text of bounded length of a comment that names its longest argument over and over', () => {
    const body = { code: 'e.m.x', comment: '{1}'.repeat(100_000), args: ['a'.repeat(16_000)] }
    expect(readProblem({ body })?.text).toMatch(/^a{16000}\?{384}$/)
  })

  it('answers a warning that is an error here, in the same thread and no narrower scope [P7]', async () => {
    const warning = readProblem({
      body: { code: 'w.get-pay-details.payment-failed', comment: 'No {1}', args: ['money'] },
    })
    if (!warning) throw new Error('a warning')
    expect(asError(warning)).toMatchObject({ code: 'e.get-pay-details.payment-failed', message: 'No money' })
    expect(asError(warning, 'protocol').code).toBe('e.p.payment-failed')
    expect(() => asError({ ...warning, isError: true })).toThrow(TypeError)
    const { alice, bob } = await pair()
    bob.agent.on(PROBLEM_REPORT, ({ message }) => {
      const problem = readProblem(message)
      if (problem && !problem.isError) throw asError(problem)
      return undefined
    })
    const body = { code: 'w.m.payment-failed', comment: 'No' }
    const events = await new Promise<unknown>((resolve) => {
      alice.agent.on(PROBLEM_REPORT, ({ message }) => void resolve([message.pthid, message.body['code']]) as undefined)
      void alice.agent.send({ type: PROBLEM_REPORT, pthid: 'another-thread', body }, { to: bob.did })
    })
    expect(events).toEqual(['another-thread', 'e.m.payment-failed'])
  })

  it('has a code by families [P5, P6]', () => {
    expect(isProblemOf('e.p.xfer.cant-use-endpoint', 'e.p.xfer')).toBe(true)
    expect(isProblemOf('e.p.xfer', 'e.p.xfer')).toBe(true)
    expect(isProblemOf('e.p.xferred', 'e.p.xfer')).toBe(false)
    expect(readProblem({ body: { code: 'w.p.x' } })?.isError).toBe(false)
    expect(readProblem({ body: {} })).toBeUndefined()
    for (const code of [
      'e.p.req.max-errors-exceeded',
      'w.get-pay-details.payment-failed',
      'e.m.me.res.storage.message_too_big',
    ]) {
      expect(isProblemCode(code), code).toBe(true)
    }
    for (const code of ['e', 'e.p', 'x.p.msg', 'e.P.msg', 'e..msg', 'e.p.msg.', 'e.p.-msg']) {
      expect(isProblemCode(code), code).toBe(false)
    }
  })
})

describe('errors about errors', () => {
  it('end with one that says so when too many would go, and then nothing is said [P8, P10]', async () => {
    const codes = await failing('e.p.msg', 9)
    expect(codes).toEqual([...Array(5).fill('e.p.msg'), 'e.p.req.max-errors-exceeded'])
  })

  it('end after as many as the agent was told', async () => {
    expect(await failing('e.p.msg', 4, { maxErrorsPerThread: 1 })).toEqual(['e.p.msg', 'e.p.req.max-errors-exceeded'])
  })

  it('are not warnings, of which there may be any number', async () => {
    expect(await failing('w.p.msg', 9)).toEqual(Array(9).fill('w.p.msg'))
  })

  it('end with one that says so when too many have come [P9]', async () => {
    const { alice, bob } = await pair()
    const codes: unknown[] = []
    alice.agent.on(PROBLEM_REPORT, ({ message }) => void codes.push([message.pthid, message.body['code']]) as undefined)
    const report: Draft = { type: PROBLEM_REPORT, pthid: 'one-thread', body: { code: 'e.p.msg', comment: 'No' } }
    bob.agent.on(NOTE, () => ({ type: NOTE }))
    for (let i = 0; i < 8; i++) await alice.agent.send(report, { to: bob.did })
    await alice.agent.request({ type: NOTE }, { to: bob.did })
    expect(codes).toEqual([['one-thread', 'e.p.req.max-errors-exceeded']])
  })

  it('between two agents that answer each report with another come to an end [P8, P9, P10]', async () => {
    const { alice, bob } = await pair()
    const answer = (): never => {
      throw new ProblemError('e.p.msg', 'No, you')
    }
    alice.agent.on(PROBLEM_REPORT, answer)
    bob.agent.on(PROBLEM_REPORT, answer)
    await alice.agent.send({ type: PROBLEM_REPORT, pthid: 'one-thread', body: { code: 'e.p.msg' } }, { to: bob.did })
    const sent = () => alice.agent.counters().sent + bob.agent.counters().sent
    let before = -1
    await vi.waitFor(() => {
      const now = sent()
      const still = now === before
      before = now
      expect(still).toBe(true)
    }, 5000)
    expect(sent()).toBeLessThan(20)
  })

  it('in one thread leave the others alone', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new ProblemError('e.p.msg', 'No')
    })
    for (let i = 0; i < 7; i++) await alice.agent.send({ type: NOTE, thid: 'a-thread' }, { to: bob.did })
    const { message } = await alice.agent.request({ type: NOTE }, { to: bob.did })
    expect(message.body['code']).toBe('e.p.msg')
  })
})

describe('a trace header', () => {
  it('is ignored: nothing is sent to where it points [P12]', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => undefined)
    await alice.agent.send({ type: NOTE, trace: { target: 'memory:alice' } }, { to: bob.did })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 0 })
  })
})

describe('languages', () => {
  const received = (sender: string, thid: string, headers: object = {}): Unpacked => ({
    message: { id: '1', type: NOTE, thid, body: {}, ...headers },
    sender,
    encrypted: true,
    nonRepudiable: false,
    encoding: 'json',
    layers: [],
  })

  it('hold for the thread in which they were said, and its sender, until they are changed [R2]', () => {
    const known = languages()
    expect(known.of(received('did:example:a', 't1'))).toEqual([])
    expect(known.of(received('did:example:a', 't1', { 'accept-lang': ['fr', 'en', 7] }))).toEqual(['fr', 'en'])
    expect(known.of(received('did:example:a', 'T1'))).toEqual(['fr', 'en'])
    expect(known.of(received('did:example:a', 't2'))).toEqual([])
    expect(known.of(received('did:example:b', 't1'))).toEqual([])
    expect(known.of(received('did:example:a', 't1', { 'accept-lang': ['de'] }))).toEqual(['de'])
    const tooMuch = ['x'.repeat(65), ...Array(100).fill('de-DE-1996')]
    expect(known.of(received('did:example:a', 't1', { 'accept-lang': tooMuch }))).toEqual(Array(32).fill('de-DE-1996'))
  })

  it('that nobody reads are a warning, or an error where they are vital [R4, P13]', () => {
    expect(badLang('tlh')).toMatchObject({ code: 'w.msg.bad-lang', args: ['tlh'] })
    expect(badLang('tlh', { isVital: true }).code).toBe('e.msg.bad-lang')
  })
})
