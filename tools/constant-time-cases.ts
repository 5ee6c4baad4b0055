// What the trace check runs: every sequence of the core that touches a secret, through the wrappers that ship.
import { createCipheriv, createHmac } from 'node:crypto'
import type { Crypto } from '../runtime/crypto/crypto.ts'

export interface Case {
  readonly name: string
  readonly secretBytes: number
  /** How much fits the window, a multiple of 128: what is longer is streamed. As much as there is room for if absent. */
  readonly chunkBytes?: number
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
  'ed25519BatchBegin',
  'ed25519BatchItem',
  'ed25519BatchItemEnd',
  'ed25519BatchEnd',
]

/** Exports that compare secrets and tell the outcome. Inside, conditions are traced by outcome and not by what is compared. */
export const comparingExports: readonly string[] = ['aeadVerify', 'aesVerify', 'aesKeyUnwrap']

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
const hashedLengths = [0, 1, 31, 55, 56, 63, 64, 111, 112, 127, 128, 129, 256, 257, 300]
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
    name: 'Ed25519 signing key',
    secretBytes: 32,
    prepare: (crypto, secret) => {
      const key = crypto.ed25519.signingKey(secret)
      return () => key.sign(message)
    },
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

type Cipher = 'chacha20poly1305' | 'xchacha20poly1305' | AesCipher
type AesCipher = 'a256gcm' | 'aes128gcm' | `aesCcm16_${'64_128' | '128_128' | '64_256' | '128_256'}` | 'a256cbcHs512'

function aeadCases(label: string, cipher: Cipher, keyBytes: number = 32): Case[] {
  const split = (secret: Uint8Array) => ({ key: secret.subarray(0, keyBytes), text: secret.subarray(keyBytes) })
  return [
    {
      name: `${label} seal`,
      secretBytes: keyBytes + longest,
      prepare: (crypto, secret) => () => {
        const { key, text } = split(secret)
        const nonce = filled(crypto[cipher].nonceBytes)
        return joined(textLengths.map((length) => crypto[cipher].seal(key, nonce, text.subarray(0, length), aad)))
      },
    },
    {
      name: `${label} open`,
      secretBytes: keyBytes + longest,
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
      secretBytes: keyBytes + 200,
      prepare(crypto, secret) {
        const { key, text } = split(secret)
        const nonce = filled(crypto[cipher].nonceBytes)
        const forged = forgeries(crypto[cipher].seal(key, nonce, text, aad), crypto[cipher].tagBytes, text[0] ?? 0)
        return () => {
          for (const bytes of forged) expectRefused(() => crypto[cipher].open(key, nonce, bytes, aad))
          return undefined
        }
      },
    },
  ]
}

/** The same case where nothing but its shortest messages fits the window. */
function streamed(part: Case): Case {
  return { ...part, name: `${part.name}, streamed`, chunkBytes: 256 }
}

/** The same for a hash, whose longest message alone then does not fit. */
function streamedHash(part: Case): Case {
  return { ...streamed(part), name: `${part.name}, streamed` }
}

/** Wrong tags, in an order that `choice` rotates: one bit at each byte, all bits, zeros, one word right. */
function forgeries(sealed: Uint8Array, tagBytes: number, choice: number): Uint8Array[] {
  const tagAt = sealed.length - tagBytes
  const single = Array.from({ length: tagBytes }, (_, i) => [i])
  const wrong = [...single, single.flat(), [0, 1, 2, 3], single.slice(-4).flat(), [0, tagBytes - 1]]
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

/** A ciphertext whose tag is right and whose padding is wrong, at a byte that `choice` takes. */
function wronglyPadded(key: Uint8Array, nonce: Uint8Array, choice: number): Uint8Array {
  const padding = 2 + (choice % 15)
  const text = new Uint8Array(48).fill(padding, 48 - padding)
  text[47 - (1 + ((choice >> 4) % (padding - 1)))] = choice & 15 ? 0 : 0xff
  const cipher = createCipheriv('aes-256-cbc', key.subarray(32), nonce).setAutoPadding(false)
  const encrypted = Buffer.concat([cipher.update(text), cipher.final()])
  const mac = createHmac('sha512', key.subarray(0, 32)).update(nonce).update(encrypted).update(new Uint8Array(8))
  return Buffer.concat([encrypted, mac.digest().subarray(0, 32)])
}

const wrongPadding: Case = {
  name: 'A256CBC-HS512 open, wrong padding',
  secretBytes: 64 + 32,
  prepare(crypto, secret) {
    const key = secret.subarray(0, 64)
    const nonce = filled(16)
    const forged = Array.from(secret.subarray(64), (choice) => wronglyPadded(key, nonce, choice))
    return () => {
      for (const bytes of forged) expectRefused(() => crypto.a256cbcHs512.open(key, nonce, bytes))
      return undefined
    }
  },
}

const wrappedLengths = [16, 24, 32, 64, 72]

const keyWrap: readonly Case[] = [
  {
    name: 'A256KW wrap',
    secretBytes: 32 + 72,
    prepare: (crypto, secret) => () =>
      joined(
        wrappedLengths.map((length) => crypto.a256kw.wrapKey(secret.subarray(0, 32), secret.subarray(32, 32 + length))),
      ),
  },
  {
    name: 'A256KW unwrap',
    secretBytes: 32 + 72,
    prepare(crypto, secret) {
      const kek = secret.subarray(0, 32)
      const wrapped = wrappedLengths.map((length) => crypto.a256kw.wrapKey(kek, secret.subarray(32, 32 + length)))
      return () => joined(wrapped.map((bytes) => crypto.a256kw.unwrapKey(kek, bytes)))
    },
  },
  {
    name: 'A256KW unwrap, wrong key',
    secretBytes: 32 + 64,
    prepare: (crypto, secret) => () => {
      expectRefused(() => crypto.a256kw.unwrapKey(secret.subarray(0, 32), secret.subarray(32)))
      return undefined
    },
  },
]

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
  ...aeadCases('ChaCha20', 'chacha20poly1305').map(streamed),
  ...aeadCases('XChaCha20', 'xchacha20poly1305').map(streamed),
  ...aeadCases('AES-256-GCM', 'a256gcm'),
  ...aeadCases('AES-128-GCM', 'aes128gcm', 16),
  ...aeadCases('AES-CCM-16-64-128', 'aesCcm16_64_128', 16),
  ...aeadCases('AES-CCM-16-128-128', 'aesCcm16_128_128', 16),
  ...aeadCases('AES-CCM-16-64-256', 'aesCcm16_64_256'),
  ...aeadCases('AES-CCM-16-128-256', 'aesCcm16_128_256'),
  ...aeadCases('A256CBC-HS512', 'a256cbcHs512', 64),
  wrongPadding,
  ...keyWrap,
  ...hashes,
  ...hashes.filter(({ name }) => /SHA-(256|512)$/.test(name)).map(streamedHash),
]
