import { AES } from '@stablelib/aes'
import { ChaCha20Poly1305 } from '@stablelib/chacha20poly1305'
import { generateKeyPairFromSeed, sign, verify } from '@stablelib/ed25519'
import { GCM } from '@stablelib/gcm'
import { HKDF } from '@stablelib/hkdf'
import { hmac } from '@stablelib/hmac'
import { SHA256, hash as sha256 } from '@stablelib/sha256'
import { SHA512, hash as sha512 } from '@stablelib/sha512'
import { scalarMultBase, sharedKey } from '@stablelib/x25519'
import { XChaCha20Poly1305 } from '@stablelib/xchacha20poly1305'
import { aeadMakers, hashMaker, type Implementation, type Makers, type SealAndOpen } from '../implementation.ts'

interface StableAead {
  seal(nonce: Uint8Array, plaintext: Uint8Array): Uint8Array
  open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null
}

const aead = (cipher: (key: Uint8Array) => StableAead): SealAndOpen => ({
  seal: (key, nonce, plaintext) => cipher(key).seal(nonce, plaintext),
  open: (key, nonce, sealed) => cipher(key).open(nonce, sealed),
})

const gcm = aead((key) => new GCM(new AES(key, true)))

const makers: Makers = {
  x25519: (input) => () => sharedKey(input.secretKey, input.peerKey, true),
  'x25519-base': (input) => () => scalarMultBase(input.secretKey),
  'ed25519-keypair': (input) => () => generateKeyPairFromSeed(input.secretKey).publicKey,
  'ed25519-sign': (input) => {
    const { secretKey } = generateKeyPairFromSeed(input.secretKey)
    return () => sign(secretKey, input.message)
  },
  'ed25519-verify': (input) => {
    const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => verify(publicKey, input.message, signature)
  },
  ...aeadMakers(
    'chacha20-poly1305',
    32,
    12,
    aead((key) => new ChaCha20Poly1305(key)),
  ),
  ...aeadMakers(
    'xchacha20-poly1305',
    32,
    24,
    aead((key) => new XChaCha20Poly1305(key)),
  ),
  ...aeadMakers('aes-256-gcm', 32, 12, gcm),
  ...aeadMakers('aes-128-gcm', 16, 12, gcm),
  sha256: hashMaker(sha256),
  sha512: hashMaker(sha512),
  'hmac-sha256': (input) => {
    const key = input.key(32)
    return () => hmac(SHA256, key, input.message)
  },
  'hmac-sha512': (input) => {
    const key = input.key(64)
    return () => hmac(SHA512, key, input.message)
  },
  'hkdf-sha256': (input) => {
    const salt = input.nonce(12)
    return () => new HKDF(SHA256, input.secretKey, salt, input.peerKey).expand(32)
  },
}

export async function load(): Promise<Implementation[]> {
  return [{ name: '@stablelib', makers }]
}
