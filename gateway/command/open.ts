import { contactBook, firstOf } from 'didcomm-mote'
import { type Json, parseJson } from 'didcomm-mote/bytes'
import { crypto as core, memorySecrets, type SecretJwk, type SecretKey, secretKeyFromJwk } from 'didcomm-mote/crypto'
import { didJwk, didKey, didOf, didPeer, type SecretMultikey, secretKeyFromMultikey } from 'didcomm-mote/did'
import { forwardType, unpack, unwrapForward } from 'didcomm-mote/envelope'
import { cborEnvelope } from 'didcomm-mote/envelope/cbor'
import { world } from 'didcomm-mote/world'
import { InputError } from './input.ts'
import { knownTypes } from './types.ts'

type Crypto = typeof core
type Unpacked = Awaited<ReturnType<typeof unpack>>

/** Opens envelopes with the secrets of one party. */
export interface Opener {
  /** @throws DidCommError as `unpack` */
  open(bytes: Uint8Array): Promise<Unpacked>
}

/**
 * Makes what opens envelopes, from the content of a file of secrets: a JWK set, a list of JWKs or of Multikeys (`kid` and `secretKeyMultibase`), or one of
 * them. DIDs that need a network are not resolved.
 *
 * @param contacts DIDs of senders whom compact envelopes name by short ids
 * @throws InputError, which never quotes a secret
 */
export async function opener(secretsJson: Uint8Array, contacts: readonly string[]): Promise<Opener> {
  const crypto = await withOptionalCurves()
  const secretKeys = readSecrets(secretsJson, crypto)
  const resolve = firstOf(didKey(crypto), didPeer(crypto), didJwk())
  const book = contactBook(crypto, resolve)
  for (const did of new Set([...contacts, ...secretKeys.map(({ kid }) => didOf(kid))])) {
    // A secret whose DID is not resolved here opens what its key opens, all the same.
    await book.add({ did }).catch((cause: unknown) => {
      if (contacts.includes(did)) throw new InputError(`the contact cannot be resolved: ${(cause as Error).message}`)
    })
  }
  const context = {
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    randomBytes: world().randomBytes,
    types: knownTypes,
    knownKids: book.knownKids,
  }
  const cbor = cborEnvelope()
  return {
    open: (bytes) => (cbor.recognizes(bytes[0] ?? 0, bytes) ? cbor.unpack(bytes, context) : unpack(bytes, context)),
  }
}

/** The envelopes in a message for a mediator. */
export function forwarded({ message }: Unpacked): { next: string; payloads: Uint8Array[] } | undefined {
  return message.type === forwardType ? unwrapForward(message) : undefined
}

/** The NIST curves need a package that need not be there. */
async function withOptionalCurves(): Promise<Crypto> {
  try {
    const { p256, p384, p521, secp256k1, withCurves } = await import('didcomm-mote/crypto/curves')
    return withCurves(core, p256, p384, p521, secp256k1)
  } catch {
    return core
  }
}

function readSecrets(content: Uint8Array, crypto: Crypto): SecretKey[] {
  try {
    const keys = listOf(parseJson(content)).map((key) => secretOf(key, crypto))
    if (keys.length > 0) return keys
  } catch {
    // What it says could quote the file.
  }
  throw new InputError('the secrets are no JWK set, and no list of JWKs or Multikeys')
}

function listOf(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value['keys'] : undefined
  return Array.isArray(keys) ? keys : [value]
}

function secretOf(value: Json, crypto: Crypto): SecretKey {
  const isMultikey = typeof value === 'object' && value !== null && 'secretKeyMultibase' in value
  return isMultikey
    ? secretKeyFromMultikey(value as unknown as SecretMultikey, crypto)
    : secretKeyFromJwk(value as unknown as SecretJwk, crypto)
}
