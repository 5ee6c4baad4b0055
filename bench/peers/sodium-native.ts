// libsodium in C. Its functions write into an output of the caller; a new one is made in each call, as the others do.
import sodium from 'sodium-native'
import { aeadMakers, hashMaker, type Implementation, type Makers } from '../implementation.ts'

function writes(bytes: number, write: (out: Uint8Array) => unknown): Uint8Array {
  const out = new Uint8Array(bytes)
  write(out)
  return out
}

function keyPair(seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } {
  const pair = { publicKey: new Uint8Array(32), secretKey: new Uint8Array(64) }
  sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, seed)
  return pair
}

const makers: Makers = {
  x25519: (input) => () => writes(32, (out) => sodium.crypto_scalarmult(out, input.secretKey, input.peerKey)),
  'x25519-base': (input) => () => writes(32, (out) => sodium.crypto_scalarmult_base(out, input.secretKey)),
  'ed25519-keypair': (input) => () => keyPair(input.secretKey).publicKey,
  'ed25519-sign': (input) => {
    const { secretKey } = keyPair(input.secretKey)
    return () => writes(64, (out) => sodium.crypto_sign_detached(out, input.message, secretKey))
  },
  'ed25519-verify': (input) => {
    const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => sodium.crypto_sign_verify_detached(signature, input.message, publicKey)
  },
  ...aeadMakers('chacha20-poly1305', 32, 12, {
    seal: (key, nonce, text) =>
      writes(text.length + 16, (out) =>
        sodium.crypto_aead_chacha20poly1305_ietf_encrypt(out, text, null, null, nonce, key),
      ),
    open: (key, nonce, sealed) =>
      writes(sealed.length - 16, (out) =>
        sodium.crypto_aead_chacha20poly1305_ietf_decrypt(out, null, sealed, null, nonce, key),
      ),
  }),
  ...aeadMakers('xchacha20-poly1305', 32, 24, {
    seal: (key, nonce, text) =>
      writes(text.length + 16, (out) =>
        sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(out, text, null, null, nonce, key),
      ),
    open: (key, nonce, sealed) =>
      writes(sealed.length - 16, (out) =>
        sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(out, null, sealed, null, nonce, key),
      ),
  }),
  sha256: hashMaker((message) => writes(32, (out) => sodium.crypto_hash_sha256(out, message))),
  sha512: hashMaker((message) => writes(64, (out) => sodium.crypto_hash_sha512(out, message))),
}

export async function load(): Promise<Implementation[]> {
  return [{ name: 'sodium-native', makers }]
}
