import { describe, expect, test } from 'vitest'
import { encodeBase64url, encodeUtf8 } from '../../runtime/bytes/index.ts'
import { createDidJwk, type DidDocument, didJwk, keyAgreementKeys, type PublicJwk } from '../../runtime/did/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { sharedVectors } from '../vectors.ts'

const { resolve } = didJwk()
const x25519: PublicJwk = { kty: 'OKP', crv: 'X25519', use: 'enc', x: '3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08' }
const ed25519: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const didOfText = (text: string): string => `did:jwk:${encodeBase64url(encodeUtf8(text))}`

const vectors = sharedVectors<{ vectors: { did: string; jwk: PublicJwk; didDocument: DidDocument }[] }>(
  'dids/did_jwk.json',
)

describe('did:jwk', () => {
  test.runIf(vectors)('each published DID resolves to its document, and is made from its key', async () => {
    for (const { did, jwk, didDocument } of vectors!.vectors) {
      expect(await resolve(did)).toStrictEqual(didDocument)
      expect(createDidJwk(jwk)).toBe(did)
    }
  })

  test('a key for encryption is for key agreement only, and its id is the DID and #0', async () => {
    const did = createDidJwk(x25519)
    const document = await resolve(did)
    expect(keyAgreementKeys(document).map(({ kid, curve }) => [kid, curve])).toStrictEqual([[`${did}#0`, 'X25519']])
    expect(document.authentication).toBeUndefined()
  })

  test('a key for signatures is not for key agreement', async () => {
    const document = await resolve(createDidJwk({ ...ed25519, use: 'sig' }))
    expect(document.keyAgreement).toBeUndefined()
    expect(document.authentication).toStrictEqual([`${document.id}#0`])
  })

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])('a private member "%s" is refused', async (name) => {
    const jwk = { ...ed25519, [name]: 'AAAA' }
    await expect(resolve(didOfText(JSON.stringify(jwk)))).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    expect(() => createDidJwk(jwk)).toThrow(expect.objectContaining({ code: 'ERR_DID_MALFORMED' }))
  })

  test.each([
    ['no object', '[]'],
    ['no JSON', '{'],
    ['a member twice', '{"kty":"OKP","crv":"X25519","crv":"Ed25519","x":"AA"}'],
    ['another use', JSON.stringify({ ...ed25519, use: 'both' })],
    ['a short coordinate', JSON.stringify({ ...ed25519, x: 'AAAA' })],
    ['a wrong kind', JSON.stringify({ ...ed25519, kty: 'EC' })],
  ])('%s is malformed', async (_, text) => {
    await expect(resolve(didOfText(text))).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test.each(['X448', { toString: 1 }, [ed25519.crv], null])(
    'a curve that is not known here, such as %j, is not found',
    async (crv) => {
      const did = didOfText(JSON.stringify({ ...ed25519, crv }))
      await expect(resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    },
  )

  test('a DID that was cut short or changed throws nothing but DidCommError', async () => {
    const did = createDidJwk(ed25519)
    for (let at = 0; at < did.length; at++) {
      for (const text of [
        did.slice(0, at),
        `${did.slice(0, at)}!${did.slice(at + 1)}`,
        `${did.slice(0, at)}A${did.slice(at + 1)}`,
      ]) {
        const outcome = await resolve(text).then(
          () => true,
          (error) => isDidCommError(error, 'ERR_DID_MALFORMED', 'ERR_DID_NOT_FOUND'),
        )
        expect(outcome).toBe(true)
      }
    }
  })
})
