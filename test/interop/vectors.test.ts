import { describe, expect, test } from 'vitest'
import { crypto, secretKeyFromJwk } from '../../runtime/crypto/index.ts'
import type { DidDocument } from '../../runtime/did/document.ts'
import { type EnvelopeContext, unpack, unwrapForward } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { testResolve, testSecrets, testTypes } from '../envelope/world.ts'
import { sharedVectors } from '../vectors.ts'
import type { SecretJwk } from './didcomm-node.ts'

/**
 * The vectors of the DIDComm specification's appendix and of the sicpa libraries, on X25519 and Ed25519. They expired in
 * 2018, which is of no concern here: the agent looks at the time, not the envelope.
 */

interface Jwe {
  protected?: string
  recipients?: { header: { kid: string } }[]
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

function contextFor(documents: readonly DidDocument[], secrets: readonly SecretJwk[]): EnvelopeContext {
  const keys = secrets.filter(({ crv }) => crv === 'X25519' || crv === 'Ed25519')
  return {
    crypto,
    secrets: testSecrets(keys.map(secretKeyFromJwk)),
    resolve: testResolve(documents),
    randomBytes: () => {
      throw new TypeError('nothing here is random')
    },
    types: testTypes,
  }
}

function curveOf(jwe: Jwe): string | undefined {
  const header = Buffer.from(String(jwe.protected ?? ''), 'base64url').toString()
  return /"crv":\s*"([^"]*)"/.exec(header)?.[1]
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
    if (crv === 'X25519') {
      test(`${name} opens`, async () => {
        const { message } = await unpack(bytesOf(jwe), asAnybody)
        expect(message).toEqual(JSON.parse(plaintext_utf8))
      })
    } else {
      test(`${name} is refused, because ${crv} is not supported yet`, async () => {
        await expect(unpack(bytesOf(jwe), asAnybody)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
      })
    }
  }

  for (const { name, jwe } of negative ?? []) {
    // One vector moved an X25519 message to P-256: the reason it is rejected for will change with the curve.
    test(`${name} is rejected with a code`, async () => {
      const error = await unpack(
        typeof jwe === 'string' ? new TextEncoder().encode(jwe) : bytesOf(jwe),
        asAnybody,
      ).then(
        () => expect.fail('it was opened'),
        (caught: unknown) => caught,
      )
      expect(isDidCommError(error), String(error)).toBe(true)
      if (typeof jwe !== 'string' && curveOf(jwe) === 'X25519') {
        expect(error).not.toMatchObject({ code: 'ERR_RECIPIENT_UNKNOWN' })
      }
    })
  }

  for (const { name, jws } of signed?.positive ?? []) {
    const supported = JSON.stringify(jws).includes('did:example:alice#key-1')
    test(`${name} ${supported ? 'verifies' : 'is refused, because its curve is not supported yet'}`, async () => {
      const opening = unpack(bytesOf(jws), asAnybody)
      if (!supported) return expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
      expect(await opening).toMatchObject({ sender: 'did:example:alice', nonRepudiable: true, encrypted: false })
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
    test(`the forward onion to ${to} unwraps, layer by layer`, async () => {
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
  const supported = ['signed_ed25519', 'anoncrypt_x25519_xc20p', 'authcrypt_x25519_a256cbchs512']

  for (const { name, file, layers, payload, plaintext } of index?.vectors ?? []) {
    if (!layers) continue
    if (supported.includes(name)) {
      test(`${name} opens`, async () => {
        const { message, sender, encrypted, nonRepudiable } = await unpack(bytesOf(read(file)), context)
        expect(message).toEqual(payload ?? plaintext)
        expect({ encrypted, nonRepudiable }).toEqual({
          encrypted: !layers.includes('sign') || layers.length > 1,
          nonRepudiable: layers.includes('sign'),
        })
        expect(sender).toBe(layers.includes('anoncrypt') ? undefined : 'did:example:alice')
      })
    } else {
      test(`${name} is refused, because its curve is not supported yet`, async () => {
        await expect(unpack(bytesOf(read(file)), context)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
      })
    }
  }
})
