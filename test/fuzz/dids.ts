import { expect } from 'vitest'
import { type SecretJwk, secretKeyFromJwk, secretKeyToJwk } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  canonicalDid,
  createDidPeer4,
  type DidDocument,
  didcommServices,
  didJwk,
  didKey,
  didOf,
  didPeer,
  firstOf,
  fromDidResolver,
  keyAgreementKeys,
  secretKeyFromMultikey,
  secretKeyToMultikey,
} from '../../runtime/did/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { crypto, party, secretJwks } from '../envelope/world.ts'
import { ownVectors, sharedFiles } from '../vectors.ts'
import { changedJson, changedText, withHostile } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** DIDs, their documents, and private keys that are brought in. */

const resolve = firstOf(didKey(crypto), didPeer(crypto), didJwk())

/** Does with a document what everything does with it that a message makes us do. */
export function use(document: DidDocument): void {
  for (const { kid, bytes } of [...keyAgreementKeys(document), ...authenticationKeys(document)]) {
    // A document speaks for nobody else.
    expect(canonicalDid(didOf(kid))).toBe(canonicalDid(document.id))
    expect([32, 33, 49, 65, 67, 97, 133]).toContain(bytes.length)
  }
  for (const { uri, accept, routingKeys } of didcommServices(document)) {
    expect([uri, ...accept, ...routingKeys].every((text) => typeof text === 'string')).toBe(true)
  }
}

const files = [...sharedFiles<unknown>('dids').map(([, content]) => content), ownVectors<unknown>('dids.json')]

/** All DIDs that resolve without a network, anywhere in the vectors. */
export const vectorDids: readonly string[] = [
  ...new Set(JSON.stringify(files).match(/did:(?:key|peer|jwk):[\w.:%-]+/g)),
]

/** All documents in the vectors. */
export const documents: readonly DidDocument[] = documentsIn(files)

function documentsIn(value: unknown): DidDocument[] {
  if (typeof value !== 'object' || value === null) return []
  const { id, verificationMethod } = value as Partial<DidDocument>
  const own = typeof id === 'string' && Array.isArray(verificationMethod) ? [value as DidDocument] : []
  return [...own, ...Object.values(value).flatMap(documentsIn)]
}

/** A DID with its text changed, or what it holds. */
function changedDid(random: Random): string {
  const [did, other] = [random.pick(vectorDids), random.pick(vectorDids)]
  const parts = did.split(/([.:])/)
  const at = random.below(parts.length)
  parts[at] = changedText(parts[at] ?? '', random, other)
  return random.below(4) === 0 ? changedText(did, random, other) : parts.join('')
}

/** DIDs of all methods that hold their own documents. */
export function didTarget(): Target {
  return {
    name: 'DIDs',
    async run(random) {
      const did = changedDid(random)
      const document = await resolve(did)
      expect(document.id).toBe(did)
      use(document)
      return 'resolved'
    },
  }
}

/** did:jwk, did:peer:2 and did:peer:4 around JSON that holds anything, and is encoded as it should be. */
export function heldTarget(): Target {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const service = { t: 'dm', s: { uri: 'http://example.com', a: ['didcomm/v2'], r: ['did:example:x#key-1'] } }
  const jwk = { kty: 'EC', crv: 'P-256', ...{ x: 'A'.repeat(43), y: 'A'.repeat(43) }, use: 'enc' }
  const makers: readonly ((random: Random, change: <T extends object>(value: T) => T) => string)[] = [
    (_, change) => `did:jwk:${encoded(change(jwk))}`,
    (_, change) =>
      `did:peer:2.Ez6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc.S${encoded(change({ ...service, s: change(service.s) }))}`,
    (random, change) => {
      const { id: _, ...document } = change(random.pick(documents))
      return createDidPeer4(crypto, document as never).long
    },
  ]
  return {
    name: 'DIDs that hold JSON',
    async run(random) {
      const isBroad = random.below(2) === 0
      const change = <T extends object>(value: T): T =>
        isBroad ? withHostile(value, random) : (changedJson(value as never, random) as T)
      let did: string
      try {
        did = random.pick(makers)(random, change)
      } catch (error) {
        if (error instanceof RangeError) return 'too long to be made'
        throw error
      }
      use(await resolve(did))
      return 'resolved'
    },
  }
}

/** Documents as a resolver brings them from a network. */
export function documentTarget(): Target {
  return {
    name: 'documents',
    async run(random) {
      const [genuine, other] = [random.pick(documents), random.pick(documents)]
      const changed =
        random.below(3) === 0 ? withHostile(genuine, random) : changedJson(genuine as never, random, other as never)
      const did = random.below(2) === 0 ? 'did:web:example.com' : genuine.id
      const document = JSON.parse(JSON.stringify(random.below(2) === 0 ? { ...(changed as object), id: did } : changed))
      const method = fromDidResolver(didOf(did).split(':')[1] ?? '', {
        resolve: async () => ({ didResolutionMetadata: {}, didDocument: document }),
      })
      use(await method.resolve(did))
      return 'used'
    },
  }
}

const owners = [
  party('did:example:a'),
  party('did:example:b', 1, { agreement: 'P-256', signing: 'P-384' }),
  party('did:example:c', 1, { agreement: 'P-521', signing: 'secp256k1' }),
]
const genuineKeys = new Set(
  owners.flatMap(({ keys }) =>
    keys.map(({ curve, secretKey }) => `${curve} ${Buffer.from(secretKey).toString('hex')}`),
  ),
)

/** Private keys as JWKs and Multikeys: whatever is taken is whole, and no error tells of it. */
export function secretTarget(): Target {
  const jwks = owners.flatMap(secretJwks)
  const multikeys = owners.flatMap(({ keys }) => keys.map((key) => secretKeyToMultikey(key, crypto)))
  return {
    name: 'private keys',
    async run(random) {
      const list: readonly object[] = random.below(2) === 0 ? jwks : multikeys
      const [genuine, other] = [random.pick(list), random.pick(list)]
      const changed: object =
        random.below(4) === 0 ? withHostile(genuine, random) : changedJson(genuine as never, random, other as never)
      try {
        const key =
          list === jwks
            ? secretKeyFromJwk(changed as SecretJwk, crypto)
            : secretKeyFromMultikey(changed as Parameters<typeof secretKeyFromMultikey>[0], crypto)
        // Its public half was not changed, or is gone where that is allowed.
        if (list === jwks || 'publicKeyMultibase' in changed) {
          expect(genuineKeys).toContain(`${key.curve} ${Buffer.from(key.secretKey).toString('hex')}`)
        }
        expect(secretKeyToJwk(key, crypto).kid).toBe(key.kid)
        return 'taken'
      } catch (error) {
        if (!isDidCommError(error)) throw error
        const { d, secretKeyMultibase: text = d } = genuine as { d?: string; secretKeyMultibase?: string }
        expect(`${error.message} ${String(error.cause ?? '')}`).not.toContain(String(text).slice(2, 12))
        throw error
      }
    },
  }
}
