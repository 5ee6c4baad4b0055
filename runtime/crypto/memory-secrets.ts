import { encodeBase64url } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import { copyOf, expectBytes } from './arguments.ts'
import type { Crypto, EcCurve, Secrets, SigningKey } from './crypto.ts'

/** Of how many pairs of lasting keys the shared secret is remembered. */
const MAX_AGREED = 256

/** A private key in memory, as it is given to `memorySecrets`. */
export interface SecretKey {
  /** The absolute DID URL of its public half. */
  readonly kid: string
  readonly curve: 'X25519' | 'Ed25519' | EcCurve['curve']
  /** The scalar; the seed of Ed25519. 32 bytes, 48 on P-384, 66 on P-521. */
  readonly secretKey: Uint8Array
}

/**
 * Makes `Secrets` over private keys in memory, which remember what the lasting keys of two parties agree on: with those who write often,
 * authcrypt then takes a scalar multiplication less for each message. The keys are copied, and nothing gives them out again: not a member, not
 * `JSON.stringify`, not an inspector's print of the object.
 *
 * @throws RangeError where a key is none of its curve, or two have one `kid`; where `crypto` does not have the curve
 * @example
 * import { crypto, memorySecrets } from 'didcomm-mote/crypto'
 *
 * const secretKey = globalThis.crypto.getRandomValues(new Uint8Array(32))
 * const secrets = memorySecrets(crypto, [{ kid: 'did:example:alice#key-1', curve: 'X25519', secretKey }])
 */
export function memorySecrets(crypto: Crypto, keys: readonly SecretKey[]): Secrets {
  const held = new Map<string, SecretKey>()
  for (const { kid, curve, secretKey } of keys) {
    expectSecretKey(crypto, curve, secretKey)
    if (held.has(kid)) throw new RangeError(`"keys" expected one key for each kid, got two for ${kid}`)
    held.set(kid, { kid, curve, secretKey: copyOf(secretKey) })
  }

  /** What two lasting keys agreed on, the latest last. */
  const agreed = new Map<string, Uint8Array>()

  function agree(kid: string, peerPublicKey: Uint8Array): Uint8Array {
    const key = held.get(kid)
    if (key?.curve === 'X25519') return crypto.x25519.getSharedSecret(key.secretKey, peerPublicKey)
    const curve = key && crypto.curves?.get(key.curve)
    if (!key || !curve) throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret key for key agreement for ${kid}`)
    return curve.getSharedSecret(key.secretKey, peerPublicKey)
  }

  function remember(name: string, bits: Uint8Array): void {
    agreed.delete(name)
    agreed.set(name, bits)
    const [oldest] = agreed.keys()
    if (agreed.size > MAX_AGREED && oldest !== undefined) agreed.delete(oldest)
  }

  const signingKeys = new Map<string, SigningKey>()

  function signingKey({ kid, secretKey }: SecretKey): SigningKey {
    const key = signingKeys.get(kid) ?? crypto.ed25519.signingKey(secretKey)
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
    async deriveBits(kid, peerPublicKey, isLasting = false) {
      if (!isLasting) return agree(kid, peerPublicKey)
      const name = `${kid} ${encodeBase64url(peerPublicKey)}`
      const bits = agreed.get(name) ?? agree(kid, peerPublicKey)
      remember(name, bits)
      return bits.slice()
    },
    async sign(kid, data) {
      const key = held.get(kid)
      if (key?.curve === 'Ed25519') return signingKey(key).sign(data)
      const curve = key && crypto.curves?.get(key.curve)
      if (!key || !curve?.alg) throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret key to sign with for ${kid}`)
      return curve.sign(data, key.secretKey)
    },
  }
}

function expectSecretKey(crypto: Crypto, curve: SecretKey['curve'], secretKey: Uint8Array): void {
  const inCore = curve === 'X25519' || curve === 'Ed25519'
  const entry = crypto.curves?.get(curve)
  if (!inCore && !entry) throw new RangeError('"curve" expected X25519, Ed25519 or a curve that "crypto" has')
  expectBytes('secretKey', secretKey, entry?.secretKeyBytes ?? 32)
  if (entry && !entry.isSecretKey(secretKey)) throw new RangeError(`"secretKey" expected a scalar of ${curve}`)
}
