// node:crypto, which is OpenSSL. Its rows are what it does best: key objects are made beforehand, and key pairs generated.
// `node:crypto raw keys` does the same work as the others: from the bytes of the keys, in each call.
import * as node from 'node:crypto'
import {
  aeadMakers,
  hashMaker,
  type Implementation,
  type Input,
  type Makers,
  type SealAndOpen,
} from './implementation.ts'

const x25519Private = '302e020100300506032b656e04220420'
const x25519Public = '302a300506032b656e032100'
const ed25519Private = '302e020100300506032b657004220420'
const ed25519Public = '302a300506032b6570032100'
const derBytes = 12

function privateKey(prefix: string, secretKey: Uint8Array): node.KeyObject {
  const der = Buffer.concat([Buffer.from(prefix, 'hex'), secretKey])
  return node.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function publicKey(prefix: string, raw: Uint8Array): node.KeyObject {
  return node.createPublicKey({ key: Buffer.concat([Buffer.from(prefix, 'hex'), raw]), format: 'der', type: 'spki' })
}

const rawPublicKey = (key: node.KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(derBytes)

/** A generated pair has other keys each time: what is compared is whether its halves belong together. */
function generates(type: 'x25519' | 'ed25519') {
  return (input: Input) => ({
    call: () => (type === 'x25519' ? node.generateKeyPairSync('x25519') : node.generateKeyPairSync('ed25519')),
    value: (returned: unknown) => {
      const pair = returned as node.KeyPairKeyObjectResult
      const derived = rawPublicKey(node.createPublicKey(pair.privateKey))
      const belongs = derived.equals(rawPublicKey(pair.publicKey))
      return belongs ? input.given(type === 'x25519' ? 'x25519-base' : 'ed25519-keypair') : false
    },
  })
}

interface AeadOptions {
  readonly cipher: 'chacha20-poly1305' | 'aes-256-gcm' | 'aes-128-gcm' | 'aes-128-ccm' | 'aes-256-ccm'
  readonly tagBytes: number
}

function aead({ cipher, tagBytes }: AeadOptions): SealAndOpen {
  const options = { authTagLength: tagBytes }
  return {
    seal(key, nonce, plaintext) {
      const sealing = node.createCipheriv(cipher as node.CipherCCMTypes, key, nonce, options)
      return Buffer.concat([sealing.update(plaintext), sealing.final(), sealing.getAuthTag()])
    },
    open(key, nonce, sealed) {
      const opening = node.createDecipheriv(cipher as node.CipherCCMTypes, key, nonce, options)
      opening.setAuthTag(sealed.subarray(-tagBytes))
      return Buffer.concat([opening.update(sealed.subarray(0, -tagBytes)), opening.final()])
    },
  }
}

function cbcHs512Tag(key: Uint8Array, nonce: Uint8Array, encrypted: Uint8Array): Buffer {
  const mac = node.createHmac('sha512', key.subarray(0, 32))
  return mac.update(nonce).update(encrypted).update(new Uint8Array(8)).digest().subarray(0, 32)
}

const a256cbcHs512: SealAndOpen = {
  seal(key, nonce, plaintext) {
    const sealing = node.createCipheriv('aes-256-cbc', key.subarray(32), nonce)
    const encrypted = Buffer.concat([sealing.update(plaintext), sealing.final()])
    return Buffer.concat([encrypted, cbcHs512Tag(key, nonce, encrypted)])
  },
  open(key, nonce, sealed) {
    const encrypted = sealed.subarray(0, -32)
    if (!node.timingSafeEqual(cbcHs512Tag(key, nonce, encrypted), sealed.subarray(-32))) throw new Error('wrong tag')
    const opening = node.createDecipheriv('aes-256-cbc', key.subarray(32), nonce)
    return Buffer.concat([opening.update(encrypted), opening.final()])
  },
}

const keyWrapIv = Buffer.from('a6a6a6a6a6a6a6a6', 'hex')

const makers: Makers = {
  x25519: (input) => {
    const keys = {
      privateKey: privateKey(x25519Private, input.secretKey),
      publicKey: publicKey(x25519Public, input.peerKey),
    }
    return () => node.diffieHellman(keys)
  },
  'x25519-base': generates('x25519'),
  'ed25519-keypair': generates('ed25519'),
  'ed25519-sign': (input) => {
    const key = privateKey(ed25519Private, input.secretKey)
    return () => node.sign(null, input.message, key)
  },
  'ed25519-verify': (input) => {
    const [signature, key] = [input.given('ed25519-sign'), publicKey(ed25519Public, input.given('ed25519-keypair'))]
    return () => node.verify(null, input.message, key, signature)
  },
  ...aeadMakers('chacha20-poly1305', 32, 12, aead({ cipher: 'chacha20-poly1305', tagBytes: 16 })),
  ...aeadMakers('aes-256-gcm', 32, 12, aead({ cipher: 'aes-256-gcm', tagBytes: 16 })),
  ...aeadMakers('aes-128-gcm', 16, 12, aead({ cipher: 'aes-128-gcm', tagBytes: 16 })),
  ...aeadMakers('a256cbc-hs512', 64, 16, a256cbcHs512),
  ...aeadMakers('aes-ccm-16-64-128', 16, 13, aead({ cipher: 'aes-128-ccm', tagBytes: 8 })),
  ...aeadMakers('aes-ccm-16-128-128', 16, 13, aead({ cipher: 'aes-128-ccm', tagBytes: 16 })),
  ...aeadMakers('aes-ccm-16-64-256', 32, 13, aead({ cipher: 'aes-256-ccm', tagBytes: 8 })),
  'a256kw-wrap': (input) => {
    const kek = input.key(32)
    return () => {
      const wrapping = node.createCipheriv('id-aes256-wrap', kek, keyWrapIv)
      return Buffer.concat([wrapping.update(input.message), wrapping.final()])
    }
  },
  'a256kw-unwrap': (input) => {
    const [kek, wrapped] = [input.key(32), input.given('a256kw-wrap')]
    return () => {
      const unwrapping = node.createDecipheriv('id-aes256-wrap', kek, keyWrapIv)
      return Buffer.concat([unwrapping.update(wrapped), unwrapping.final()])
    }
  },
  sha256: hashMaker((message) => node.createHash('sha256').update(message).digest()),
  sha512: hashMaker((message) => node.createHash('sha512').update(message).digest()),
  'hmac-sha256': (input) => {
    const key = input.key(32)
    return () => node.createHmac('sha256', key).update(input.message).digest()
  },
  'hmac-sha512': (input) => {
    const key = input.key(64)
    return () => node.createHmac('sha512', key).update(input.message).digest()
  },
  'hkdf-sha256': (input) => {
    const salt = input.nonce(12)
    return () => node.hkdfSync('sha256', input.secretKey, salt, input.peerKey, 32)
  },
}

const fromRawKeys: Makers = {
  x25519: ({ secretKey, peerKey }) => {
    return () =>
      node.diffieHellman({
        privateKey: privateKey(x25519Private, secretKey),
        publicKey: publicKey(x25519Public, peerKey),
      })
  },
  'x25519-base': (input) => () => rawPublicKey(node.createPublicKey(privateKey(x25519Private, input.secretKey))),
  'ed25519-keypair': (input) => () => rawPublicKey(node.createPublicKey(privateKey(ed25519Private, input.secretKey))),
  'ed25519-sign': (input) => () => node.sign(null, input.message, privateKey(ed25519Private, input.secretKey)),
  'ed25519-verify': (input) => {
    const [signature, raw] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
    return () => node.verify(null, input.message, publicKey(ed25519Public, raw), signature)
  },
}

export async function load(): Promise<Implementation[]> {
  return [
    { name: 'node:crypto', makers },
    { name: 'node:crypto raw keys', makers: fromRawKeys },
  ]
}
