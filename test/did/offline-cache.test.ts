import { describe, expect, test } from 'vitest'
import { type DidDocument, type DocumentStore, offlineCached, type StoredDocument } from '../../runtime/did/index.ts'
import { DidCommError, type ErrorCode } from '../../runtime/errors.ts'

const did = 'did:web:gateway.example.com'
const HOUR = 3_600_000

/** A store that holds text, as one on a disk does, and a resolver whose network can be taken away. */
function rig(text = new Map<string, string>()) {
  let nowMs = 1_800_000_000_000
  let failure: ErrorCode | undefined
  let asked = 0
  const store: DocumentStore = {
    get: async (key) => JSON.parse(text.get(key) ?? 'null') as StoredDocument | undefined,
    set: async (key, stored) => void text.set(key, JSON.stringify(stored)),
    delete: async (key) => void text.delete(key),
  }
  const lookUp = async (key: string): Promise<DidDocument> => {
    asked += 1
    if (failure) throw new DidCommError(failure, 'as told')
    return { id: key, version: asked }
  }
  const options = { store, ttlMs: HOUR, maxStaleMs: 24 * HOUR, failureMs: 60_000, now: () => nowMs }
  return {
    text,
    resolve: offlineCached(lookUp, options),
    restarted: () => offlineCached(lookUp, options),
    pass: (ms: number) => {
      nowMs += ms
    },
    fail: (code?: ErrorCode) => {
      failure = code
    },
    asked: () => asked,
  }
}

describe('offlineCached', () => {
  test('a document is used until its time is over, by a program that was restarted as well', async () => {
    const world = rig()
    await world.resolve(did)
    world.pass(HOUR - 1)
    expect(await world.restarted()(did)).toStrictEqual({ id: did, version: 1 })
    world.pass(1)
    expect(await world.resolve(did)).toStrictEqual({ id: did, version: 2 })
  })

  test.each(['ERR_TRANSPORT_UNREACHABLE', 'ERR_TIMEOUT'] as const)(
    'after %s an old document serves within its limit, and not beyond',
    async (code) => {
      const world = rig()
      await world.resolve(did)
      world.fail(code)
      world.pass(24 * HOUR - 1)
      expect(await world.resolve(did)).toStrictEqual({ id: did, version: 1 })
      world.pass(1)
      await expect(world.resolve(did)).rejects.toMatchObject({ code })
    },
  )

  test.each(['ERR_DID_NOT_FOUND', 'ERR_DID_MALFORMED'] as const)(
    'after %s the document is removed, and does not serve when the network goes away later',
    async (code) => {
      const world = rig()
      await world.resolve(did)
      world.pass(HOUR)
      world.fail(code)
      await expect(world.resolve(did)).rejects.toMatchObject({ code })
      expect(world.text.size).toBe(0)
      world.fail('ERR_TRANSPORT_UNREACHABLE')
      world.pass(60_000)
      await expect(world.resolve(did)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    },
  )

  test('a failure is remembered for a short time only', async () => {
    const world = rig()
    world.fail('ERR_DID_NOT_FOUND')
    await expect(world.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    world.fail()
    world.pass(59_999)
    await expect(world.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(world.asked()).toBe(1)
    world.pass(1)
    expect((await world.resolve(did)).id).toBe(did)
  })

  test('a clock that was set back makes no document last longer', async () => {
    const world = rig()
    await world.resolve(did)
    world.pass(-1)
    expect(await world.resolve(did)).toStrictEqual({ id: did, version: 2 })
  })

  test('lookups at the same time share one', async () => {
    const world = rig()
    await Promise.all([world.resolve(did), world.resolve(did), world.resolve(did)])
    expect(world.asked()).toBe(1)
  })

  test('a stale limit below the time of use is a mistake of the program', () => {
    const store: DocumentStore = { get: async () => undefined, set: async () => {}, delete: async () => {} }
    const options = { store, ttlMs: 2, maxStaleMs: 1, failureMs: 1, now: () => 0 }
    expect(() => offlineCached(async (id) => ({ id }), options)).toThrow(RangeError)
  })
})
