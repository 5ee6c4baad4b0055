// The low-level API: the primitives of the WebAssembly core, synchronous, over bytes.
//   tsx examples/crypto.ts
import { randomBytes } from 'node:crypto'
import { chacha20poly1305, ed25519, hkdfSha256, sha256, x25519 } from 'didcomm-mote/crypto'

const text = new TextEncoder()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

// Two parties agree on a key.
const alice = randomBytes(32)
const bob = randomBytes(32)
const shared = x25519.getSharedSecret(alice, x25519.getPublicKey(bob))
const same = x25519.getSharedSecret(bob, x25519.getPublicKey(alice))
const key = hkdfSha256.expand(hkdfSha256.extract(shared), text.encode('example'), 32)
console.log('shared secrets agree   ', hex(shared) === hex(same))

// One encrypts, the other opens; `out` avoids an allocation.
const nonce = randomBytes(12)
const aad = text.encode('device 7')
const sealed = chacha20poly1305.seal(key, nonce, text.encode('21.5 °C'), aad)
const opened = chacha20poly1305.open(key, nonce, sealed, aad, new Uint8Array(sealed.length - 16))
console.log('opened                 ', new TextDecoder().decode(opened))

sealed[0]! ^= 1
try {
  chacha20poly1305.open(key, nonce, sealed, aad)
} catch (error) {
  console.log('one bit flipped        ', (error as { code: string }).code)
}

const seed = randomBytes(32)
const signature = ed25519.sign(text.encode('firmware 1.4.2'), seed)
console.log(
  'signature verifies     ',
  ed25519.verify(signature, text.encode('firmware 1.4.2'), ed25519.getPublicKey(seed)),
)
console.log('sha256                 ', hex(sha256(text.encode('abc'))).slice(0, 16), '…')
