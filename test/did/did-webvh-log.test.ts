import { describe, expect, test } from 'vitest'
import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { type DidWebvhOptions, didWebvh } from '../../runtime/did/did-webvh.ts'
import { type Draft, type Entry, multihash, proofOf, signer, writeLog } from './webvh-writer.ts'

const nowMs = Date.parse('2026-02-01T00:00:00Z')
const [ann, bob, cid, wit, wat] = [1, 2, 3, 4, 5].map(signer) as [Signer, Signer, Signer, Signer, Signer]
type Signer = ReturnType<typeof signer>

const updateKeys = (...signers: Signer[]) => ({ updateKeys: signers.map(({ multikey }) => multikey) })
const announced = (...signers: Signer[]) => ({ nextKeyHashes: signers.map(({ multikey }) => multihash(multikey)) })
const witnesses = (threshold: number, ...signers: Signer[]) => ({
  witness: { threshold, witnesses: signers.map(({ multikey }) => ({ id: `did:key:${multikey}` })) },
})
const first: Draft = { parameters: updateKeys(ann), signers: [ann] }

function method(log: readonly Entry[], witnessed: unknown = undefined, options: Partial<DidWebvhOptions> = {}) {
  const get = async (url: string) => {
    if (url.endsWith('did-witness.json')) return witnessed && encodeUtf8(JSON.stringify(witnessed))
    return encodeUtf8(log.map((entry) => JSON.stringify(entry)).join('\n'))
  }
  return didWebvh({ crypto, get: get as DidWebvhOptions['get'], now: () => nowMs, ...options })
}

const approval = ({ versionId }: Entry, ...signers: Signer[]) => ({
  versionId,
  proof: signers.map((one) => proofOf(one, { versionId })),
})

async function refusal(drafts: readonly Draft[], witnessed?: (log: Entry[]) => unknown): Promise<string> {
  const { did, log } = writeLog(drafts)
  const error = await method(log, witnessed?.(log))
    .resolve(did)
    .then(
      () => undefined,
      (cause: unknown) => cause,
    )
  expect(error).toMatchObject({ code: 'ERR_DID_MALFORMED' })
  return (error as Error).message
}

describe('a log', () => {
  test('gives its last document, and each earlier one by number, id and time', async () => {
    const drafts = [first, { signers: [ann], state: { more: 2 } }, { signers: [ann], state: { more: 3 } }]
    const { did, log } = writeLog(drafts)
    const { resolve, resolveVersion } = method(log)
    expect(await resolve(did)).toEqual({ id: did, more: 3 })
    expect(await resolveVersion(did, { versionNumber: 2 })).toEqual({ id: did, more: 2 })
    expect(await resolveVersion(did, { versionId: log[0]?.versionId ?? '' })).toEqual({ id: did })
    expect(await resolveVersion(did, { atMs: Date.parse('2026-01-02T23:59:59Z') })).toEqual({ id: did, more: 2 })
    await expect(resolveVersion(did, { atMs: 0 })).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  test('changes its keys by the keys before', async () => {
    const { did, log } = writeLog([first, { parameters: updateKeys(bob), signers: [ann] }, { signers: [bob] }])
    expect(await method(log).resolve(did)).toEqual({ id: did })
    expect(await refusal([first, { parameters: updateKeys(bob), signers: [bob] }])).toContain('authorised key')
    expect(await refusal([first, { parameters: updateKeys(bob), signers: [ann] }, { signers: [ann] }])).toContain(
      'authorised key',
    )
  })

  test('takes several proofs where each is by an authorised key', async () => {
    const both = { parameters: updateKeys(ann, bob), signers: [ann, bob] }
    const { did, log } = writeLog([both])
    expect(await method(log).resolve(did)).toEqual({ id: did })
    expect(await refusal([{ ...both, signers: [ann, cid] }])).toContain('authorised key')
    expect(await refusal([{ ...both, signers: [] }])).toContain('no proof')
  })

  test('whose keys were announced takes those and no others', async () => {
    const announcing = { parameters: { ...updateKeys(ann), ...announced(bob, cid) }, signers: [ann] }
    const next = { parameters: { ...updateKeys(bob), ...announced() }, signers: [bob] }
    const { did, log } = writeLog([announcing, next, { signers: [bob] }])
    expect(await method(log).resolve(did)).toEqual({ id: did })
    for (const parameters of [updateKeys(ann), updateKeys(bob, ann), updateKeys(), {}]) {
      expect(await refusal([announcing, { parameters, signers: [ann] }])).toContain('announced')
    }
    expect(await refusal([announcing, { ...next, signers: [ann] }])).toContain('authorised key')
  })

  test('ends with a deactivation', async () => {
    const end = { parameters: { deactivated: true, updateKeys: [] }, signers: [ann] }
    const { did, log } = writeLog([first, end])
    await expect(method(log).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(await method(log).resolveVersion(did, { versionNumber: 1 })).toEqual({ id: did })
    expect(await refusal([first, { ...end, parameters: { deactivated: true } }, { signers: [ann] }])).toContain(
      'behind the deactivation',
    )
  })

  test('moves where it is portable and says so', async () => {
    const portable = { parameters: { ...updateKeys(ann), portable: true }, signers: [ann] }
    const state = { id: 'did:webvh:{SCID}:example.org', alsoKnownAs: ['did:webvh:{SCID}:example.com'] }
    const { did, log } = writeLog([portable, { state, signers: [ann] }])
    const moved = did.replace('example.com', 'example.org')
    expect(await method(log).resolve(moved)).toMatchObject({ id: moved })
    expect(await refusal([first, { state, signers: [ann] }])).toContain('moved')
    expect(await refusal([portable, { state: { id: state.id }, signers: [ann] }])).toContain('moved')
    const kept = { parameters: { portable: false }, signers: [ann] }
    expect(await refusal([portable, kept, { state, signers: [ann] }])).toContain('moved')
    expect(await refusal([portable, kept, { parameters: { portable: true }, signers: [ann] }])).toContain('portable')
  })

  test.each([
    ['a later entry with an SCID', { scid: '{SCID}' }],
    ['another version of the method', { method: 'did:webvh:0.5' }],
    ['an unknown parameter', { more: 1 }],
    ['keys that are no list', { updateKeys: 'z6Mk' }],
    ['keys that are no texts', { updateKeys: [1] }],
    ['more keys than are read', { updateKeys: Array(65).fill(ann.multikey) }],
    ['a flag that is none', { deactivated: 'yes' }],
    ['witnesses without a threshold', { witness: { witnesses: [{ id: `did:key:${wit.multikey}` }] } }],
    ['a threshold of 0', witnesses(0, wit)],
    ['a threshold above the number of witnesses', witnesses(2, wit)],
    ['a threshold between numbers', witnesses(0.5, wit)],
    ['a witness twice', witnesses(1, wit, wit)],
    ['more witnesses than are read', { witness: { threshold: 1, witnesses: Array(65).fill({ id: 'did:key:z' }) } }],
    ['a witness without an id', { witness: { threshold: 1, witnesses: [{}] } }],
    ['a witness of another method', { witness: { threshold: 1, witnesses: [{ id: 'did:web:example.com' }] } }],
    [
      'a witness with a key for another purpose',
      { witness: { threshold: 1, witnesses: [{ id: 'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc' }] } },
    ],
  ])('with %s is refused', async (_, parameters) => {
    await refusal([first, { parameters, signers: [ann] }])
  })

  test('is refused where its first entry lacks what it must have', async () => {
    expect(await refusal([{ parameters: {}, signers: [ann] }])).toContain('updateKeys')
    expect(await refusal([{ parameters: { ...updateKeys(ann), method: 'did:webvh:2.0' }, signers: [ann] }])).toContain(
      'version',
    )
    expect(await refusal([{ parameters: { ...updateKeys(ann), scid: 1 }, signers: [ann] }])).toContain('SCID')
  })

  test.each([
    ['the same', '2026-01-01T00:00:00Z'],
    ['an earlier', '2025-12-31T00:00:00Z'],
    ['a future', '2026-02-01T00:05:01Z'],
    ['a local', '2026-01-02T00:00:00'],
    ['another', '2026-01-02T00:00:00+01:00'],
    ['no', 'yesterday'],
  ])('with %s time is refused', async (_, versionTime) => {
    expect(await refusal([first, { signers: [ann], versionTime }])).toContain('versionTime')
  })

  test.each(['2026-02-01T00:05:00Z', '2026-01-02T00:00:00.123Z', '2026-01-02T00:00:00+00:00'])(
    'takes the time %s',
    async (versionTime) => {
      const { did, log } = writeLog([first, { signers: [ann], versionTime }])
      expect(await method(log).resolve(did)).toEqual({ id: did })
    },
  )

  test('takes null for a parameter that is not used, as early logs have it', async () => {
    const parameters = { witness: null, nextKeyHashes: null }
    const { did, log } = writeLog([first, { parameters, signers: [ann] }])
    expect(await method(log).resolve(did)).toEqual({ id: did })
  })

  test.each([
    ['type', { type: 'Other' }],
    ['cryptosuite', { cryptosuite: 'eddsa-2022' }],
    ['proofPurpose', { proofPurpose: 'authentication' }],
    ['verificationMethod without a fragment', { verificationMethod: `did:key:${ann.multikey}` }],
    ['verificationMethod of another key', { verificationMethod: `did:key:${ann.multikey}#${bob.multikey}` }],
    ['verificationMethod of another name', { verificationMethod: `did:key:${bob.multikey}#${ann.multikey}` }],
    ['verificationMethod that is none', { verificationMethod: 1 }],
  ])('with a proof of another %s is refused', async (_, changes) => {
    const { did, log } = writeLog([first])
    const [{ proof: __, ...document } = {} as Entry] = log
    const forged = [{ ...document, proof: proofOf(ann, document, changes) }] as unknown as Entry[]
    await expect(method(forged).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    const fair = [{ ...document, proof: proofOf(ann, document) }] as unknown as Entry[]
    expect(await method(fair).resolve(did)).toEqual({ id: did })
  })
})

describe('witnesses', () => {
  const witnessed: Draft = { parameters: { ...updateKeys(ann), ...witnesses(2, wit, wat) }, signers: [ann] }

  test('approve an entry by its version or by a later one', async () => {
    const { did, log } = writeLog([witnessed, { signers: [ann] }])
    const [one, two] = log as [Entry, Entry]
    expect(await method(log, [approval(two, wit, wat)]).resolve(did)).toEqual({ id: did })
    expect(await method(log, [approval(one, wit), approval(two, wit, wat)]).resolve(did)).toEqual({ id: did })
    const few = [
      undefined,
      [],
      {},
      [approval(one, wit, wat)],
      [approval(two, wit)],
      [approval(two, wit, wit)],
      [approval(two, wit, ann)],
      [approval(one, wat), approval(two, wit)],
      [{ ...approval(two, wit, wat), versionId: one.versionId }],
      [{ ...approval(two, wit, wat), proof: {} }],
    ]
    for (const file of few) {
      await expect(method(log, file).resolve(did), JSON.stringify(file)).rejects.toMatchObject({
        code: 'ERR_DID_MALFORMED',
      })
    }
  })

  test('that follow others are brought in by those, and hold for what comes then', async () => {
    const change = { parameters: witnesses(1, cid), signers: [ann] }
    const { did, log } = writeLog([witnessed, change, { signers: [ann] }])
    const [, two, three] = log as [Entry, Entry, Entry]
    expect(await method(log, [approval(two, wit, wat), approval(three, cid)]).resolve(did)).toEqual({ id: did })
    expect(await refusal([witnessed, change], ([, entry]) => [approval(entry as Entry, cid)])).toContain('too few')
    const stale = [approval(two, wit, wat)]
    await expect(method(log, stale).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('that come first in a later entry approve that one', async () => {
    const { did, log } = writeLog([first, { parameters: witnesses(1, wit), signers: [ann] }])
    const [, two] = log as [Entry, Entry]
    expect(await method(log, [approval(two, wit)]).resolve(did)).toEqual({ id: did })
    await expect(method(log).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('approve their own end, and nothing behind it', async () => {
    const end = { parameters: { witness: {} }, signers: [ann] }
    const { did, log } = writeLog([witnessed, end, { signers: [ann] }])
    const [one, two] = log as [Entry, Entry]
    expect(await method(log, [approval(two, wit, wat)]).resolve(did)).toEqual({ id: did })
    await expect(method(log, [approval(one, wit, wat)]).resolve(did)).rejects.toMatchObject({
      code: 'ERR_DID_MALFORMED',
    })
  })
})
