import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64url, encodeUtf8 } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  canonicalDid,
  createDidPeer4,
  type DidDocument,
  decodeMultikey,
  didcommServices,
  didKey,
  didOf,
  didPeer,
  encodeMultikey,
  firstOf,
  type InputDocument,
  isDid,
  keyAgreementKeys,
} from '../../runtime/did/index.ts'
import { DidCommError } from '../../runtime/errors.ts'

const resolve = firstOf(didKey(crypto), didPeer(crypto))

function onlyDidCommError(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(DidCommError)
  }
}

/** Resolves and reads, as everything does that a message makes us do. */
async function use(did: string): Promise<void> {
  try {
    const document = await resolve(did)
    expect(document.id).toBe(did)
    keyAgreementKeys(document)
    authenticationKeys(document)
    didcommServices(document)
  } catch (error) {
    expect(error).toBeInstanceOf(DidCommError)
  }
}

const ED25519 = 'z6MkqRYqQiSgvZQdnBytw86Qbs2ZWUkGv22od935YF4s8M7V'
const X25519 = 'z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc'
const VALID = [
  `did:key:${ED25519}`,
  `did:key:${X25519}`,
  `did:peer:0${ED25519}`,
  `did:peer:2.E${X25519}.V${ED25519}.SeyJ0IjoiZG0iLCJzIjp7InVyaSI6Imh0dHA6Ly9leGFtcGxlLmNvbS9hIn19`,
  createDidPeer4(crypto, { keyAgreement: [{ id: '#1', type: 'Multikey', publicKeyMultibase: X25519 }] }).long,
]

const base58 = fc.string({ unit: fc.constantFrom(...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz') })
const didLike = fc.oneof(
  fc.tuple(fc.constantFrom('did:key:z', 'did:peer:0z', 'did:peer:2.E', 'did:peer:2.Sey', 'did:peer:4zQm'), base58),
  fc.tuple(fc.constantFrom('did:', 'did:key:', 'did:peer:', 'did:peer:2.', ''), fc.string({ unit: 'binary' })),
)

/** Documents out of the members that matter, holding anything. */
const texts = fc.constantFrom('#1', 'did:example:alice#1', '', X25519, ED25519, 'X25519', 'OKP', 'EC', 'P-256', 'AA')
const anything = fc.oneof(
  texts,
  fc.constantFrom<unknown>(null, 7, true, [], {}, ['#1'], [null]),
  fc.jsonValue({ maxDepth: 1 }),
)
const method = fc.record(
  {
    id: fc.oneof(texts, anything),
    type: fc.constantFrom<unknown>('Multikey', 'JsonWebKey2020', 'X25519KeyAgreementKey2019', 'Ed25519', 7),
    publicKeyMultibase: anything,
    publicKeyBase58: anything,
    publicKeyJwk: fc.oneof(anything, fc.record({ kty: texts, crv: texts, x: anything, y: anything })),
  },
  { requiredKeys: ['id', 'type'] },
)
const endpoint = fc.record({ uri: anything, accept: anything, r: anything }, { requiredKeys: [] })
const service = fc.record(
  {
    id: anything,
    type: fc.constantFrom<unknown>('DIDCommMessaging', 'dm', ['DIDCommMessaging'], null),
    serviceEndpoint: fc.oneof(anything, endpoint, fc.array(endpoint)),
    routingKeys: anything,
  },
  { requiredKeys: ['type'] },
)
const someMembers = fc.record(
  {
    verificationMethod: fc.oneof(anything, fc.array(method)),
    keyAgreement: fc.oneof(anything, fc.array(fc.oneof(texts, method))),
    authentication: fc.oneof(anything, fc.array(fc.oneof(texts, method))),
    alsoKnownAs: anything,
    service: fc.oneof(anything, fc.array(service)),
  },
  { requiredKeys: [] },
)

/** Longer ones are refused for their length, which is tested elsewhere. */
const members = someMembers.filter((document) => JSON.stringify(document).length < 500)

describe('whatever comes in, nothing but DidCommError comes out', () => {
  it('of a text taken for a DID', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      didLike.map((parts) => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (did) => {
        isDid(did)
        canonicalDid(did)
        onlyDidCommError(() => didOf(did))
        onlyDidCommError(() => decodeMultikey(did))
        await use(did)
      }),
      { numRuns: 500 },
    )
  })

  it('of a DID with a piece changed', async () => {
    const change = fc.tuple(fc.constantFrom(...VALID), fc.nat(), fc.nat(5), fc.string({ maxLength: 5 }))
    await fc.assert(
      fc.asyncProperty(change, async ([did, at, length, text]) => {
        const start = at % did.length
        await use(did.slice(0, start) + text + did.slice(start + length))
      }),
      { numRuns: 500 },
    )
  })

  it('of any document', () => {
    fc.assert(
      fc.property(members, (document) => {
        const given = { id: 'did:example:alice', ...document } as unknown as DidDocument
        onlyDidCommError(() => keyAgreementKeys(given))
        onlyDidCommError(() => authenticationKeys(given))
        onlyDidCommError(() => didcommServices(given))
      }),
      { numRuns: 1000 },
    )
  })

  it('of any document inside a did:peer:4', async () => {
    await fc.assert(
      fc.asyncProperty(members, async (document) => {
        const { long, short } = createDidPeer4(crypto, document as unknown as InputDocument)
        await use(long)
        await use(short)
      }),
      { numRuns: 100 },
    )
  })

  it('of any service inside a did:peer:2', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, service, fc.array(service)), async (value) => {
        await use(`did:peer:2.E${X25519}.S${encodeBase64url(encodeUtf8(JSON.stringify(value)))}`)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a Multikey', () => {
  it('decodes to what was encoded', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(fc.constantFrom('X25519' as const, 'Ed25519' as const), key, (curve, bytes) => {
        expect(decodeMultikey(encodeMultikey(curve, bytes))).toStrictEqual({ curve, bytes })
      }),
    )
  })
})
