import { aeskw, cbc, gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { aeadMakers, hashMaker, type Implementation, type Makers, type SealAndOpen } from '../implementation.ts'

type NobleCipher = (
  key: Uint8Array,
  nonce: Uint8Array,
) => { encrypt(text: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array }

const aead = (cipher: NobleCipher): SealAndOpen => ({
  seal: (key, nonce, plaintext) => cipher(key, nonce).encrypt(plaintext),
  open: (key, nonce, sealed) => cipher(key, nonce).decrypt(sealed),
})

const noAadLength = new Uint8Array(8)

function cbcHs512Tag(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array): Uint8Array {
  return hmac(sha512, key.subarray(0, 32), concatBytes(nonce, encrypted, noAadLength)).subarray(0, 32)
}

const a256cbcHs512: SealAndOpen = {
  seal(key, nonce, plaintext) {
    const encrypted = cbc(key.subarray(32), nonce).encrypt(plaintext)
    return concatBytes(encrypted, cbcHs512Tag(key, nonce, encrypted))
  },
  open(key, nonce, sealed) {
    const encrypted = sealed.subarray(0, -32)
    const [tag, expected] = [sealed.subarray(-32), cbcHs512Tag(key, nonce, encrypted)]
    if (expected.some((byte, i) => byte !== tag[i])) throw new Error('wrong tag')
    return cbc(key.subarray(32), nonce).decrypt(encrypted)
  },
}

const makers: Makers = {
  x25519: (input) => () => x25519.getSharedSecret(input.secretKey, input.peerKey),
  'x25519-base': (input) => () => x25519.getPublicKey(input.secretKey),
  'ed25519-keypair': (input) => () => ed25519.getPublicKey(input.secretKey),
  'ed25519-sign': (input) => () => ed25519.sign(input.message, input.secretKey),
  'ed25519-verify': (input) => {
    const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => ed25519.verify(signature, input.message, publicKey)
  },
  ...aeadMakers('chacha20-poly1305', 32, 12, aead(chacha20poly1305)),
  ...aeadMakers('xchacha20-poly1305', 32, 24, aead(xchacha20poly1305)),
  ...aeadMakers('aes-256-gcm', 32, 12, aead(gcm)),
  ...aeadMakers('aes-128-gcm', 16, 12, aead(gcm)),
  ...aeadMakers('a256cbc-hs512', 64, 16, a256cbcHs512),
  'a256kw-wrap': (input) => {
    const kek = input.key(32)
    return () => aeskw(kek).encrypt(input.message)
  },
  'a256kw-unwrap': (input) => {
    const [kek, wrapped] = [input.key(32), input.given('a256kw-wrap')]
    return () => aeskw(kek).decrypt(wrapped)
  },
  sha256: hashMaker(sha256),
  sha512: hashMaker(sha512),
  'hmac-sha256': (input) => {
    const key = input.key(32)
    return () => hmac(sha256, key, input.message)
  },
  'hmac-sha512': (input) => {
    const key = input.key(64)
    return () => hmac(sha512, key, input.message)
  },
  'hkdf-sha256': (input) => {
    const salt = input.nonce(12)
    return () => hkdf(sha256, input.secretKey, salt, input.peerKey, 32)
  },
}

export async function load(): Promise<Implementation[]> {
  return [{ name: '@noble', makers }]
}
