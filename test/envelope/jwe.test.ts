import { describe, expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { decryptJwe, type Enc, encryptJwe, parseJwe } from '../../runtime/envelope/jwe/index.ts'
import { deriveKek } from '../../runtime/envelope/jwe/kdf.ts'
import { apvOf } from '../../runtime/envelope/jwe/parse.ts'
import { ownVectors } from '../vectors.ts'
import { seededBytes } from './world.ts'

const context = { crypto, randomBytes: seededBytes('jwe') }
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const fromBase64url = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'base64url'))

function keyPair(kid: string) {
  const secretKey = seededBytes(kid)(32)
  return {
    kid,
    curve: 'X25519',
    bytes: crypto.x25519.getPublicKey(secretKey),
    deriveBits: async (publicKey: Uint8Array) => crypto.x25519.getSharedSecret(secretKey, publicKey),
  }
}

const alice = keyPair('did:example:alice#1')
const bob = [keyPair('did:example:bob#2'), keyPair('did:example:bob#1'), keyPair('did:example:bob#3')] as const

/** A JWE as an object, to be changed by a test. */
async function made(options: { enc?: Enc; authcrypt?: boolean } = {}) {
  const sender = options.authcrypt ? { sender: alice } : {}
  const enc = options.enc ? { enc: options.enc } : {}
  const bytes = await encryptJwe(
    { plaintext: text('Three is a magic number.'), recipients: bob, ...sender, ...enc },
    context,
  )
  return JSON.parse(new TextDecoder().decode(bytes))
}

type Made = Awaited<ReturnType<typeof made>>

function changeHeader(jwe: Made, change: (header: Record<string, unknown>) => void): Made {
  const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString())
  change(header)
  return { ...jwe, protected: Buffer.from(JSON.stringify(header)).toString('base64url') }
}

/** Puts other recipients in, under the `apv` that goes with them. */
function withRecipients(jwe: Made, recipients: { header: { kid: string } }[]): Made {
  return changeHeader({ ...jwe, recipients }, (header) => {
    header['apv'] = Buffer.from(
      apvOf(
        recipients.map(({ header: { kid } }) => ({ kid })),
        crypto,
      ),
    ).toString('base64url')
  })
}

const open = (jwe: Made, key: (typeof bob)[number] = bob[0], senderPublicKey = alice.bytes): Promise<Uint8Array> =>
  decryptJwe(parseJwe(jwe, crypto), { ...key, senderPublicKey }, crypto)

describe('the key derivation', () => {
  interface AppendixB {
    sender: { x: string; d: string }
    recipients_keys: Record<string, { x: string; d: string }>
    jwe: { protected: string; tag: string }
    derived: { kid: string; kek_hex: string }[]
  }
  const vector = ownVectors<AppendixB>('ecdh_1pu_draft04_appendix_b.json')
  const header = JSON.parse(Buffer.from(vector.jwe.protected, 'base64url').toString())

  for (const { kid, kek_hex } of vector.derived) {
    test(`ECDH-1PU derives the key of draft 04, appendix B, for ${kid} [F3, F7, Z13]`, () => {
      const d = fromBase64url(vector.recipients_keys[kid]?.d ?? '')
      const ze = crypto.x25519.getSharedSecret(d, fromBase64url(header.epk.x))
      const zs = crypto.x25519.getSharedSecret(d, fromBase64url(vector.sender.x))
      const kek = deriveKek(crypto, {
        z: Buffer.concat([ze, zs]),
        alg: header.alg,
        apu: fromBase64url(header.apu),
        apv: fromBase64url(header.apv),
        kekBytes: 16,
        tag: fromBase64url(vector.jwe.tag),
      })
      expect(Buffer.from(kek).toString('hex')).toBe(kek_hex)
    })
  }
})

describe('encrypting and decrypting', () => {
  for (const enc of ['A256CBC-HS512', 'XC20P', 'A256GCM'] as const) {
    test(`every recipient opens an anoncrypt envelope with ${enc} [E4, E7, E8, E9, G1]`, async () => {
      const jwe = await made({ enc })
      for (const key of bob) expect(await open(jwe, key)).toEqual(text('Three is a magic number.'))
    })
  }

  test('every recipient opens an authcrypt envelope [E4, E7, F1]', async () => {
    const jwe = await made({ authcrypt: true })
    for (const key of bob) expect(await open(jwe, key)).toEqual(text('Three is a magic number.'))
  })

  test('keys, nonces and ephemeral keys are drawn anew for each envelope, from the source that is given [E11, E13]', async () => {
    const drawn: number[] = []
    const random = seededBytes('drawn')
    const counting = {
      crypto,
      randomBytes: (lengthBytes: number) => {
        drawn.push(lengthBytes)
        return random(lengthBytes)
      },
    }
    const sealed = () => encryptJwe({ plaintext: text('x'), recipients: bob }, counting)
    const envelopes = await Promise.all([sealed(), sealed()])
    // An ephemeral key, a content key of 64 bytes and a nonce of 16, for each of the two.
    expect(drawn.reduce((sum, bytes) => sum + bytes, 0)).toBe(2 * (32 + 64 + 16))
    const [one, other] = envelopes.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)))
    expect(one.iv).not.toBe(other.iv)
    expect(one.protected).not.toBe(other.protected)
    expect(one.recipients[0].encrypted_key).not.toBe(other.recipients[0].encrypted_key)
  })

  test('the protected header carries what DIDComm asks for [A4, E3, E12, E14, E15, F1, F4]', async () => {
    const jwe = await made({ authcrypt: true })
    const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString())
    const sorted = 'did:example:bob#1.did:example:bob#2.did:example:bob#3'
    expect(header).toEqual({
      typ: 'application/didcomm-encrypted+json',
      alg: 'ECDH-1PU+A256KW',
      enc: 'A256CBC-HS512',
      skid: alice.kid,
      apu: Buffer.from(alice.kid).toString('base64url'),
      apv: Buffer.from(crypto.sha256(text(sorted))).toString('base64url'),
      epk: { kty: 'OKP', crv: 'X25519', x: expect.stringMatching(/^[\w-]{43}$/) },
    })
    expect(jwe.recipients.map(({ header: { kid } }: { header: { kid: string } }) => kid)).toEqual(
      bob.map(({ kid }) => kid),
    )
  })

  for (const enc of ['XC20P', 'A256GCM'] as const) {
    test(`authcrypt with ${enc} is refused, since its tag does not commit to the key [E8, E9, F2]`, async () => {
      await expect(made({ authcrypt: true, enc })).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
      const jwe = changeHeader(await made({ authcrypt: true }), (header) => {
        header['enc'] = enc
      })
      expect(() => parseJwe(jwe, crypto)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' }))
    })
  }

  test('recipients on different curves are a mistake of the caller [E1, E13]', async () => {
    const recipients = [bob[0], { ...bob[1], curve: 'P-256' }]
    await expect(encryptJwe({ plaintext: text(''), recipients }, context)).rejects.toThrow(TypeError)
  })

  test('a curve that is not supported is refused', async () => {
    const recipients = [{ ...bob[0], curve: 'P-256' }]
    const refused = encryptJwe({ plaintext: text(''), recipients }, context)
    await expect(refused).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
  })

  test('a recipient key of low order is refused [E16]', async () => {
    const recipients = [{ ...bob[0], bytes: new Uint8Array(32) }]
    await expect(encryptJwe({ plaintext: text(''), recipients }, context)).rejects.toMatchObject({
      code: 'ERR_KEY_INVALID',
    })
  })
})

describe('what cannot be opened', () => {
  const flip = (value: string): string => {
    const bytes = fromBase64url(value)
    bytes[0] = (bytes[0] ?? 0) ^ 1
    return Buffer.from(bytes).toString('base64url')
  }
  const tampered: Record<string, (jwe: Made) => Made> = {
    ciphertext: (jwe) => ({ ...jwe, ciphertext: flip(jwe.ciphertext) }),
    iv: (jwe) => ({ ...jwe, iv: flip(jwe.iv) }),
    tag: (jwe) => ({ ...jwe, tag: flip(jwe.tag) }),
    'protected header': (jwe) =>
      changeHeader(jwe, (header) => {
        header['typ'] = 'x'
      }),
    'encrypted key': (jwe) => ({
      ...jwe,
      recipients: jwe.recipients.map((r: { encrypted_key: string }) => ({
        ...r,
        encrypted_key: flip(r.encrypted_key),
      })),
    }),
    'encrypted key, of another length,': (jwe) => ({
      ...jwe,
      recipients: jwe.recipients.map((r: object) => ({ ...r, encrypted_key: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })),
    }),
    'ephemeral key, of low order,': (jwe) =>
      changeHeader(jwe, (header) => {
        header['epk'] = { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }
      }),
  }
  for (const [what, tamper] of Object.entries(tampered)) {
    for (const authcrypt of [false, true]) {
      test(`a tampered ${what} of ${authcrypt ? 'authcrypt' : 'anoncrypt'} fails with ERR_ENVELOPE_DECRYPT [E16]`, async () => {
        const error = await open(tamper(await made({ authcrypt }))).catch((caught) => caught)
        expect(error).toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT', message: 'the envelope cannot be opened' })
        expect(error.cause).toBeUndefined()
      })
    }
  }

  test('another sender key than the one that encrypted fails with ERR_ENVELOPE_DECRYPT', async () => {
    const jwe = await made({ authcrypt: true })
    await expect(open(jwe, bob[0], bob[1].bytes)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT' })
  })

  test('content sealed under the stand-in key of a failed unwrapping does not open', async () => {
    const aead = crypto.xchacha20poly1305
    const jwe = await made({ enc: 'XC20P' })
    const sealed = aead.seal(new Uint8Array(32), fromBase64url(jwe.iv), text('forged'), text(jwe.protected))
    const forged = tampered['encrypted key']?.({
      ...jwe,
      ciphertext: Buffer.from(sealed.subarray(0, -16)).toString('base64url'),
      tag: Buffer.from(sealed.subarray(-16)).toString('base64url'),
    })
    await expect(open(forged)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT' })
  })

  test('a content key of the wrong length, rightly wrapped, fails with ERR_ENVELOPE_DECRYPT', async () => {
    const jwe = await made({ enc: 'XC20P' })
    const { epk, apv } = parseJwe(jwe, crypto)
    const z = await bob[0].deriveBits(epk)
    const kek = deriveKek(crypto, { z, alg: 'ECDH-ES+A256KW', apu: new Uint8Array(0), apv, kekBytes: 32 })
    const wrapped = Buffer.from(crypto.a256kw.wrapKey(kek, new Uint8Array(64))).toString('base64url')
    const recipients = jwe.recipients.map((r: object) => ({ ...r, encrypted_key: wrapped }))
    await expect(open({ ...jwe, recipients })).rejects.toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT' })
  })

  test('a failing key store is not hidden behind ERR_ENVELOPE_DECRYPT', async () => {
    const jwe = parseJwe(await made(), crypto)
    const deriveBits = async () => {
      throw new Error('secure element busy')
    }
    await expect(decryptJwe(jwe, { kid: bob[0].kid, deriveBits }, crypto)).rejects.toThrow('secure element busy')
  })
})

describe('what is malformed', () => {
  const malformed: Record<string, (jwe: Made) => unknown> = {
    'no JSON': () => text('{'),
    'a JSON list': () => text('[]'),
    'a duplicate member': () => text('{"iv":"a","iv":"b"}'),
    'unprotected parameters': (jwe) => ({ ...jwe, unprotected: { alg: 'ECDH-ES+A256KW' } }),
    'no recipients': (jwe) => ({ ...jwe, recipients: [] }),
    'recipients of the wrong type': (jwe) => ({ ...jwe, recipients: 'bob' }),
    'a recipient without header': (jwe) => ({ ...jwe, recipients: [{ encrypted_key: 'AA' }] }),
    'a recipient with an own alg': (jwe) => {
      const [first, ...rest] = jwe.recipients
      return { ...jwe, recipients: [{ ...first, header: { ...first.header, alg: 'dir' } }, ...rest] }
    },
    'a recipient twice': (jwe) => withRecipients(jwe, [...jwe.recipients, jwe.recipients[0]]),
    'too many recipients': (jwe) =>
      withRecipients(
        jwe,
        Array.from({ length: 65 }, (_, n) => ({ header: { kid: `did:example:bob#${n}` }, encrypted_key: 'AA' })),
      ),
    'a recipient with a key id that is too long': (jwe) =>
      withRecipients(jwe, [{ ...jwe.recipients[0], header: { kid: `did:example:bob#${'1'.repeat(9300)}` } }]),
    'a recipient that apv does not cover': (jwe) => ({ ...jwe, recipients: jwe.recipients.slice(1) }),
    'no protected header': ({ protected: _, ...jwe }) => jwe,
    'a protected header that is no base64url': (jwe) => ({ ...jwe, protected: '{}' }),
    'a protected header that is too long': (jwe) =>
      changeHeader(jwe, (header) => {
        header['x'] = 'x'.repeat(40_000)
      }),
    'no epk': (jwe) =>
      changeHeader(jwe, (header) => {
        delete header['epk']
      }),
    'an epk of the wrong type': (jwe) =>
      changeHeader(jwe, (header) => {
        header['epk'] = 'key'
      }),
    'an epk of the wrong length': (jwe) =>
      changeHeader(jwe, (header) => {
        header['epk'] = { kty: 'OKP', crv: 'X25519', x: 'AAAA' }
      }),
    'no apv': (jwe) =>
      changeHeader(jwe, (header) => {
        delete header['apv']
      }),
    'no apu': (jwe) =>
      changeHeader(jwe, (header) => {
        delete header['apu']
      }),
    'an anoncrypt apu that is too long': async () =>
      changeHeader(await made(), (header) => {
        header['apu'] = 'A'.repeat(30_000)
      }),
    'a skid that apu does not match': (jwe) =>
      changeHeader(jwe, (header) => {
        header['skid'] = 'did:example:eve#1'
      }),
    'an iv of the wrong length': (jwe) => ({ ...jwe, iv: 'AAAA' }),
    'a tag of the wrong length': (jwe) => ({ ...jwe, tag: 'AAAA' }),
    'no ciphertext': ({ ciphertext: _, ...jwe }) => jwe,
    'a number as ciphertext': (jwe) => ({ ...jwe, ciphertext: 1 }),
  }
  const rows: Readonly<Record<string, string>> = {
    'a recipient with an own alg': ' [E12]',
    'a recipient that apv does not cover': ' [E14]',
    'no epk': ' [E12]',
    'no apv': ' [E12, E14]',
    'no apu': ' [F4, F5]',
    'a skid that apu does not match': ' [F6]',
  }
  for (const [what, change] of Object.entries(malformed)) {
    test(`${what} fails with ERR_ENVELOPE_MALFORMED${rows[what] ?? ''}`, async () => {
      const changed = (await change(await made({ authcrypt: true }))) as Uint8Array
      expect(() => parseJwe(changed, crypto)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_MALFORMED' }))
    })
  }

  test('the helper of these tests makes recipients that are read', async () => {
    const jwe = await made()
    expect(parseJwe(withRecipients(jwe, jwe.recipients.slice(1)), crypto).recipients).toHaveLength(2)
  })

  test('additional authenticated data fail with ERR_ENVELOPE_UNSUPPORTED', async () => {
    const jwe = { ...(await made()), aad: 'e30' }
    expect(() => parseJwe(jwe, crypto)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' }))
  })

  const unsupported: Record<string, (header: Record<string, unknown>) => void> = {
    crit: (header) => {
      header['crit'] = ['exp']
    },
    zip: (header) => {
      header['zip'] = 'DEF'
    },
    'an unknown alg': (header) => {
      header['alg'] = 'RSA-OAEP'
    },
    'an alg named as a method of objects': (header) => {
      header['alg'] = 'constructor'
    },
    'no alg': (header) => {
      delete header['alg']
    },
    'an unknown enc': (header) => {
      header['enc'] = 'A128GCM'
    },
    'an unknown curve': (header) => {
      header['epk'] = { kty: 'EC', crv: 'P-192', x: 'AA', y: 'AA' }
    },
  }
  for (const [what, change] of Object.entries(unsupported)) {
    test(`${what} fails with ERR_ENVELOPE_UNSUPPORTED`, async () => {
      const jwe = changeHeader(await made({ authcrypt: true }), change)
      expect(() => parseJwe(jwe, crypto)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' }))
    })
  }

  test('a skid that is absent is taken from apu [F5]', async () => {
    const jwe = changeHeader(await made({ authcrypt: true }), (header) => {
      delete header['skid']
    })
    expect(parseJwe(jwe, crypto).skid).toBe(alice.kid)
  })

  test('an apu of null counts as absent in anoncrypt [G2]', async () => {
    const jwe = changeHeader(await made(), (header) => {
      header['apu'] = null
    })
    expect(parseJwe(jwe, crypto).apu).toHaveLength(0)
  })
})
