import sodium from 'libsodium-wrappers'
import { aeadMakers, hashMaker, type Implementation, type Makers } from '../implementation.ts'

const makers: Makers = {
  x25519: (input) => () => sodium.crypto_scalarmult(input.secretKey, input.peerKey),
  'x25519-base': (input) => () => sodium.crypto_scalarmult_base(input.secretKey),
  'ed25519-keypair': (input) => ({
    call: () => sodium.crypto_sign_seed_keypair(input.secretKey),
    value: (returned) => (returned as { publicKey: Uint8Array }).publicKey,
  }),
  'ed25519-sign': (input) => {
    const { privateKey } = sodium.crypto_sign_seed_keypair(input.secretKey)
    return () => sodium.crypto_sign_detached(input.message, privateKey)
  },
  'ed25519-verify': (input) => {
    const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => sodium.crypto_sign_verify_detached(signature, input.message, publicKey)
  },
  ...aeadMakers('chacha20-poly1305', 32, 12, {
    seal: (key, nonce, text) => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(text, null, null, nonce, key),
    open: (key, nonce, sealed) => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, null, nonce, key),
  }),
  ...aeadMakers('xchacha20-poly1305', 32, 24, {
    seal: (key, nonce, text) => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(text, null, null, nonce, key),
    open: (key, nonce, sealed) => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, null, nonce, key),
  }),
  sha512: hashMaker((message) => sodium.crypto_hash(message)),
}

export async function load(): Promise<Implementation[]> {
  await sodium.ready
  return [{ name: 'libsodium-wrappers', makers }]
}
