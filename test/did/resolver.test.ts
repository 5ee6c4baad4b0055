import { describe, expect, it } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { cached, type DidDocument, didKey, didPeer, firstOf, type Resolve } from '../../runtime/did/index.ts'
import { DidCommError } from '../../runtime/errors.ts'

const key = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

describe('firstOf', () => {
  const resolve = firstOf(didKey(crypto), didPeer(crypto))

  it('asks the method of the DID', async () => {
    expect((await resolve(key)).id).toBe(key)
    expect((await resolve('did:peer:0z6MkqRYqQiSgvZQdnBytw86Qbs2ZWUkGv22od935YF4s8M7V')).id).toMatch(/^did:peer:0/)
  })

  it('does not know other methods', async () => {
    await expect(resolve('did:web:example.com')).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    await expect(firstOf()(key)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  it.each(['', 'alice', `${key}#key-1`, 'did:key:', `did:key:${'z'.repeat(9000)}`])('refuses %j', async (text) => {
    await expect(resolve(text)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  it('asks the next method of the same name only where the one before does not know the DID', async () => {
    const asked: string[] = []
    const failing = (name: string, code: 'ERR_DID_NOT_FOUND' | 'ERR_DID_MALFORMED') => ({
      method: 'key',
      resolve: async () => {
        asked.push(name)
        throw new DidCommError(code, name)
      },
    })
    expect((await firstOf(failing('a', 'ERR_DID_NOT_FOUND'), didKey(crypto))(key)).id).toBe(key)
    const broken = firstOf(failing('b', 'ERR_DID_MALFORMED'), failing('c', 'ERR_DID_NOT_FOUND'))
    await expect(broken(key)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED', message: 'b' })
    const unknown = firstOf(failing('d', 'ERR_DID_NOT_FOUND'), failing('e', 'ERR_DID_NOT_FOUND'))
    await expect(unknown(key)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND', message: 'e' })
    expect(asked).toStrictEqual(['a', 'b', 'd', 'e'])
  })
})

/** A resolver that says how often it was asked, and that fails when told to. */
function counting(): { resolve: Resolve; asked: string[]; fail: (error: Error | undefined) => void } {
  const asked: string[] = []
  let failure: Error | undefined
  return {
    asked,
    fail: (error) => {
      failure = error
    },
    resolve: async (did): Promise<DidDocument> => {
      asked.push(did)
      if (failure) throw failure
      return { id: did }
    },
  }
}

describe('cached', () => {
  it('resolves a DID once, until its time is over', async () => {
    const { resolve, asked } = counting()
    let nowMs = 5000
    const cachedResolve = cached(resolve, { maxEntries: 8, ttlMs: 1000, now: () => nowMs })
    const document = await cachedResolve('did:a:1')
    nowMs = 5999
    expect(await cachedResolve('did:a:1')).toBe(document)
    expect(asked).toHaveLength(1)
    nowMs = 6000
    await cachedResolve('did:a:1')
    expect(asked).toHaveLength(2)
  })

  it('does not keep a document longer because the clock was set back', async () => {
    const { resolve, asked } = counting()
    let nowMs = 5000
    const cachedResolve = cached(resolve, { maxEntries: 8, ttlMs: 1000, now: () => nowMs })
    await cachedResolve('did:a:1')
    nowMs = 4000
    await cachedResolve('did:a:1')
    expect(asked).toHaveLength(2)
  })

  it('forgets the document that was not used for the longest time', async () => {
    const { resolve, asked } = counting()
    const cachedResolve = cached(resolve, { maxEntries: 2, ttlMs: 1000, now: () => 0 })
    for (const did of ['did:a:1', 'did:a:2', 'did:a:1', 'did:a:3', 'did:a:1', 'did:a:2']) await cachedResolve(did)
    expect(asked).toStrictEqual(['did:a:1', 'did:a:2', 'did:a:3', 'did:a:2'])
  })

  it('lets lookups at the same time share one', async () => {
    const { resolve, asked } = counting()
    const cachedResolve = cached(resolve, { maxEntries: 2, ttlMs: 1000, now: () => 0 })
    const [first, second] = await Promise.all([cachedResolve('did:a:1'), cachedResolve('did:a:1')])
    expect(first).toBe(second)
    expect(asked).toHaveLength(1)
  })

  it('asks again after a failure, of which all who waited hear', async () => {
    const { resolve, asked, fail } = counting()
    const cachedResolve = cached(resolve, { maxEntries: 2, ttlMs: 1000, now: () => 0 })
    fail(new DidCommError('ERR_DID_NOT_FOUND', 'not yet'))
    const both = await Promise.allSettled([cachedResolve('did:a:1'), cachedResolve('did:a:1')])
    expect(both.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected'])
    expect(asked).toHaveLength(1)
    fail(undefined)
    expect(await cachedResolve('did:a:1')).toStrictEqual({ id: 'did:a:1' })
  })

  it('asks again after a resolver that throws at once', async () => {
    let calls = 0
    const cachedResolve = cached(
      () => {
        calls += 1
        throw new DidCommError('ERR_DID_NOT_FOUND', 'no')
      },
      { maxEntries: 2, ttlMs: 1000, now: () => 0 },
    )
    await expect(cachedResolve('did:a:1')).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    await expect(cachedResolve('did:a:1')).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(calls).toBe(2)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses room for %s documents', (maxEntries) => {
    expect(() => cached(counting().resolve, { maxEntries, ttlMs: 1, now: () => 0 })).toThrow(RangeError)
  })
})
