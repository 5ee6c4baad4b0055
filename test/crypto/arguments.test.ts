import { describe, expect, it } from 'vitest'
import { crypto, instantiateCore } from '../../runtime/crypto/index.ts'

const { x25519, ed25519, chacha20poly1305, xchacha20poly1305, hkdfSha256, concatKdfSha256 } = crypto
const of = (length: number): Uint8Array => new Uint8Array(length)
const { a256cbcHs512: cbc, aesCcm16_64_128: ccm, a256gcm, a256kw } = crypto

/** Each call with one argument of a wrong length, and the whole message. */
const wrong: [call: () => unknown, message: string][] = [
  [() => x25519.getPublicKey(of(31)), '"secretKey" expected Uint8Array of length 32, got length=31'],
  [() => x25519.getSharedSecret(of(33), of(32)), '"secretKey" expected Uint8Array of length 32, got length=33'],
  [() => ed25519.getPublicKey(of(64)), '"secretKey" expected Uint8Array of length 32, got length=64'],
  [() => ed25519.sign(of(3), of(0)), '"secretKey" expected Uint8Array of length 32, got length=0'],
  [() => ed25519.signingKey(of(64)), '"secretKey" expected Uint8Array of length 32, got length=64'],
  [() => ed25519.toX25519SecretKey(of(1)), '"secretKey" expected Uint8Array of length 32, got length=1'],
  [() => chacha20poly1305.seal(of(16), of(12), of(0)), '"key" expected Uint8Array of length 32, got length=16'],
  [() => chacha20poly1305.seal(of(32), of(24), of(0)), '"nonce" expected Uint8Array of length 12, got length=24'],
  [() => chacha20poly1305.open(of(31), of(12), of(16)), '"key" expected Uint8Array of length 32, got length=31'],
  [() => xchacha20poly1305.open(of(32), of(12), of(16)), '"nonce" expected Uint8Array of length 24, got length=12'],
  [() => hkdfSha256.expand(of(31), of(0), 1), '"prk" expected Uint8Array of length 32..16384, got length=31'],
  [() => hkdfSha256.expand(of(32), of(16_385), 1), '"info" expected Uint8Array of length 0..16384, got length=16385'],
  [() => hkdfSha256.expand(of(32), of(0), 8161), '"lengthBytes" expected integer 0..8160, got 8161'],
  [() => hkdfSha256.expand(of(32), of(0), 1.5), '"lengthBytes" expected integer 0..8160, got 1.5'],
  [() => concatKdfSha256(of(32), of(0), -1), '"lengthBytes" expected integer 0..8160, got -1'],
  [
    () => concatKdfSha256(of(32), of(70_000), 1),
    '"otherInfo" expected Uint8Array of length 0..16384, got length=70000',
  ],
  [() => hkdfSha256.extract(of(1), of(0), of(31)), '"out" expected Uint8Array of length at least 32, got length=31'],
  [() => hkdfSha256.expand(of(32), of(0), 9, of(8)), '"out" expected Uint8Array of length at least 9, got length=8'],
  [() => concatKdfSha256(of(32), of(0), 9, of(8)), '"out" expected Uint8Array of length at least 9, got length=8'],
  [() => a256kw.wrapKey(of(32), of(16), of(23)), '"out" expected Uint8Array of length at least 24, got length=23'],
  [() => a256kw.unwrapKey(of(32), of(24), of(15)), '"out" expected Uint8Array of length at least 16, got length=15'],
  [() => crypto.sha256(of(1), of(31)), '"out" expected Uint8Array of length at least 32, got length=31'],
  [
    () => ed25519.signingKey(of(32)).sign(of(1), of(63)),
    '"out" expected Uint8Array of length at least 64, got length=63',
  ],
  [() => ed25519.sign(of(1), of(32), of(63)), '"out" expected Uint8Array of length at least 64, got length=63'],
  [
    () => chacha20poly1305.seal(of(32), of(12), of(5), of(0), of(20)),
    '"out" expected Uint8Array of length at least 21, got length=20',
  ],
  [
    () => chacha20poly1305.open(of(32), of(12), of(21), of(0), of(4)),
    '"out" expected Uint8Array of length at least 5, got length=4',
  ],
  [() => cbc.seal(of(32), of(16), of(0)), '"key" expected Uint8Array of length 64, got length=32'],
  [() => cbc.seal(of(64), of(12), of(0)), '"nonce" expected Uint8Array of length 16, got length=12'],
  [() => cbc.open(of(64), of(12), of(64)), '"nonce" expected Uint8Array of length 16, got length=12'],
  [
    () => cbc.seal(of(64), of(16), of(16), of(0), of(63)),
    '"out" expected Uint8Array of length at least 64, got length=63',
  ],
  [() => a256gcm.seal(of(16), of(12), of(0)), '"key" expected Uint8Array of length 32, got length=16'],
  [() => a256gcm.open(of(32), of(16), of(16)), '"nonce" expected Uint8Array of length 12, got length=16'],
  [() => ccm.seal(of(32), of(13), of(0)), '"key" expected Uint8Array of length 16, got length=32'],
  [() => ccm.seal(of(16), of(12), of(0)), '"nonce" expected Uint8Array of length 13, got length=12'],
  [
    () => ccm.open(of(16), of(13), of(20), of(0), of(11)),
    '"out" expected Uint8Array of length at least 12, got length=11',
  ],
  [
    () => cbc.open(of(64), of(16), cbc.seal(of(64), of(16), of(20)), of(0), of(19)),
    '"out" expected Uint8Array of length at least 20, got length=19',
  ],
  [
    () => a256kw.wrapKey(of(32), of(16_392)),
    '"key" expected Uint8Array of a multiple of 8 bytes, 16..16384, got length=16392',
  ],
  [() => a256kw.wrapKey(of(16), of(32)), '"kek" expected Uint8Array of length 32, got length=16'],
  [
    () => a256kw.wrapKey(of(32), of(20)),
    '"key" expected Uint8Array of a multiple of 8 bytes, 16..16384, got length=20',
  ],
]

describe('a mistake of the caller is named', () => {
  it.each(wrong.map(([call, message]) => ({ call, message })))('as $message', ({ call, message }) => {
    expect(call).toThrow(new RangeError(message))
  })

  it('also where the argument is no bytes at all', () => {
    const text = 'secret' as unknown as Uint8Array
    const messages: [() => unknown, string][] = [
      [() => x25519.getPublicKey(text), '"secretKey" expected Uint8Array of length 32, got type=string'],
      [() => ed25519.sign(text, of(32)), '"message" expected Uint8Array, got type=string'],
      [() => ed25519.verify(text, of(0), of(32)), '"signature" expected Uint8Array, got type=string'],
      [() => ed25519.verifyBatch(text as unknown as []), '"items" expected Array, got type=string'],
      [
        () => ed25519.verifyBatch([{ signature: of(64), message: text, publicKey: of(32) }]),
        '"message" expected Uint8Array, got type=string',
      ],
      [() => crypto.sha256(text), '"message" expected Uint8Array, got type=string'],
      [() => crypto.hmacSha512(text, of(0)), '"key" expected Uint8Array, got type=string'],
      [() => chacha20poly1305.seal(of(32), of(12), text), '"plaintext" expected Uint8Array, got type=string'],
      [() => chacha20poly1305.open(of(32), of(12), of(16), text), '"aad" expected Uint8Array, got type=string'],
      [() => crypto.sha256(of(0), text), '"out" expected Uint8Array, got type=string'],
      [
        () => hkdfSha256.expand(of(32), of(0), '1' as unknown as number),
        '"lengthBytes" expected integer, got type=string',
      ],
    ]
    for (const [call, message] of messages) expect(call).toThrow(new TypeError(message))
  })

  it('and a module that is not the core is refused', () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    expect(() => instantiateCore(empty)).toThrow(TypeError)
  })
})

describe('what comes from a peer is no mistake of the caller', () => {
  it('a public key of a wrong length is ERR_KEY_INVALID', () => {
    const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })
    for (const length of [0, 31, 33, 64]) {
      expect(() => x25519.getSharedSecret(of(32).fill(1), of(length))).toThrow(invalid)
      expect(() => ed25519.toX25519PublicKey(of(length))).toThrow(invalid)
    }
  })

  it('a signature or a public key of a wrong length does not verify', () => {
    const secret = of(32).fill(1)
    const publicKey = ed25519.getPublicKey(secret)
    const signature = ed25519.sign(of(3), secret)
    expect(ed25519.verify(signature, of(3), publicKey)).toBe(true)
    for (const length of [0, 63]) expect(ed25519.verify(signature.subarray(0, length), of(3), publicKey)).toBe(false)
    expect(ed25519.verify(Buffer.concat([signature, of(1)]), of(3), publicKey)).toBe(false)
    for (const length of [0, 31]) expect(ed25519.verify(signature, of(3), publicKey.subarray(0, length))).toBe(false)
    expect(ed25519.verify(signature, of(3), Buffer.concat([publicKey, of(1)]))).toBe(false)
  })

  it('a ciphertext shorter than its tag is ERR_CRYPTO_TAG', () => {
    const tag = expect.objectContaining({ code: 'ERR_CRYPTO_TAG' })
    for (const length of [0, 1, 15]) {
      expect(() => chacha20poly1305.open(of(32), of(12), of(length))).toThrow(tag)
      expect(() => xchacha20poly1305.open(of(32), of(24), of(length))).toThrow(tag)
    }
    for (const length of [0, 1, 15]) expect(() => a256gcm.open(of(32), of(12), of(length))).toThrow(tag)
    for (const length of [0, 1, 7]) expect(() => ccm.open(of(16), of(13), of(length))).toThrow(tag)
    for (const length of [0, 32, 47]) expect(() => cbc.open(of(64), of(16), of(length))).toThrow(tag)
    for (const length of [0, 16, 23, 25]) expect(() => a256kw.unwrapKey(of(32), of(length))).toThrow(tag)
  })
})

describe('the core', () => {
  it('can be instantiated again, with a memory of its own', () => {
    const other = instantiateCore()
    expect(other.sha256(of(3))).toStrictEqual(crypto.sha256(of(3)))
  })
})
