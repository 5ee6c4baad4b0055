import { argon2idAsync } from '@noble/hashes/argon2.js'
import { encodeUtf8 } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Crypto, RandomBytes } from './crypto.ts'
import type { SecretKey } from './memory-secrets.ts'
import { type PassphraseCost, readSealedKeys, sealedRecord } from './sealed-keys.ts'

/** 19 MiB, twice, in one lane: for a device that opens its keys when it starts. Some seconds of a small processor. */
export const defaultCost: PassphraseCost = { passes: 2, memoryKib: 19_456, lanes: 1 }

/** The most that a record may ask for: a stranger's could ask for all memory and the rest of the day. */
export const maxCost: PassphraseCost = { passes: 16, memoryKib: 262_144, lanes: 16 }

/** The least that is written. */
const minMemoryKib = 8

export interface PassphraseOptions {
  readonly crypto: Crypto
  readonly randomBytes: RandomBytes
  /** Default: `defaultCost`. */
  readonly cost?: PassphraseCost
}

/**
 * Encrypts private keys under a passphrase (docs/keys-at-rest.md): XChaCha20-Poly1305 under a key of Argon2id, by `@noble/hashes`.
 *
 * @throws RangeError for an empty passphrase, or a cost that nobody would read again
 * @example
 * import { crypto } from 'didcomm-mote/crypto'
 * import { openKeysWithPassphrase, sealKeysWithPassphrase } from 'didcomm-mote/crypto/passphrase'
 * import { world } from 'didcomm-mote/world'
 *
 * const { randomBytes } = world()
 * const keys = [{ kid: 'did:example:a#1', curve: 'X25519' as const, secretKey: randomBytes(32) }]
 * const record = await sealKeysWithPassphrase(keys, 'correct horse battery staple', { crypto, randomBytes })
 * const opened = await openKeysWithPassphrase(record, 'correct horse battery staple', { crypto })
 */
export async function sealKeysWithPassphrase(
  keys: readonly SecretKey[],
  passphrase: string,
  { crypto, randomBytes, cost = defaultCost }: PassphraseOptions,
): Promise<Uint8Array> {
  if (isTooMuch(cost, maxCost) || cost.memoryKib < minMemoryKib * cost.lanes || cost.passes < 1 || cost.lanes < 1) {
    throw new RangeError('"cost" expected parameters of Argon2id within `maxCost`')
  }
  const derivation = { ...cost, salt: randomBytes(16) }
  const key = await keyOf(passphrase, derivation)
  try {
    return sealedRecord(keys, key, derivation, { crypto, randomBytes })
  } finally {
    key.fill(0)
  }
}

/**
 * Decrypts what `sealKeysWithPassphrase` made.
 *
 * @param options `limit` is the most that the record may cost; default: `maxCost`
 * @throws DidCommError `ERR_CRYPTO_TAG` for a wrong passphrase or a changed record, `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE` where it costs more
 */
export async function openKeysWithPassphrase(
  record: Uint8Array,
  passphrase: string,
  { crypto, limit = maxCost }: { readonly crypto: Crypto; readonly limit?: PassphraseCost },
): Promise<SecretKey[]> {
  const sealed = readSealedKeys(record)
  const { derivation } = sealed
  if (!derivation)
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the record is under a key of the host and no passphrase')
  if (isTooMuch(derivation, limit))
    throw new DidCommError('ERR_TOO_LARGE', 'the record costs more to open than is allowed')
  if (derivation.memoryKib < minMemoryKib * derivation.lanes) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the record has less memory than Argon2id takes')
  }
  const key = await keyOf(passphrase, derivation)
  try {
    return sealed.open(crypto, key)
  } finally {
    key.fill(0)
  }
}

function isTooMuch({ passes, memoryKib, lanes }: PassphraseCost, limit: PassphraseCost): boolean {
  return passes > limit.passes || memoryKib > limit.memoryKib || lanes > limit.lanes
}

async function keyOf(
  passphrase: string,
  { passes, memoryKib, lanes, salt }: PassphraseCost & { salt: Uint8Array },
): Promise<Uint8Array> {
  if (passphrase === '') throw new RangeError('"passphrase" expected a text that is not empty')
  // NFC, so that the same letters typed on another keyboard are the same passphrase.
  const password = encodeUtf8(passphrase.normalize('NFC'))
  try {
    return await argon2idAsync(password, salt, { t: passes, m: memoryKib, p: lanes, dkLen: 32 })
  } finally {
    password.fill(0)
  }
}
