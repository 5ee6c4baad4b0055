import { describe, expect, test } from 'vitest'
import { type EnvelopeContext, pack, packPlaintext, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe, type JweSender } from '../../runtime/envelope/jwe/index.ts'
import type { DidCommError, ErrorCode } from '../../runtime/errors.ts'
import type { Message } from '../../runtime/message/message.ts'
import { contextOf, type Party, party, testSecrets } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const carol = party('did:example:carol')
const everybody = [alice, bob, carol]
const asAlice = contextOf(alice, everybody)
const asBob = contextOf(bob, everybody)
const asCarol = contextOf(carol, everybody)

const message: Message = {
  id: '1234567890',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const onTheWire = { ...message, typ: 'application/didcomm-plain+json' }

const authcrypt = { to: bob.did, from: alice.did }
const anoncrypt = { to: bob.did }

/** Encrypts any bytes for a party, without the rules of `pack`. */
async function encryptFor(recipient: Party, plaintext: Uint8Array, from?: Party): Promise<Uint8Array> {
  const keys = async (owner: Party) => {
    const context = contextOf(owner, [])
    const jwk = context.crypto.x25519
    return owner.keys
      .filter(({ curve }) => curve === 'X25519')
      .map(({ kid, curve, secretKey }) => ({ kid, curve, bytes: jwk.getPublicKey(secretKey) }))
  }
  const sender: JweSender | undefined = from && {
    kid: from.keys[0]?.kid ?? '',
    deriveBits: (publicKey) => testSecrets(from.keys).deriveBits(from.keys[0]?.kid ?? '', publicKey),
  }
  return encryptJwe({ plaintext, recipients: await keys(recipient), ...(sender ? { sender } : {}) }, asAlice)
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

async function codeOf(opening: Promise<unknown>): Promise<ErrorCode | undefined> {
  return opening.then(
    () => undefined,
    (error: DidCommError) => error.code ?? error,
  )
}

const [aliceAgreement, aliceSigning] = alice.keys.map(({ kid }) => kid)
const bobFirst = bob.keys[0]?.kid

describe('what each envelope proves', () => {
  test('a plaintext proves nothing [A1, A5, A9]', async () => {
    const { bytes, mediaType, id } = packPlaintext(message)
    expect({ mediaType, id }).toEqual({ mediaType: 'application/didcomm-plain+json', id: message.id })
    expect(await unpack(bytes, asBob)).toEqual({
      message: onTheWire,
      encrypted: false,
      nonRepudiable: false,
      encoding: 'json',
      layers: [],
    })
  })

  test('a signed message proves its sender to everybody [A2, A9, C3, H3]', async () => {
    const { bytes, mediaType } = await packSigned(message, { from: alice.did }, asAlice)
    expect(mediaType).toBe('application/didcomm-signed+json')
    expect(await unpack(bytes, asCarol)).toEqual({
      message: onTheWire,
      sender: alice.did,
      encrypted: false,
      nonRepudiable: true,
      encoding: 'json',
      layers: [{ kind: 'signed', signerKids: [aliceSigning] }],
    })
  })

  for (const enc of ['A256CBC-HS512', 'XC20P', 'A256GCM'] as const) {
    test(`anoncrypt with ${enc} hides the message and proves no sender [A3, A9, E2, E7, E8, E9]`, async () => {
      const { bytes, mediaType } = await pack(message, { ...anoncrypt, enc }, asAlice)
      expect(mediaType).toBe('application/didcomm-encrypted+json')
      expect(await unpack(bytes, asBob)).toEqual({
        message: onTheWire,
        recipient: bob.did,
        encrypted: true,
        nonRepudiable: false,
        encoding: 'json',
        layers: [{ kind: 'anoncrypt', enc, recipientKid: bobFirst }],
      })
    })
  }

  test('authcrypt proves the sender [A3, A9, B11, C1, E2, F8]', async () => {
    const { bytes } = await pack(message, authcrypt, asAlice)
    expect(await unpack(bytes, asBob)).toEqual({
      message: onTheWire,
      sender: alice.did,
      recipient: bob.did,
      encrypted: true,
      nonRepudiable: false,
      encoding: 'json',
      layers: [{ kind: 'authcrypt', enc: 'A256CBC-HS512', recipientKid: bobFirst, senderKid: aliceAgreement }],
    })
  })

  test('anoncrypt of a signed message proves the signer [A9, A13, A17]', async () => {
    const { bytes } = await pack(message, { to: bob.did, sign: alice.did }, asAlice)
    expect(await unpack(bytes, asBob)).toMatchObject({ sender: alice.did, encrypted: true, nonRepudiable: true })
  })

  test('authcrypt of a message signed by the same sender is accepted [A9, A11, A13]', async () => {
    const signed = await packSigned(message, { from: alice.did }, asAlice)
    const bytes = await encryptFor(bob, signed.bytes, alice)
    expect(await unpack(bytes, asBob)).toMatchObject({ sender: alice.did, encrypted: true, nonRepudiable: true })
  })

  test('anoncrypt of authcrypt proves the sender [A9, G4]', async () => {
    const inner = await pack(message, authcrypt, asAlice)
    const bytes = await encryptFor(bob, inner.bytes)
    expect(await unpack(bytes, asBob)).toMatchObject({ sender: alice.did, encrypted: true, nonRepudiable: false })
  })

  test('each of the recipient’s keys opens the envelope by itself [C6, E4]', async () => {
    const { bytes } = await pack(message, authcrypt, asAlice)
    for (const key of bob.keys.filter(({ curve }) => curve === 'X25519')) {
      const one = contextOf(bob, everybody, { secrets: testSecrets([key]) })
      expect(await unpack(bytes, one)).toMatchObject({ sender: alice.did, recipient: bob.did })
    }
  })

  test('headers named as the members of envelopes are just headers', async () => {
    const odd = { ...message, payload: 'p', signatures: [], ciphertext: 'c', recipients: [] }
    const { bytes } = await pack(odd, authcrypt, asAlice)
    expect((await unpack(bytes, asBob)).message).toMatchObject(odd)
  })
})

describe('several signatures', () => {
  /** Joins the signatures of messages with the same payload. */
  const joined = async (...signers: Party[]): Promise<{ payload: string; signatures: { signature: string }[] }> => {
    const { signJws } = await import('../../runtime/envelope/jws/index.ts')
    const all = await Promise.all(
      signers.map(async (signer) => {
        const kid = signer.keys.find(({ curve }) => curve === 'Ed25519')?.kid ?? expect.fail()
        const sign = (data: Uint8Array) => testSecrets(signer.keys).sign(kid, data)
        return JSON.parse(
          new TextDecoder().decode(await signJws({ payload: json(message), kid, curve: 'Ed25519', sign })),
        )
      }),
    )
    return { payload: all[0].payload, signatures: all.flatMap(({ signatures }) => signatures) }
  }

  test('all of one signer are verified [H2]', async () => {
    const jws = await joined(alice, alice)
    expect(await unpack(json(jws), asBob)).toMatchObject({ sender: alice.did })
    const [, second] = jws.signatures
    if (second) second.signature = `${second.signature.slice(0, 10)}AAAA${second.signature.slice(14)}`
    expect(await codeOf(unpack(json(jws), asBob))).toBe('ERR_ENVELOPE_SIGNATURE')
  })

  test('those of two signers fail with ERR_ENVELOPE_UNSUPPORTED', async () => {
    expect(await codeOf(unpack(json(await joined(alice, carol)), asBob))).toBe('ERR_ENVELOPE_UNSUPPORTED')
  })
})

describe('combinations that DIDComm forbids', () => {
  const forbidden: Record<string, () => Promise<Uint8Array>> = {
    'anoncrypt of authcrypt of signed': async () => {
      const signed = await packSigned(message, { from: alice.did }, asAlice)
      return encryptFor(bob, await encryptFor(bob, signed.bytes, alice))
    },
    'anoncrypt of anoncrypt': async () => encryptFor(bob, (await pack(message, anoncrypt, asAlice)).bytes),
    'authcrypt of anoncrypt': async () => encryptFor(bob, (await pack(message, anoncrypt, asAlice)).bytes, alice),
    'authcrypt of authcrypt': async () => encryptFor(bob, (await pack(message, authcrypt, asAlice)).bytes, alice),
  }
  for (const [what, make] of Object.entries(forbidden)) {
    test(`${what} fails with ERR_ENVELOPE_UNSUPPORTED [A10]`, async () => {
      expect(await codeOf(unpack(await make(), asBob))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    })
  }

  test('signed of encrypted and signed of signed fail with ERR_ENVELOPE_UNSUPPORTED [A10, A13]', async () => {
    const { signJws } = await import('../../runtime/envelope/jws/index.ts')
    const kid = alice.keys[1]?.kid ?? ''
    const sign = (data: Uint8Array) => asAlice.secrets.sign(kid, data)
    for (const inner of [
      await pack(message, anoncrypt, asAlice),
      await packSigned(message, { from: alice.did }, asAlice),
    ]) {
      const bytes = await signJws({ payload: inner.bytes, kid, curve: 'Ed25519', sign })
      expect(await codeOf(unpack(bytes, asBob))).toBe('ERR_ENVELOPE_UNSUPPORTED')
    }
  })
})

describe('addressing', () => {
  const unfit: Record<string, () => Promise<Uint8Array>> = {
    'authcrypt whose "from" is somebody else': () => encryptFor(bob, json({ ...message, from: carol.did }), alice),
    'authcrypt without "from"': () => encryptFor(bob, json({ ...message, from: undefined }), alice),
    'authcrypt whose "to" is somebody else': () => encryptFor(bob, json({ ...message, to: [carol.did] }), alice),
    'anoncrypt whose "to" is somebody else': () => encryptFor(bob, json({ ...message, to: [carol.did] })),
    'a signed message whose "from" is somebody else': async () => {
      const { signJws } = await import('../../runtime/envelope/jws/index.ts')
      const kid = carol.keys[1]?.kid ?? ''
      return signJws({ payload: json(message), kid, curve: 'Ed25519', sign: (data) => asCarol.secrets.sign(kid, data) })
    },
    'a signed message encrypted anew to somebody else': async () => {
      const signed = await packSigned({ ...message, to: [carol.did] }, { from: alice.did }, asAlice)
      return encryptFor(bob, signed.bytes)
    },
    'a message signed without "to" and encrypted': async () => {
      const { to: _, ...unaddressed } = message
      return encryptFor(bob, (await packSigned(unaddressed, { from: alice.did }, asAlice)).bytes)
    },
    'authcrypt of a message signed by another': async () => {
      const signed = await packSigned({ ...message, from: carol.did }, { from: carol.did }, asCarol)
      return encryptFor(bob, signed.bytes, alice)
    },
  }
  const rows: Readonly<Record<string, string>> = {
    'authcrypt whose "from" is somebody else': 'C1, C4',
    'authcrypt without "from"': 'B10, C1, C4',
    'authcrypt whose "to" is somebody else': 'C2, C4',
    'anoncrypt whose "to" is somebody else': 'C2, C4',
    'a signed message whose "from" is somebody else': 'C3, C4',
    'a message signed without "to" and encrypted': 'A15, C4',
    'authcrypt of a message signed by another': 'A12, C3, C4',
  }
  for (const [what, make] of Object.entries(unfit)) {
    test(`${what} fails with ERR_ENVELOPE_ADDRESSING [${rows[what] ?? 'C4'}]`, async () => {
      expect(await codeOf(unpack(await make(), asBob))).toBe('ERR_ENVELOPE_ADDRESSING')
    })
  }

  test('a sender key that the DID does not list for key agreement fails with ERR_ENVELOPE_ADDRESSING [B11, C4]', async () => {
    const revoked = { ...alice, document: { ...alice.document, keyAgreement: [] } }
    const { bytes } = await pack(message, authcrypt, asAlice)
    const context = contextOf(bob, [revoked])
    expect(await codeOf(unpack(bytes, context))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('a signing key that the DID does not list for authentication fails with ERR_ENVELOPE_ADDRESSING [C4, C5, H3]', async () => {
    const revoked = { ...alice, document: { ...alice.document, authentication: [] } }
    const { bytes } = await packSigned(message, { from: alice.did }, asAlice)
    expect(await codeOf(unpack(bytes, contextOf(bob, [revoked])))).toBe('ERR_ENVELOPE_ADDRESSING')
  })

  test('an envelope for somebody else fails with ERR_RECIPIENT_UNKNOWN', async () => {
    const { bytes } = await pack(message, authcrypt, asAlice)
    expect(await codeOf(unpack(bytes, asCarol))).toBe('ERR_RECIPIENT_UNKNOWN')
  })

  test('an own key that our DID no longer lists does not open [C6]', async () => {
    const rotated = { ...bob, document: { ...bob.document, keyAgreement: [] } }
    const { bytes } = await pack(message, authcrypt, asAlice)
    expect(await codeOf(unpack(bytes, contextOf(rotated, [alice])))).toBe('ERR_RECIPIENT_UNKNOWN')
  })

  test('a sender key of low order fails with ERR_ENVELOPE_DECRYPT [E16]', async () => {
    const [key, ...keys] = alice.document.verificationMethod ?? []
    const publicKeyJwk = { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }
    const document = { ...alice.document, verificationMethod: [{ ...(key ?? expect.fail()), publicKeyJwk }, ...keys] }
    const { bytes } = await pack(message, authcrypt, asAlice)
    const short = await pack(message, { ...authcrypt, encoding: 'compact' }, asAlice)
    const context = contextOf(bob, [{ ...alice, document }])
    expect(await codeOf(unpack(bytes, context))).toBe('ERR_ENVELOPE_DECRYPT')
    expect(await codeOf(unpack(short.bytes, context))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('a sender whose DID cannot be resolved fails with ERR_DID_NOT_FOUND', async () => {
    const { bytes } = await pack(message, authcrypt, asAlice)
    expect(await codeOf(unpack(bytes, contextOf(bob, [])))).toBe('ERR_DID_NOT_FOUND')
  })
})

describe('the door', () => {
  test('an envelope over the limit fails with ERR_TOO_LARGE before anything is read', async () => {
    const nothing = {} as EnvelopeContext
    expect(await codeOf(unpack(new Uint8Array(1_048_577), nothing))).toBe('ERR_TOO_LARGE')
    expect(await codeOf(unpack(json(message), nothing, { maxBytes: 10 }))).toBe('ERR_TOO_LARGE')
  })

  test('a first byte that begins no envelope fails with ERR_ENVELOPE_MALFORMED', async () => {
    for (const first of [0x00, 0x1f, 0x20, 0x30, 0x5b, 0x7a, 0x7c, 0x7f]) {
      expect(await codeOf(unpack(Uint8Array.of(first, 0, 0), asBob))).toBe('ERR_ENVELOPE_MALFORMED')
    }
    expect(await codeOf(unpack(new Uint8Array(0), asBob))).toBe('ERR_ENVELOPE_MALFORMED')
  })

  test('a plaintext that is no message fails with ERR_MESSAGE_MALFORMED, in an envelope or without', async () => {
    for (const bad of [json({ id: '1' }), json({ type: 'https://example.com/a/1.0/b', id: 1, body: {} })]) {
      expect(await codeOf(unpack(bad, asBob))).toBe('ERR_MESSAGE_MALFORMED')
      expect(await codeOf(unpack(await encryptFor(bob, bad), asBob))).toBe('ERR_MESSAGE_MALFORMED')
    }
    expect(await codeOf(unpack(await encryptFor(bob, Uint8Array.of(0xd0)), asBob))).toBe('ERR_MESSAGE_MALFORMED')
  })
})

describe('mistakes of the caller', () => {
  const mistakes: Record<string, () => Promise<unknown>> = {
    'a "from" that the message does not have': () => pack({ ...message, from: carol.did }, authcrypt, asAlice),
    'authcrypt in JSON without "from"': () => pack({ id: '1', type: message.type, body: {} }, authcrypt, asAlice),
    'a "to" that the message does not name': () => pack({ ...message, to: [carol.did] }, anoncrypt, asAlice),
    'JSON without an id': () => pack({ type: message.type, body: {} }, anoncrypt, asAlice),
    'both "from" and "sign"': () => pack(message, { ...authcrypt, sign: alice.did }, asAlice),
    'a signer who is not the sender': () => pack(message, { to: bob.did, sign: carol.did }, asCarol),
    'a signed message without "to"': () => {
      const { to: _, ...unaddressed } = message
      return pack(unaddressed, { to: bob.did, sign: alice.did }, asAlice)
    },
    'JSON for several DIDs': () => pack(message, { ...anoncrypt, to: [bob.did, carol.did] }, asAlice),
  }
  const rows: Readonly<Record<string, string>> = {
    'both "from" and "sign"': ' [A11]',
    'a signed message without "to"': ' [A14, A15]',
    'authcrypt in JSON without "from"': ' [B10]',
  }
  for (const [what, call] of Object.entries(mistakes)) {
    test(`${what} is a TypeError${rows[what] ?? ''}`, async () => {
      await expect(call()).rejects.toThrow(TypeError)
    })
  }

  test('a sender whose key is not here fails with ERR_KEY_NOT_FOUND', async () => {
    expect(await codeOf(pack(message, authcrypt, asCarol))).toBe('ERR_KEY_NOT_FOUND')
    expect(await codeOf(packSigned(message, { from: alice.did }, asCarol))).toBe('ERR_KEY_NOT_FOUND')
  })

  test('of several sender keys one is used whose secret is here', async () => {
    const asDevice = contextOf(bob, everybody, { secrets: testSecrets(bob.keys.slice(1)) })
    const { bytes } = await pack(
      { ...message, from: bob.did, to: [alice.did] },
      { from: bob.did, to: alice.did },
      asDevice,
    )
    expect(await unpack(bytes, asAlice)).toMatchObject({ sender: bob.did })
  })

  test('a recipient without keys fails with ERR_DID_UNUSABLE', async () => {
    const keyless = { ...bob, document: { ...bob.document, keyAgreement: [] } }
    expect(await codeOf(pack(message, anoncrypt, contextOf(alice, [keyless])))).toBe('ERR_DID_UNUSABLE')
  })
})
