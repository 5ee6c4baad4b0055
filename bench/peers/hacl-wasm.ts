import HaclWasm from 'hacl-wasm'
import { aeadMakers, hashMaker, type Implementation } from '../implementation.ts'

const empty = new Uint8Array()

export async function load(): Promise<Implementation[]> {
  const hacl = await HaclWasm.getInitializedHaclModule()
  const { Curve25519_51: curve, Chacha20Poly1305: cipher, Ed25519: ed25519, SHA2, HMAC, HKDF } = hacl
  const makers = {
    x25519: ({ secretKey, peerKey }) => {
      return () => curve.ecdh(secretKey, peerKey)[1]
    },
    'x25519-base': (input) => () => curve.secret_to_public(input.secretKey)[0],
    'ed25519-keypair': (input) => () => ed25519.secret_to_public(input.secretKey)[0],
    'ed25519-sign': (input) => () => ed25519.sign(input.secretKey, input.message)[0],
    'ed25519-verify': (input) => {
      const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
      return () => ed25519.verify(publicKey, input.message, signature)[0]
    },
    ...aeadMakers('chacha20-poly1305', 32, 12, {
      seal: (key, nonce, text) => joined(...cipher.aead_encrypt(key, nonce, empty, text)),
      open: (key, nonce, sealed) =>
        cipher.aead_decrypt(key, nonce, empty, sealed.subarray(0, -16), sealed.subarray(-16))[1],
    }),
    sha256: hashMaker((message) => SHA2.hash_256(message)[0]),
    sha512: hashMaker((message) => SHA2.hash_512(message)[0]),
    'hmac-sha256': (input) => {
      const key = input.key(32)
      return () => HMAC.sha256(key, input.message)[0]
    },
    'hmac-sha512': (input) => {
      const key = input.key(64)
      return () => HMAC.sha512(key, input.message)[0]
    },
    'hkdf-sha256': (input) => {
      const salt = input.nonce(12)
      return () => HKDF.expand_sha2_256(HKDF.extract_sha2_256(salt, input.secretKey)[0], input.peerKey, 32)[0]
    },
  } satisfies Implementation['makers']
  // Its memory is fixed: it signs 1 MiB wrongly, without an error.
  return [{ name: 'hacl-wasm', makers, maxSize: 16_384 }]
}

function joined(encrypted: Uint8Array, tag: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(encrypted.length + tag.length)
  sealed.set(encrypted)
  sealed.set(tag, encrypted.length)
  return sealed
}
