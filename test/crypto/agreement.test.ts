import { describe, expect, it } from 'vitest'
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { crypto as core } from '../../runtime/crypto/index.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { randomFrom } from '../oracle/random.ts'

describe('the core agrees with noble on random cases', () => {
  const { bytes, below } = randomFrom(1)

  function agree(cases: number, work: (crypto: Crypto, input: Uint8Array[], length: number) => unknown): void {
    for (let i = 0; i < cases; i++) {
      const input = [bytes(32), bytes(32), bytes(24), bytes(below(300)), bytes(below(300))]
      const length = below(200)
      expect(work(core, input, length)).toStrictEqual(work(nobleCrypto, input, length))
    }
  }

  it('for X25519', () => {
    agree(100, (crypto, [secret, peer]) => [
      crypto.x25519.getPublicKey(secret!),
      crypto.x25519.getSharedSecret(secret!, peer!),
    ])
  })

  it('for Ed25519', () => {
    agree(50, (crypto, [secret, , , message]) => {
      const publicKey = crypto.ed25519.getPublicKey(secret!)
      const signature = crypto.ed25519.sign(message!, secret!)
      return [
        publicKey,
        signature,
        crypto.ed25519.verify(signature, message!, publicKey),
        crypto.ed25519.toX25519PublicKey(publicKey),
        crypto.ed25519.toX25519SecretKey(secret!),
      ]
    })
  })

  it('for both AEADs', () => {
    agree(300, ({ chacha20poly1305, xchacha20poly1305 }, [key, , nonce, plaintext, aad]) => {
      const short = chacha20poly1305.seal(key!, nonce!.subarray(12), plaintext!, aad)
      const long = xchacha20poly1305.seal(key!, nonce!, plaintext!, aad)
      expect(chacha20poly1305.open(key!, nonce!.subarray(12), short, aad)).toStrictEqual(plaintext)
      expect(xchacha20poly1305.open(key!, nonce!, long, aad)).toStrictEqual(plaintext)
      return [short, long]
    })
  })

  it('for hashes, MACs and key derivations', () => {
    agree(300, (crypto, [a, b, , c, d], length) => [
      crypto.sha256(c!),
      crypto.sha512(c!),
      crypto.hmacSha256(c!, d!),
      crypto.hmacSha512(c!, d!),
      crypto.hkdfSha256.extract(a!, c),
      crypto.hkdfSha256.expand(b!, c!, length + 1),
      crypto.concatKdfSha256(c!, d!, length + 1),
    ])
  })
})
