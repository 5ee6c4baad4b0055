import {
  memorySecrets,
  type SecretJwk,
  type SecretKey,
  type Secrets,
  secretKeyFromJwk,
} from '../../runtime/crypto/index.ts'
import type { DidDocument } from '../../runtime/did/document.ts'
import { type CompactContext, type Leniency, type Unpacked, unpack } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { crypto, seededBytes, testResolve, testTypes } from '../envelope/world.ts'
import { sharedFiles, sharedVectors } from '../vectors.ts'

/** Everything that the vectors of one source are about: its envelopes, who they are for, and what they say. */
export interface Family {
  readonly name: string
  readonly envelopes: readonly Uint8Array[]
  readonly documents: readonly DidDocument[]
  readonly secrets: Secrets
  /** What each envelope proves that nobody has changed, as `claim` writes it. */
  readonly claims: ReadonlySet<string>
}

/** Lets all pass that can be let pass: it has to be safe as well. */
export const everything: readonly Leniency[] = ['anoncrypt-authcrypt-signed', 'flattened-jwe', 'other-recipient']

/** What an opened envelope claims that somebody said. What only a recipient can tell is left out: who is sent it again may differ. */
export function claim({ message, sender, nonRepudiable }: Unpacked): string {
  return JSON.stringify([sender ?? null, nonRepudiable, message])
}

export interface Counted {
  readonly context: CompactContext
  /** How often documents were asked for, and keys were used. */
  readonly steps: { resolved: number; derived: number }
}

/** The context of all recipients of a family, which counts what is done in it. */
export function counted({ documents, secrets }: Family): Counted {
  const steps = { resolved: 0, derived: 0 }
  const resolve = testResolve(documents)
  const context: CompactContext = {
    crypto,
    secrets: {
      ...secrets,
      deriveBits(kid, peerPublicKey) {
        steps.derived++
        return secrets.deriveBits(kid, peerPublicKey)
      },
    },
    resolve(did) {
      steps.resolved++
      return resolve(did)
    },
    randomBytes: seededBytes('nothing secret'),
    types: testTypes,
  }
  return { context, steps }
}

/** The same envelopes come thousands of times, and a P-521 agreement takes as long as a hundred of them. */
function remembering(secrets: Secrets): Secrets {
  const known = new Map<string, Uint8Array>()
  return {
    ...secrets,
    async deriveBits(kid, peerPublicKey) {
      const name = `${kid} ${Buffer.from(peerPublicKey).toString('hex')}`
      const bits = known.get(name) ?? (await secrets.deriveBits(kid, peerPublicKey))
      if (known.size < 1000) known.set(name, bits.slice())
      return bits.slice()
    },
  }
}

async function family(
  name: string,
  input: { envelopes: unknown[]; documents: DidDocument[]; keys: SecretKey[] },
): Promise<Family> {
  const { documents, keys } = input
  const envelopes = input.envelopes.map((value) =>
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
  )
  const claims = new Set<string>()
  const all = { name, envelopes, documents, secrets: remembering(memorySecrets(crypto, keys)), claims }
  for (const bytes of envelopes) {
    try {
      claims.add(claim(await unpack(bytes, counted(all).context, { allow: everything })))
    } catch (error) {
      if (!isDidCommError(error)) throw error
    }
  }
  return all
}

const keysOf = (jwks: readonly SecretJwk[]): SecretKey[] => jwks.map((jwk) => secretKeyFromJwk(jwk, crypto))

function spec(): Promise<Family> | undefined {
  const files = new Map(sharedFiles<unknown>('spec'))
  const file = <T>(name: string): T => files.get(name) as T
  if (files.size === 0) return undefined
  const names = [...files.keys()].filter((name) => !/^(diddoc|secrets|index)/.test(name))
  return family('spec', {
    envelopes: names.map((name) => file(name)),
    documents: [file('diddoc_alice.json'), file('diddoc_bob.json')],
    keys: keysOf([...file<SecretJwk[]>('secrets_alice.json'), ...file<SecretJwk[]>('secrets_bob.json')]),
  })
}

function sicpa(): Promise<Family> | undefined {
  const files = new Map(sharedFiles<unknown>('sicpa'))
  if (files.size === 0) return undefined
  const list = (value: unknown, member: string): unknown[] =>
    (value as Record<string, unknown>[]).map((entry) => entry[member])
  const signed = files.get('signed.json') as Record<string, unknown>
  const plaintext = files.get('plaintext.json') as Record<string, unknown>
  const onions = files.get('forward_onion.json') as Record<string, unknown>
  const documents = Object.entries(files.get('diddocs.json') as Record<string, DidDocument>)
  return family('sicpa', {
    envelopes: [
      ...list(files.get('encrypted_positive.json'), 'jwe'),
      ...list(files.get('encrypted_negative.json'), 'jwe'),
      ...list(signed['positive'], 'jws'),
      ...list(signed['negative'], 'jws'),
      ...list(plaintext['positive'], 'value'),
      ...list(plaintext['negative'], 'value'),
      ...list(onions['vectors'], 'packed'),
    ].filter((envelope) => envelope !== undefined),
    documents: documents.filter(([name]) => !name.endsWith('NO_SECRETS')).map(([, document]) => document),
    keys: keysOf(files.get('secrets.json') as SecretJwk[]),
  })
}

/** All families of vectors that are on this machine. */
export async function families(): Promise<Family[]> {
  const all = await Promise.all([spec(), sicpa()])
  return all.filter((one) => one !== undefined)
}

/** The `from_prior` headers of the sicpa libraries, where they are. */
export function fromPriors(): { jwt: string; context: CompactContext }[] {
  interface Vectors {
    valid_jwt: string
    invalid_signature_jwt: string
    jvm_jwts: { jwt: string }[]
  }
  const vectors = sharedVectors<Vectors>('sicpa/from_prior.json')
  const documents = sharedVectors<Record<string, DidDocument>>('sicpa/diddocs.json')
  if (!vectors || !documents) return []
  const jwts = [vectors.valid_jwt, vectors.invalid_signature_jwt, ...vectors.jvm_jwts.map(({ jwt }) => jwt)]
  const secrets = memorySecrets(crypto, [])
  const { context } = counted({
    name: 'from_prior',
    envelopes: [],
    documents: Object.values(documents),
    secrets,
    claims: new Set(),
  })
  return jwts.map((jwt) => ({ jwt, context }))
}
