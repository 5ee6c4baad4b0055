import { describe, expect, test } from 'vitest'
import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import { crypto as core, memorySecrets, type SecretJwk, secretKeyFromJwk } from '../../runtime/crypto/index.ts'
import type { DidDocument } from '../../runtime/did/document.ts'
import { type EnvelopeContext, unpack, unwrapForward } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { testResolve, testTypes } from '../envelope/world.ts'
import { sharedVectors } from '../vectors.ts'

/**
 * The vectors of the DIDComm specification's appendix and of the sicpa libraries, on all of their curves. They expired in
 * 2018, which is of no concern here: the agent looks at the time, not the envelope.
 */

const crypto = withCurves(core, p256, p384, p521, secp256k1)

interface Jwe {
  protected?: string
  recipients?: { header: { kid: string } }[]
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

function contextFor(documents: readonly DidDocument[], secrets: readonly SecretJwk[]): EnvelopeContext {
  return {
    crypto,
    secrets: memorySecrets(
      crypto,
      secrets.map((jwk) => secretKeyFromJwk(jwk)),
    ),
    resolve: testResolve(documents),
    randomBytes: () => {
      throw new TypeError('nothing here is random')
    },
    types: testTypes,
  }
}

const sicpaSecrets = sharedVectors<SecretJwk[]>('sicpa/secrets.json')
const sicpaDocuments = sharedVectors<Record<string, DidDocument>>('sicpa/diddocs.json')
const positive = sharedVectors<{ name: string; crv: string; jwe: Jwe; plaintext_utf8: string }[]>(
  'sicpa/encrypted_positive.json',
)
const negative = sharedVectors<{ name: string; jwe: Jwe | string }[]>('sicpa/encrypted_negative.json')
const signed = sharedVectors<Record<'positive' | 'negative', { name: string; jws: object }[]>>('sicpa/signed.json')
const onions = sharedVectors<{
  vectors: { to: string; packed: object; layers_after_unwrapping: { plaintext: { body: object } }[] }[]
}>('sicpa/forward_onion.json')

const documents = Object.entries(sicpaDocuments ?? {})
  .filter(([name]) => !name.endsWith('NO_SECRETS'))
  .map(([, document]) => document)
const asAnybody = contextFor(documents, sicpaSecrets ?? [])

describe.skipIf(!sicpaSecrets)('the vectors of the sicpa libraries', () => {
  for (const { name, crv, jwe, plaintext_utf8 } of positive ?? []) {
    const content = JSON.parse(plaintext_utf8)
    // Another JWE within: the combination that DIDComm forbids (Z4).
    const forbidden = 'ciphertext' in content
    test(`${name} on ${crv} ${forbidden ? 'opens where that is allowed' : 'opens'} [${forbidden ? 'A10, Z4' : 'A9, E5, E7, E8, E9'}]`, async () => {
      const allow = forbidden ? (['anoncrypt-authcrypt-signed'] as const) : []
      const opening = unpack(bytesOf(jwe), asAnybody, { allow })
      if (forbidden) {
        await expect(unpack(bytesOf(jwe), asAnybody)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
        return expect(await opening).toMatchObject({ tolerated: allow, nonRepudiable: true })
      }
      const signed = 'payload' in content ? JSON.parse(Buffer.from(content.payload, 'base64url').toString()) : content
      expect((await opening).message).toEqual(signed)
    })
  }

  for (const { name, jwe } of negative ?? []) {
    test(`${name} is rejected with a code [E10, E14, F6]`, async () => {
      const error = await unpack(
        typeof jwe === 'string' ? new TextEncoder().encode(jwe) : bytesOf(jwe),
        asAnybody,
      ).then(
        () => expect.fail('it was opened'),
        (caught: unknown) => caught,
      )
      expect(isDidCommError(error), String(error)).toBe(true)
      expect(error).not.toMatchObject({ code: 'ERR_RECIPIENT_UNKNOWN' })
    })
  }

  for (const { name, jws } of signed?.positive ?? []) {
    test(`${name} verifies [H1, H4]`, async () => {
      expect(await unpack(bytesOf(jws), asAnybody)).toMatchObject({
        sender: 'did:example:alice',
        nonRepudiable: true,
        encrypted: false,
      })
    })
  }

  for (const { name, jws } of signed?.negative ?? []) {
    test(`${name} is rejected with a code`, async () => {
      const error = await unpack(bytesOf(jws), asAnybody).then(
        () => expect.fail('it was opened'),
        (caught: unknown) => caught,
      )
      expect(isDidCommError(error), String(error)).toBe(true)
    })
  }

  for (const { to, packed, layers_after_unwrapping: layers } of onions?.vectors ?? []) {
    test(`the forward onion to ${to} unwraps, layer by layer [L1, L2, L3]`, async () => {
      let bytes = bytesOf(packed)
      for (const { plaintext } of layers) {
        const { message } = await unpack(bytes, asAnybody)
        expect(message).toMatchObject(plaintext)
        if (plaintext !== layers.at(-1)?.plaintext) bytes = unwrapForward(message).payloads[0] ?? expect.fail()
      }
    })
  }
})

interface SpecVector {
  name: string
  file: string
  layers?: string[]
  payload?: object
  plaintext?: object
}

const index = sharedVectors<{ vectors: SpecVector[] }>('spec/index.json')

describe.skipIf(!index)('the appendix of the specification', () => {
  const read = <T>(name: string): T => sharedVectors<T>(name) ?? expect.fail(name)
  const specDocuments = index
    ? [read<DidDocument>('spec/diddoc_alice.json'), read<DidDocument>('spec/diddoc_bob.json')]
    : []
  const specSecrets = index
    ? [...read<SecretJwk[]>('spec/secrets_alice.json'), ...read<SecretJwk[]>('spec/secrets_bob.json')]
    : []
  const context = contextFor(specDocuments, specSecrets)
  for (const { name, file, layers, payload, plaintext } of index?.vectors ?? []) {
    if (!layers) continue
    if (layers.join() !== 'anoncrypt,authcrypt,sign') {
      test(`${name} opens [E5, E6, E7, E8, E9, F3, H1]`, async () => {
        const { message, sender, encrypted, nonRepudiable } = await unpack(bytesOf(read(file)), context)
        expect(message).toEqual(payload ?? plaintext)
        expect({ encrypted, nonRepudiable }).toEqual({
          encrypted: !layers.includes('sign') || layers.length > 1,
          nonRepudiable: layers.includes('sign'),
        })
        expect(sender).toBe(layers.join() === 'anoncrypt' ? undefined : 'did:example:alice')
      })
    } else {
      test(`${name} is refused, and opens where that is allowed [A10, Z4]`, async () => {
        const bytes = bytesOf(read(file))
        await expect(unpack(bytes, context)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
        const allow = ['anoncrypt-authcrypt-signed'] as const
        const opened = await unpack(bytes, context, { allow })
        expect(opened).toMatchObject({ tolerated: allow, sender: 'did:example:alice', message: payload ?? plaintext })
        expect(opened.layers.map(({ kind }) => kind)).toEqual(['anoncrypt', 'authcrypt', 'signed'])
      })
    }
  }
})
