// What the trace check runs: every sequence of the core that touches a secret, through the wrappers that ship.
import type { Crypto } from '../runtime/crypto/crypto.ts'

export interface Case {
  readonly name: string
  readonly secretBytes: number
  /**
   * Lays out the inputs for a secret, untraced, and returns what is traced. That returns what came out, or undefined
   * where it must be the same for all secrets. It may run more than once.
   */
  prepare(crypto: Crypto, secret: Uint8Array): () => Uint8Array | undefined
}

/** Exports of the core that see public data only; every other must be in a case. `memory` is no function. */
export const publicExports: readonly string[] = [
  'io',
  'ed25519VerifyBegin',
  'ed25519VerifyEnd',
  'ed25519PublicToX25519',
]

/** Exports that compare secrets and tell the outcome. Inside, conditions are traced by outcome and not by what is compared. */
export const comparingExports: readonly string[] = ['aeadVerify']

/** Public bytes, the same at each call. */
function filled(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i * 7)
}

/** The u-coordinate 9, and one more point (RFC 7748 §6.1, Bob's public key). */
const publicKeys = [
  Uint8Array.of(9, ...new Uint8Array(31)),
  Buffer.from('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f', 'hex'),
]
const message = filled(200)
const aad = filled(77, 5)
/** Around the blocks of ChaCha20 and Poly1305 and every size at which a build may change its code. */
const textLengths = [0, 1, 16, 63, 64, 65, 127, 128, 200, 255, 256, 257, 300, 512, 513, 1000, 1025]
/** Around the blocks of the hashes. */
const hashedLengths = [0, 1, 31, 55, 56, 63, 64, 111, 112, 127, 128, 129, 300]
const longest = 1025

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

const curves: readonly Case[] = [
  {
    name: 'X25519 shared secret',
    secretBytes: 32,
    prepare: (crypto, secret) => () => joined(publicKeys.map((key) => crypto.x25519.getSharedSecret(secret, key))),
  },
  {
    name: 'X25519 public key',
    secretBytes: 32,
    prepare: (crypto, secret) => () => crypto.x25519.getPublicKey(secret),
  },
  {
    name: 'Ed25519 public key',
    secretBytes: 32,
    prepare: (crypto, secret) => () => crypto.ed25519.getPublicKey(secret),
  },
  {
    name: 'Ed25519 sign',
    secretBytes: 32,
    prepare: (crypto, secret) => () => crypto.ed25519.sign(message, secret),
  },
  {
    // The message is a secret too: the commitment to it is sent, not it.
    name: 'Ed25519 sign, secret message',
    secretBytes: 64,
    prepare: (crypto, secret) => () => crypto.ed25519.sign(secret.subarray(32), secret.subarray(0, 32)),
  },
  {
    name: 'Ed25519 secret key to X25519',
    secretBytes: 32,
    prepare: (crypto, secret) => () => crypto.ed25519.toX25519SecretKey(secret),
  },
]

function aeadCases(label: string, cipher: 'chacha20poly1305' | 'xchacha20poly1305'): Case[] {
  const split = (secret: Uint8Array) => ({ key: secret.subarray(0, 32), text: secret.subarray(32) })
  return [
    {
      name: `${label} seal`,
      secretBytes: 32 + longest,
      prepare: (crypto, secret) => () => {
        const { key, text } = split(secret)
        const nonce = filled(crypto[cipher].nonceBytes)
        return joined(textLengths.map((length) => crypto[cipher].seal(key, nonce, text.subarray(0, length), aad)))
      },
    },
    {
      name: `${label} open`,
      secretBytes: 32 + longest,
      prepare(crypto, secret) {
        const { key, text } = split(secret)
        const nonce = filled(crypto[cipher].nonceBytes)
        const sealed = textLengths.map((length) => crypto[cipher].seal(key, nonce, text.subarray(0, length), aad))
        return () => joined(sealed.map((bytes) => crypto[cipher].open(key, nonce, bytes, aad)))
      },
    },
    {
      // Here the secret is the key, and how far a forged tag is right: its first bytes choose which bits are wrong.
      name: `${label} open, wrong tag`,
      secretBytes: 32 + 200,
      prepare(crypto, secret) {
        const { key, text } = split(secret)
        const nonce = filled(crypto[cipher].nonceBytes)
        const forged = forgeries(crypto[cipher].seal(key, nonce, text, aad), text[0] ?? 0)
        return () => {
          for (const bytes of forged) expectRefused(() => crypto[cipher].open(key, nonce, bytes, aad))
          return undefined
        }
      },
    },
  ]
}

/** Wrong tags, in an order that `choice` rotates: one bit at each byte, all bits, zeros, one word right. */
function forgeries(sealed: Uint8Array, choice: number): Uint8Array[] {
  const tagAt = sealed.length - 16
  const single = Array.from({ length: 16 }, (_, i) => [i])
  const wrong = [...single, single.flat(), [0, 1, 2, 3], [12, 13, 14, 15], [0, 15]]
  const forged = wrong.map((places) => {
    const bytes = Uint8Array.from(sealed)
    for (const place of places) bytes[tagAt + place] = (bytes[tagAt + place] ?? 0) ^ (1 << (choice & 7))
    return bytes
  })
  const zeros = Uint8Array.from(sealed)
  zeros.fill(0, tagAt)
  forged.push(zeros)
  return forged.map((_, i) => forged[(i + choice) % forged.length] ?? zeros)
}

function expectRefused(open: () => unknown): void {
  let refused = false
  try {
    open()
  } catch {
    refused = true
  }
  if (!refused) throw new Error('a wrong tag was taken')
}

const hashes: readonly Case[] = [
  ...(['sha256', 'sha512'] as const).map(
    (name): Case => ({
      name: name === 'sha256' ? 'SHA-256' : 'SHA-512',
      secretBytes: longest,
      prepare: (crypto, secret) => () =>
        joined(hashedLengths.map((length) => crypto[name](secret.subarray(0, length)))),
    }),
  ),
  ...(['hmacSha256', 'hmacSha512'] as const).map(
    (name): Case => ({
      name: name === 'hmacSha256' ? 'HMAC-SHA-256' : 'HMAC-SHA-512',
      secretBytes: longest,
      // A secret key of each length over a public message, and a secret message.
      prepare: (crypto, secret) => () =>
        joined([
          ...hashedLengths.map((length) => crypto[name](secret.subarray(0, length), message)),
          ...hashedLengths.map((length) => crypto[name](secret.subarray(0, 32), secret.subarray(32, 32 + length))),
        ]),
    }),
  ),
  {
    name: 'HKDF-SHA-256',
    secretBytes: 100,
    prepare: (crypto, secret) => () =>
      joined(
        [32, 33, 64, 65, 100].flatMap((length) => {
          const key = crypto.hkdfSha256.extract(secret.subarray(0, length), aad)
          return [0, 1, 32, 42, 100].map((wanted) => crypto.hkdfSha256.expand(key, aad, wanted))
        }),
      ),
  },
  {
    name: 'Concat KDF',
    secretBytes: 100,
    prepare: (crypto, secret) => () =>
      joined(
        [0, 32, 64, 100].flatMap((length) =>
          [16, 32, 64, 70].map((wanted) => crypto.concatKdfSha256(secret.subarray(0, length), aad, wanted)),
        ),
      ),
  },
]

export const cases: readonly Case[] = [
  ...curves,
  ...aeadCases('ChaCha20-Poly1305', 'chacha20poly1305'),
  ...aeadCases('XChaCha20-Poly1305', 'xchacha20poly1305'),
  ...hashes,
]
