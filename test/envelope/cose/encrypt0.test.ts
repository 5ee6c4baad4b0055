import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../../runtime/bytes/index.ts'
import { crypto } from '../../../runtime/crypto/index.ts'
import { decryptCose, encryptCose, parseCose } from '../../../runtime/envelope/cose/index.ts'
import { seededBytes } from '../world.ts'

const context = { crypto, randomBytes: seededBytes('cose') }
const secretKey = seededBytes('recipient')(32)
const recipientPublicKey = crypto.x25519.getPublicKey(secretKey)
const kid = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const psk = { psk: seededBytes('psk')(32), pskId: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1) }
const info = Uint8Array.of(9)
/** A reading as the shortest compact plaintext carries it: a type number and a byte string. */
const plaintext = encodeCbor([1, new Uint8Array(20)])

const options = { plaintext, kid, recipientPublicKey, info, externalAad: kid }
const anoncrypt = (): Uint8Array => encryptCose(options, context).bytes
const authcrypt = (): Uint8Array => encryptCose({ ...options, psk }, context).bytes

function open(bytes: Uint8Array, changes: { psk?: Uint8Array; info?: Uint8Array } = {}): Uint8Array {
  const envelope = parseCose(bytes)
  const dh = crypto.x25519.getSharedSecret(secretKey, envelope.ek)
  return decryptCose(envelope, { recipientPublicKey, dh, info, externalAad: envelope.kid, ...changes }, crypto)
}

test('an authcrypt envelope of 20 bytes has 104 bytes, an anoncrypt one 94', () => {
  expect(authcrypt()).toHaveLength(104)
  expect(anoncrypt()).toHaveLength(94)
})

test('what was encrypted opens', () => {
  expect(open(anoncrypt())).toEqual(plaintext)
  expect(open(authcrypt(), { psk: psk.psk })).toEqual(plaintext)
})

test('another psk or another info fails with ERR_ENVELOPE_DECRYPT', () => {
  const decrypt = expect.objectContaining({ code: 'ERR_ENVELOPE_DECRYPT' })
  expect(() => open(authcrypt(), { psk: new Uint8Array(32) })).toThrow(decrypt)
  expect(() => open(anoncrypt(), { info: Uint8Array.of(8) })).toThrow(decrypt)
})

test('an authcrypt envelope is not opened without a psk, nor an anoncrypt one with it', () => {
  expect(() => open(authcrypt())).toThrow(TypeError)
  expect(() => open(anoncrypt(), { psk: psk.psk })).toThrow(TypeError)
})

describe('what is malformed', () => {
  type Parts = {
    tag: number
    protectedMap: Map<CborValue, CborValue>
    unprotected: Map<CborValue, CborValue>
    rest: CborValue[]
  }
  const build = (change: (parts: Parts) => void, from = authcrypt()): Uint8Array => {
    const { value } = decodeCbor(from) as Tagged
    const [protectedHeader, unprotected, ...rest] = value as [Uint8Array, Map<CborValue, CborValue>, CborValue]
    const parts = { tag: 16, protectedMap: decodeCbor(protectedHeader) as Parts['protectedMap'], unprotected, rest }
    change(parts)
    return encodeCbor(new Tagged(parts.tag, [encodeCbor(parts.protectedMap), parts.unprotected, ...parts.rest]))
  }
  const malformed: Record<string, () => Uint8Array> = {
    'an empty envelope': () => new Uint8Array(0),
    'no tag': () => encodeCbor((decodeCbor(authcrypt()) as Tagged).value),
    'a fourth part': () =>
      build(({ rest }) => {
        rest.push(1)
      }),
    'no ciphertext': () =>
      build(({ rest }) => {
        rest.pop()
      }),
    'a ciphertext shorter than its tag': () =>
      build(({ rest }) => {
        rest[0] = new Uint8Array(15)
      }),
    'a ciphertext of the wrong type': () =>
      build(({ rest }) => {
        rest[0] = 'x'
      }),
    'a null ciphertext': () =>
      build(({ rest }) => {
        rest[0] = null
      }),
    'an unknown protected label': () =>
      build(({ protectedMap }) => {
        protectedMap.set(2, [1])
      }),
    'an unknown unprotected label': () =>
      build(({ unprotected }) => {
        unprotected.set(5, new Uint8Array(12))
      }),
    'a text label': () =>
      build(({ unprotected }) => {
        unprotected.set('kid', kid)
      }),
    'a kid of the wrong type': () =>
      build(({ unprotected }) => {
        unprotected.set(4, 'kid')
      }),
    'an empty kid': () =>
      build(({ unprotected }) => {
        unprotected.set(4, new Uint8Array(0))
      }),
    'a kid that is too long': () =>
      build(({ unprotected }) => {
        unprotected.set(4, new Uint8Array(9217))
      }),
    'no kid': () =>
      build(({ unprotected }) => {
        unprotected.delete(4)
      }),
    'no ek': () =>
      build(({ unprotected }) => {
        unprotected.delete(-4)
      }),
    'an ek of the wrong length': () =>
      build(({ unprotected }) => {
        unprotected.set(-4, new Uint8Array(31))
      }),
    'a psk_id of the wrong type': () =>
      build(({ protectedMap }) => {
        protectedMap.set(-5, 5)
      }),
    'a psk_id that is not protected': () =>
      build(({ unprotected }) => {
        unprotected.set(-5, kid)
      }),
    'a protected header that is no byte string': () =>
      encodeCbor(new Tagged(16, [new Map(), new Map(), new Uint8Array(16)])),
    'an empty protected header': () => encodeCbor(new Tagged(16, [new Uint8Array(0), new Map(), new Uint8Array(16)])),
    'a trailing byte': () => Uint8Array.of(...authcrypt(), 0),
    'a length that is not the shortest': () => {
      const bytes = authcrypt()
      return Uint8Array.of(0xd0, 0x98, 0x03, ...bytes.subarray(2))
    },
  }
  for (const [what, make] of Object.entries(malformed)) {
    test(`${what} fails with ERR_ENVELOPE_MALFORMED`, () => {
      expect(() => parseCose(make())).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_MALFORMED' }))
    })
  }

  test('the helper of these tests rebuilds an envelope that opens', () => {
    expect(
      open(
        build(() => {}),
        { psk: psk.psk },
      ),
    ).toEqual(plaintext)
  })

  test('another algorithm or another tag fails with ERR_ENVELOPE_UNSUPPORTED', () => {
    const unsupported = expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
    expect(() =>
      parseCose(
        build(({ protectedMap }) => {
          protectedMap.set(1, 3)
        }),
      ),
    ).toThrow(unsupported)
    expect(() =>
      parseCose(
        build(({ protectedMap }) => {
          protectedMap.delete(1)
        }),
      ),
    ).toThrow(unsupported)
    expect(() =>
      parseCose(
        build((parts) => {
          parts.tag = 96
        }),
      ),
    ).toThrow(unsupported)
  })
})
