import { describe, expect, test } from 'vitest'
import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { type DidWebvhOptions, didWebvh, didWebvhUrl } from '../../runtime/did/did-webvh.ts'
import { sharedVectors } from '../vectors.ts'

type Files = Record<string, unknown> & {
  'did.jsonl': { state: { id: string }; versionId: string; versionTime: string }[] | ''
}

interface Vectors {
  positive: Record<string, Record<string, Files>>
  negative: Record<string, Record<string, never>>
}

interface Result {
  didDocument: { id: string; verificationMethod?: unknown } | null
  didDocumentMetadata: { deactivated?: boolean } | null
}

const nowMs = Date.parse('2026-11-23T00:00:00Z')
const vectors = sharedVectors<Vectors>('dids/did_webvh.json')
const scid = 'QmePZQxDW6wr4ohW61LLra4jm8SU3Go6EnCKcVbvzXkNtn'

/** Serves the files of one DID, as a web server does. */
function serving(log: unknown, witnesses?: unknown, options: Partial<DidWebvhOptions> = {}) {
  const asked: string[] = []
  const get = async (url: string) => {
    asked.push(url)
    if (url.endsWith('did-witness.json'))
      return witnesses === undefined ? undefined : encodeUtf8(JSON.stringify(witnesses))
    return encodeUtf8(Array.isArray(log) ? log.map((line) => JSON.stringify(line)).join('\n') : String(log))
  }
  return { asked, method: didWebvh({ crypto, get, now: () => nowMs, ...options }) }
}

describe('the URL of a did:webvh', () => {
  test('is that of its log', () => {
    expect(didWebvhUrl(`did:webvh:${scid}:example.com`)).toBe('https://example.com/.well-known/did.jsonl')
    expect(didWebvhUrl(`did:webvh:${scid}:example.com%3A3000:dids:issuer`)).toBe(
      'https://example.com:3000/dids/issuer/did.jsonl',
    )
  })

  test.each([
    `did:webvh:${scid}`,
    'did:webvh:example.com',
    'did:webvh:Qm0000:example.com',
    `did:web:${scid}:example.com`,
    `did:webvh:${scid}:127.0.0.1`,
    `did:webvh:${scid}:127.0.0.1%3a8080`,
    `did:webvh:${scid}:127%2E0%2E0%2E1`,
    `did:webvh:${scid}:127.0.0.1#x`,
    `did:webvh:${scid}:example.com:..:..:admin`,
    `did:webvh:${scid}:example.com:%2E%2E:admin`,
  ])('is none for %s', (did) => {
    expect(() => didWebvhUrl(did)).toThrow(expect.objectContaining({ code: 'ERR_DID_MALFORMED' }))
  })
})

describe.skipIf(!vectors)('the suite of did:webvh', () => {
  const cases = Object.entries(vectors?.positive ?? {}).flatMap(([name, by]) =>
    Object.entries(by).flatMap(([author, files]) => (files['did.jsonl'] ? [[name, author, files] as const] : [])),
  )

  test.each(cases)('%s by %s resolves', async (name, author, files) => {
    const log = files['did.jsonl'] || []
    const did = log.at(-1)?.state.id ?? ''
    const { method } = serving(log, files['did-witness.json'], { allowBareWitnesses: author === 'rust' })
    const expected = files['resolutionResult.json'] as Result
    // Their change of witnesses is approved by the new ones alone. The specification wants the old ones ("DID Witnesses"), python and rust as well.
    if (name === 'witness-update' && author !== 'rust') {
      return expect(method.resolve(did)).rejects.toMatchObject({
        message: expect.stringContaining('too few witnesses'),
      })
    }
    if (expected.didDocumentMetadata?.deactivated) {
      return expect(method.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    }
    const document = await method.resolve(did)
    expect(document.id).toBe(expected.didDocument?.id)
    expect(document.verificationMethod).toEqual(expected.didDocument?.verificationMethod)
    for (const entry of log) {
      if (entry.state.id !== did) continue
      const version = await method.resolveVersion(did, { versionId: entry.versionId })
      expect(version).toEqual(entry.state)
      expect(await method.resolveVersion(did, { atMs: Date.parse(entry.versionTime) })).toEqual(entry.state)
    }
    await expect(method.resolveVersion(did, { versionNumber: 99 })).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  const attacks = Object.entries(vectors?.negative ?? {}).filter(([, files]) => Array.isArray(files['ts/did.jsonl']))
  test.each(attacks)('%s is refused', async (_, files) => {
    const log = files['ts/did.jsonl'] as unknown as { state: { id: string } }[]
    const { method } = serving(log, files['ts/did-witness.json'])
    await expect(method.resolve(log.at(-1)?.state.id ?? '')).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('a change of any entry is noticed', async () => {
    const files = vectors?.positive['multi-update']?.['ts']
    const log = (files?.['did.jsonl'] || []) as Record<string, unknown>[]
    const did = (log.at(-1) as { state: { id: string } } | undefined)?.state.id ?? ''
    const changes: Record<string, unknown>[] = [
      { versionTime: '2000-01-01T00:00:01Z' },
      { proof: [] },
      { parameters: {} },
      { versionId: '9-Qm' },
      { more: 1 },
    ]
    for (let at = 0; at < log.length; at++) {
      for (const change of changes) {
        const changed = log.map((entry, i) => (i === at ? { ...entry, ...change } : entry))
        await expect(serving(changed).method.resolve(did), JSON.stringify(change)).rejects.toMatchObject({
          code: 'ERR_DID_MALFORMED',
        })
      }
    }
    await expect(serving(log.slice(1)).method.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('a log that asks for witnesses is not valid without them', async () => {
    const log = (vectors?.positive['witness-threshold']?.['ts']?.['did.jsonl'] || []) as { state: { id: string } }[]
    const { method, asked } = serving(log)
    await expect(method.resolve(log.at(-1)?.state.id ?? '')).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    expect(asked).toHaveLength(2)
  })

  test('a witness that is no did:key is refused, where that is not allowed', async () => {
    const files = vectors?.positive['witness-threshold']?.['rust']
    const log = (files?.['did.jsonl'] || []) as { state: { id: string } }[]
    const { method } = serving(log, files?.['did-witness.json'])
    await expect(method.resolve(log.at(-1)?.state.id ?? '')).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('the old name of a DID that has moved has its earlier versions only', async () => {
    const log = (vectors?.positive['portable-move']?.['java']?.['did.jsonl'] || []) as { state: { id: string } }[]
    const [old = '', moved = ''] = log.map(({ state }) => state.id)
    const { method } = serving(log)
    expect(moved).not.toBe(old)
    expect(await method.resolve(moved)).toMatchObject({ id: moved })
    await expect(method.resolve(old)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(await method.resolveVersion(old, { versionNumber: 1 })).toMatchObject({ id: old })
    const other = old.replace('example.com', 'example.net')
    await expect(method.resolve(other)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('a log with more entries than are read is refused', async () => {
    const log = (vectors?.positive['multi-update']?.['ts']?.['did.jsonl'] || []) as { state: { id: string } }[]
    const get = async () => encodeUtf8(log.map((line) => JSON.stringify(line)).join('\n'))
    const method = didWebvh({ crypto, get, now: () => nowMs, maxEntries: 1 })
    await expect(method.resolve(log[0]?.state.id ?? '')).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })
})

describe('a did:webvh', () => {
  const did = `did:webvh:${scid}:example.com`

  test('without a log is not found', async () => {
    const method = didWebvh({ crypto, get: async () => undefined, now: () => nowMs })
    await expect(method.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  test.each(['', '\n', '{', '[]', '{}', '{"versionId":1}', '\ud800'])('with the log %j is malformed', async (log) => {
    await expect(serving(log).method.resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })
})
