import { didOf } from '../did/did-url.ts'
import type { Curve, DidDocument, PublicKey } from '../did/document.ts'
import { authenticationKeys, keyAgreementKeys } from '../did/keys.ts'
import { DidCommError } from '../errors.ts'
import type { EnvelopeContext } from './envelope.ts'

/** Which keys take part in an envelope: the only place that reads DID documents for it. */

type World = Pick<EnvelopeContext, 'crypto' | 'resolve' | 'secrets'>

/**
 * The curves of key agreement that envelopes know, in order of preference: that of the core, then those that DIDComm v2.1 asks of
 * everybody ("Curves and Content Encryption Algorithms"), the deprecated one last, then the one that is optional.
 */
const agreementCurves: readonly Curve[] = ['X25519', 'P-384', 'P-256', 'P-521']
/** The curves of signatures that envelopes know, in order of preference. `Secrets` has to know them, and `crypto` need not. */
const signatureCurves: readonly Curve[] = ['Ed25519', 'P-256', 'P-384', 'secp256k1']

/** The curves of key agreement that `crypto` has. */
function supportedCurves({ crypto }: World): readonly Curve[] {
  return agreementCurves.filter((curve) => curve === 'X25519' || crypto.curves?.has(curve))
}

/** What a key is listed for in a DID document. */
export type Relationship = 'keyAgreement' | 'authentication'

function publicKeys(document: DidDocument, relationship: Relationship): readonly PublicKey[] {
  return relationship === 'keyAgreement' ? keyAgreementKeys(document) : authenticationKeys(document)
}

/** The public key `kid`, if the document of its own DID lists it for `relationship`; else `undefined`. */
export async function listedKey(kid: string, relationship: Relationship, world: World): Promise<PublicKey | undefined> {
  const document = await world.resolve(didOf(kid))
  return publicKeys(document, relationship).find((key) => key.kid === kid)
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
  world: World,
  curves: readonly Curve[] = supportedCurves(world),
): Promise<RecipientKeys> {
  if (did.includes('#')) {
    const key = await listedKey(did, 'keyAgreement', world)
    if (key && curves.includes(key.curve)) return [key]
  } else {
    const keys = publicKeys(await world.resolve(did), 'keyAgreement')
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
  world: World,
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
export async function signingKey(did: string, world: World): Promise<PublicKey> {
  const [key] = await ownKeys(did, 'authentication', world, signatureCurves)
  if (!key) throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret to sign for ${did}`)
  return key
}

/** Own keys of `did` that can be used here, best curve first; of a DID URL with a fragment, the key that it names. */
async function ownKeys(
  did: string,
  relationship: Relationship,
  world: World,
  curves: readonly Curve[],
): Promise<readonly PublicKey[]> {
  const all = publicKeys(await world.resolve(didOf(did)), relationship)
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
