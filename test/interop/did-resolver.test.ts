import { Resolver } from 'did-resolver'
import { getResolver } from 'key-did-resolver'
import { describe, expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  type DidResolver,
  didJwk,
  didKey,
  didPeer,
  firstOf,
  fromDidResolver,
  toDidResolver,
} from '../../runtime/did/index.ts'

/** The `did-resolver` package and its methods, plugged into ours and the other way round. */

const key = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const theirs = new Resolver(getResolver())

describe('their resolver as one of our methods', () => {
  const resolve = firstOf(fromDidResolver('key', theirs), fromDidResolver('web', theirs))

  test('finds the keys that ours finds', async () => {
    const bytes = async (document: ReturnType<typeof resolve>) =>
      authenticationKeys(await document).map((one) => one.bytes)
    expect(await bytes(resolve(key))).toStrictEqual(await bytes(firstOf(didKey(crypto))(key)))
  })

  test('a method that they do not have is not found', async () => {
    await expect(resolve('did:web:example.com')).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  const answering = (error: string | undefined, didDocument: unknown, didDocumentMetadata = {}): DidResolver => ({
    resolve: async () => ({ didResolutionMetadata: error ? { error } : {}, didDocument, didDocumentMetadata }),
  })
  test.each([
    ['invalidDid', 'ERR_DID_MALFORMED'],
    ['notFound', 'ERR_DID_NOT_FOUND'],
    ['internalError', 'ERR_TRANSPORT_UNREACHABLE'],
    ['__proto__', 'ERR_TRANSPORT_UNREACHABLE'],
  ])('the error %s becomes %s', async (error, code) => {
    await expect(fromDidResolver('key', answering(error, null)).resolve(key)).rejects.toMatchObject({ code })
  })

  test('the document of another DID is refused, and a deactivated DID is not found', async () => {
    for (const document of [null, {}, 'text', { id: 'did:key:other' }]) {
      const { resolve: asked } = fromDidResolver('key', answering(undefined, document))
      await expect(asked(key)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    }
    const gone = fromDidResolver('key', answering(undefined, { id: key }, { deactivated: true }))
    await expect(gone.resolve(key)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  test('a resolver that throws is one that was not reached', async () => {
    const failing = fromDidResolver('key', { resolve: () => Promise.reject(new Error('socket')) })
    await expect(failing.resolve(key)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  })
})

describe('our methods in their resolver', () => {
  const ours = toDidResolver(firstOf(didKey(crypto), didPeer(crypto), didJwk()))
  // Their document types name fewer members than ours: what crosses is JSON.
  const registry = { key: ours.resolve, peer: ours.resolve, jwk: ours.resolve } as ConstructorParameters<
    typeof Resolver
  >[0]
  const resolver = new Resolver(registry)

  test('documents come through, for DIDs and DID URLs', async () => {
    const { didDocument, didResolutionMetadata } = await resolver.resolve(`${key}#key`)
    expect(didResolutionMetadata.error).toBeUndefined()
    expect(didDocument).toStrictEqual(await firstOf(didKey(crypto))(key))
  })

  test.each([
    ['did:key:z0', 'invalidDid'],
    ['did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd', 'notFound'],
  ])('%s fails with %s', async (did, error) => {
    const result = await resolver.resolve(did)
    expect(result).toMatchObject({ didDocument: null, didResolutionMetadata: { error } })
  })

  test('what is no DID fails with invalidDid', async () => {
    expect((await ours.resolve('alice')).didResolutionMetadata.error).toBe('invalidDid')
  })
})

describe('a resolver that does not keep to the interface', () => {
  test.each([
    ['throws at once', () => expect.fail('broken')],
    ['answers nothing', async () => undefined],
  ])('and %s is one to try again, or has no document', async (_, resolve) => {
    const broken = { resolve } as unknown as DidResolver
    const failing = fromDidResolver('example', broken).resolve('did:example:a')
    await expect(failing).rejects.toMatchObject({ name: 'DidCommError' })
  })
})
