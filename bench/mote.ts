// What this package does: as a user calls it, over each build of the core, and with outputs that the caller supplies.
import { decodeCbor, encodeCbor } from 'didcomm-mote/bytes'
import { type Aead, type Crypto, crypto, instantiateCore, type KeyWrap, openWindow } from 'didcomm-mote/crypto'
import { cborMakers } from './cbor.ts'
import { aeadMakers, hashMaker, type Implementation, type Input, type Makers } from './implementation.ts'
import { compoundMakers } from './mote-compound.ts'
import { compactMakers, messageMakers, newPairMakers } from './mote-messages.ts'
import { isSupported, startupMakers } from './startup.ts'

const ciphersOf = (crypto: Crypto): Readonly<Record<string, Aead>> => ({
  'chacha20-poly1305': crypto.chacha20poly1305,
  'xchacha20-poly1305': crypto.xchacha20poly1305,
  'aes-256-gcm': crypto.a256gcm,
  'aes-128-gcm': crypto.aes128gcm,
  'a256cbc-hs512': crypto.a256cbcHs512,
  'aes-ccm-16-64-128': crypto.aesCcm16_64_128,
  'aes-ccm-16-128-128': crypto.aesCcm16_128_128,
  'aes-ccm-16-64-256': crypto.aesCcm16_64_256,
})

function cipherMakers(crypto: Crypto, makers: (name: string, aead: Aead) => Makers): Makers {
  return Object.assign({}, ...Object.entries(ciphersOf(crypto)).map(([name, aead]) => makers(name, aead)))
}

/** Every operation as a user calls it: the result is a new array. */
export function moteMakers(crypto: Crypto): Makers {
  const { x25519, ed25519, hkdfSha256 } = crypto
  return {
    x25519: (input) => () => x25519.getSharedSecret(input.secretKey, input.peerKey),
    'x25519-base': (input) => () => x25519.getPublicKey(input.secretKey),
    'ed25519-keypair': (input) => () => ed25519.getPublicKey(input.secretKey),
    'ed25519-sign': (input) => () => ed25519.sign(input.message, input.secretKey),
    'ed25519-verify': (input) => {
      const [signature, publicKey] = [input.given('ed25519-sign'), input.given('ed25519-keypair')]
      return () => ed25519.verify(signature, input.message, publicKey)
    },
    ...cipherMakers(crypto, (name, aead) => aeadMakers(name, aead.keyBytes, aead.nonceBytes, aead)),
    ...keyWrapMakers(crypto.a256kw),
    sha256: hashMaker((message) => crypto.sha256(message)),
    sha512: hashMaker((message) => crypto.sha512(message)),
    'hmac-sha256': (input) => {
      const key = input.key(32)
      return () => crypto.hmacSha256(key, input.message)
    },
    'hmac-sha512': (input) => {
      const key = input.key(64)
      return () => crypto.hmacSha512(key, input.message)
    },
    'hkdf-sha256': (input) => {
      const salt = input.nonce(12)
      return () => hkdfSha256.expand(hkdfSha256.extract(input.secretKey, salt), input.peerKey, 32)
    },
    ...compoundMakers(crypto),
    ...messageMakers(crypto),
  }
}

function keyWrapMakers(a256kw: KeyWrap): Makers {
  return {
    'a256kw-wrap': (input) => {
      const kek = input.key(32)
      return () => a256kw.wrapKey(kek, input.message)
    },
    'a256kw-unwrap': (input) => {
      const [kek, wrapped] = [input.key(32), input.given('a256kw-wrap')]
      return () => a256kw.unwrapKey(kek, wrapped)
    },
  }
}

/**
 * The operations that take an output from the caller. `seal` writes over its plaintext; `open` and the others write into one
 * array again and again, since an `open` that destroys its input could be called once only.
 */
export function inPlaceMakers(crypto: Crypto): Makers {
  const { x25519, ed25519 } = crypto
  const into = (bytes: number, call: (input: Input, out: Uint8Array) => unknown) => (input: Input) => {
    const out = new Uint8Array(bytes)
    return () => call(input, out)
  }
  return {
    x25519: into(32, ({ secretKey, peerKey }, out) => x25519.getSharedSecret(secretKey, peerKey, out)),
    'x25519-base': into(32, ({ secretKey }, out) => x25519.getPublicKey(secretKey, out)),
    'ed25519-keypair': into(32, ({ secretKey }, out) => ed25519.getPublicKey(secretKey, out)),
    'ed25519-sign': into(64, ({ message, secretKey }, out) => ed25519.sign(message, secretKey, out)),
    sha256: into(32, ({ message }, out) => crypto.sha256(message, out)),
    sha512: into(64, ({ message }, out) => crypto.sha512(message, out)),
    ...cipherMakers(crypto, inPlaceCipher),
  }
}

function inPlaceCipher(name: string, aead: Aead): Makers {
  return {
    [`${name}-seal`]: (input) => {
      const [key, nonce] = [input.key(aead.keyBytes), input.nonce(aead.nonceBytes)]
      const buffer = new Uint8Array(input.given(`${name}-seal`).length)
      const plaintext = buffer.subarray(0, input.size)
      plaintext.set(input.message)
      return () => aead.seal(key, nonce, plaintext, undefined, buffer)
    },
    [`${name}-open`]: (input) => {
      const [key, nonce] = [input.key(aead.keyBytes), input.nonce(aead.nonceBytes)]
      const [sealed, out] = [input.given(`${name}-seal`), new Uint8Array(input.size)]
      return () => aead.open(key, nonce, sealed, undefined, out)
    },
  }
}

/** The key is made ready beforehand, as most peers want theirs. */
function signingKeyMakers({ ed25519 }: Crypto): Makers {
  return {
    'ed25519-sign': (input) => {
      const key = ed25519.signingKey(input.secretKey)
      return () => key.sign(input.message)
    },
  }
}

/** Messages are written where the core works on them. Each call encrypts what the last one left there. */
function windowMakers(): Makers {
  return {
    'chacha20-poly1305-seal': (input) => {
      const { key, nonce, text, chacha20poly1305 } = openWindow()
      key.set(input.key(32))
      nonce.set(input.nonce(12))
      text.set(input.message)
      const value = (): Uint8Array => text.slice(0, input.size + 16)
      return { call: () => chacha20poly1305.seal(input.size), value }
    },
  }
}

/** A build of the core, as bytes. */
export interface CoreFile {
  readonly name: string
  readonly wasm: Uint8Array
}

/** Ours: first what a user gets, to which all others are compared. */
export function moteImplementations(cores: readonly CoreFile[]): Implementation[] {
  const builds = cores
    .filter(({ wasm }) => isSupported(wasm))
    .map(({ name, wasm }) => ({
      name: `didcomm-mote/${name}`,
      makers: { ...moteMakers(instantiateCore(wasm)), ...startupMakers(wasm) },
    }))
  return [
    {
      name: 'didcomm-mote',
      makers: { ...moteMakers(crypto), ...cborMakers({ encode: encodeCbor, decode: decodeCbor }) },
    },
    { name: 'didcomm-mote in place', makers: inPlaceMakers(crypto) },
    { name: 'didcomm-mote window', makers: windowMakers(), maxSize: 32_768 },
    { name: 'didcomm-mote signing key', makers: signingKeyMakers(crypto) },
    { name: 'didcomm-mote new pair', makers: newPairMakers(crypto) },
    { name: 'didcomm-mote compact', makers: compactMakers(crypto) },
    ...builds,
  ]
}
