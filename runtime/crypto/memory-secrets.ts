import { decodeBase64url } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import { copyOf, expectBytes } from './arguments.ts'
import type { Crypto, Secrets, SigningKey } from './crypto.ts'

/** A private key in memory, as it is given to `memorySecrets`. */
export interface SecretKey {
  /** The absolute DID URL of its public half. */
  readonly kid: string
  readonly curve: 'X25519' | 'Ed25519'
  /** 32 bytes: the scalar of X25519, the seed of Ed25519. */
  readonly secretKey: Uint8Array
}

/** A private key as a JSON Web Key (RFC 8037 §2). */
export interface SecretJwk {
  readonly kid: string
  readonly kty: string
  readonly crv: string
  readonly d: string
  readonly x: string
}

/**
 * Makes `Secrets` over private keys in memory. The keys are copied, and nothing gives them out again: not a member, not
 * `JSON.stringify`, not an inspector's print of the object.
 *
 * @throws RangeError where a key has a wrong length or two have one `kid`
 * @example
 * import { crypto, memorySecrets } from 'didcomm-mote/crypto'
 *
 * const secretKey = globalThis.crypto.getRandomValues(new Uint8Array(32))
 * const secrets = memorySecrets(crypto, [{ kid: 'did:example:alice#key-1', curve: 'X25519', secretKey }])
 */
export function memorySecrets(crypto: Crypto, keys: readonly SecretKey[]): Secrets {
  const held = new Map<string, SecretKey>()
  for (const { kid, curve, secretKey } of keys) {
    expectBytes('secretKey', secretKey, 32)
    if (curve !== 'X25519' && curve !== 'Ed25519') throw new RangeError(`"curve" expected X25519 or Ed25519`)
    if (held.has(kid)) throw new RangeError(`"keys" expected one key for each kid, got two for ${kid}`)
    held.set(kid, { kid, curve, secretKey: copyOf(secretKey) })
  }

  function find(kid: string, curve: SecretKey['curve']): Uint8Array {
    const key = held.get(kid)
    if (key?.curve !== curve) throw new DidCommError('ERR_KEY_NOT_FOUND', `no ${curve} secret key here for ${kid}`)
    return key.secretKey
  }

  const signingKeys = new Map<string, SigningKey>()

  function signingKey(kid: string): SigningKey {
    const key = signingKeys.get(kid) ?? crypto.ed25519.signingKey(find(kid, 'Ed25519'))
    signingKeys.set(kid, key)
    return key
  }

  return {
    async kids() {
      return [...held.keys()]
    },
    async has(kid) {
      return held.has(kid)
    },
    async deriveBits(kid, peerPublicKey) {
      return crypto.x25519.getSharedSecret(find(kid, 'X25519'), peerPublicKey)
    },
    async sign(kid, data) {
      return signingKey(kid).sign(data)
    },
  }
}

/**
 * Reads a private key of kind OKP (RFC 8037 §2) on X25519 or Ed25519.
 *
 * @throws DidCommError `ERR_KEY_INVALID`
 */
export function secretKeyFromJwk(jwk: SecretJwk): SecretKey {
  const { kid, kty, crv, d } = jwk
  if (kty !== 'OKP' || (crv !== 'X25519' && crv !== 'Ed25519')) {
    throw new DidCommError('ERR_KEY_INVALID', 'the secret key is not an OKP key on X25519 or Ed25519')
  }
  if (typeof kid !== 'string' || typeof d !== 'string') {
    throw new DidCommError('ERR_KEY_INVALID', 'the secret key has no "kid" or no "d"')
  }
  const secretKey = decodeSecret(d)
  if (secretKey?.length !== 32) throw new DidCommError('ERR_KEY_INVALID', '"d" of the secret key is not 32 bytes')
  return { kid, curve: crv, secretKey }
}

function decodeSecret(text: string): Uint8Array | undefined {
  try {
    return decodeBase64url(text)
  } catch {
    return undefined
  }
}
