import { didOf } from '../did/did-url.ts'
import type { Curve, PublicKey } from '../did/document.ts'
import { DidCommError } from '../errors.ts'
import type { EnvelopeContext } from './envelope.ts'

/** Which keys take part in an envelope, of those that DIDs have. */

/** What a key is listed for in a DID document. */
export type Relationship = 'keyAgreement' | 'authentication'

/** Lists the keys that a DID has for a purpose, in its order. */
export type KeysOf = (did: string, relationship: Relationship) => Promise<readonly PublicKey[]>

/** What choosing needs of the world. */
export type KeyWorld = Pick<EnvelopeContext, 'crypto' | 'secrets'> & { readonly keysOf: KeysOf }

/**
 * The curves of key agreement that envelopes know, in order of preference: that of the core, then those that DIDComm v2.1 asks of
 * everybody ("Curves and Content Encryption Algorithms"), the deprecated one last, then the one that is optional.
 */
const agreementCurves: readonly Curve[] = ['X25519', 'P-384', 'P-256', 'P-521']
/** The curves of signatures that envelopes know, in order of preference. `Secrets` has to know them, and `crypto` need not. */
const signatureCurves: readonly Curve[] = ['Ed25519', 'P-256', 'P-384', 'secp256k1']

/** The curves of key agreement that `crypto` has. */
function supportedCurves({ crypto }: KeyWorld): readonly Curve[] {
  return agreementCurves.filter((curve) => curve === 'X25519' || crypto.curves?.has(curve))
}

/** The public key `kid`, if the document of its own DID lists it for `relationship`; else `undefined`. */
export async function listedKey(
  kid: string,
  relationship: Relationship,
  world: KeyWorld,
): Promise<PublicKey | undefined> {
  const keys = await world.keysOf(didOf(kid), relationship)
  return keys.find((key) => key.kid === kid)
}

/** The keys that an envelope is for: one at least. */
export type RecipientKeys = readonly [PublicKey, ...PublicKey[]]

/**
 * The keys to encrypt to for `did` (or the one key that a DID URL with a fragment names): all of its `keyAgreement` keys
 * on one supported curve, so that each of its devices can read (DIDComm v2.1, "DID Document Keys").
 *
 * @throws DidCommError `ERR_DID_UNUSABLE`
 */
export async function recipientKeys(
  did: string,
  world: KeyWorld,
  curves: readonly Curve[] = supportedCurves(world),
): Promise<RecipientKeys> {
  if (did.includes('#')) {
    const key = await listedKey(did, 'keyAgreement', world)
    if (key && curves.includes(key.curve)) return [key]
  } else {
    const keys = await world.keysOf(did, 'keyAgreement')
    for (const curve of curves) {
      const [first, ...others] = keys.filter((key) => key.curve === curve)
      if (first) return [first, ...others]
    }
  }
  throw new DidCommError('ERR_DID_UNUSABLE', `no supported keyAgreement key for ${did}`)
}

/** The recipient's keys and one own key of `from` on the same curve. */
export async function authcryptKeys(
  from: string,
  to: string,
  world: KeyWorld,
  curves: readonly Curve[] = supportedCurves(world),
): Promise<{ sender: PublicKey; recipients: RecipientKeys }> {
  const own = await ownKeys(from, 'keyAgreement', world, curves)
  const recipients = await recipientKeys(
    to,
    world,
    own.map(({ curve }) => curve),
  )
  const sender = own.find(({ curve }) => curve === recipients[0].curve)
  if (!sender) throw new DidCommError('ERR_DID_UNUSABLE', `no common curve between ${from} and ${to}`)
  return { sender, recipients }
}

/** The own key with which `did` signs, or the one that a DID URL with a fragment names. */
export async function signingKey(did: string, world: KeyWorld): Promise<PublicKey> {
  const [key] = await ownKeys(did, 'authentication', world, signatureCurves)
  if (!key) throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret to sign for ${did}`)
  return key
}

/** Own keys of `did` that can be used here, best curve first; of a DID URL with a fragment, the key that it names. */
async function ownKeys(
  did: string,
  relationship: Relationship,
  world: KeyWorld,
  curves: readonly Curve[],
): Promise<readonly PublicKey[]> {
  const all = await world.keysOf(didOf(did), relationship)
  const listed = did.includes('#') ? all.filter(({ kid }) => kid === did) : all
  const usable: PublicKey[] = []
  for (const curve of curves) {
    for (const key of listed) {
      if (key.curve === curve && (await world.secrets.has(key.kid))) usable.push(key)
    }
  }
  if (usable.length === 0) throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret for a ${relationship} key of ${did}`)
  return usable
}
