// The parties of the table of sizes, once for each DID method: a sensor, a gateway, a second gateway and a mediator.
import {
  didJwkIdentity,
  didKeyIdentity,
  didPeer2Identity,
  didPeer4Identity,
  firstOf,
  type Identity,
  type Resolve,
} from 'didcomm-mote'
import { crypto, type SecretKey } from 'didcomm-mote/crypto'
import { didJwk, didKey, didPeer, encodeMultikey, memoryLongForms, type ServiceInput } from 'didcomm-mote/did'
import { didWeb } from 'didcomm-mote/did/web'

/** One who writes or reads. `signer` is another DID where a DID has one key only, which does not sign. */
export interface Party {
  readonly did: string
  readonly signer: string
  readonly secretKeys: readonly SecretKey[]
}

export interface Parties {
  readonly sensor: Party
  readonly gateway: Party
  readonly cloud: Party
  readonly mediator: Party
  readonly resolve: Resolve
}

/** A way to have DIDs, and what it is called in the table. */
export interface Method {
  readonly name: string
  readonly parties: () => Promise<Parties>
}

const seedOf = (name: string): Uint8Array => crypto.sha256(new TextEncoder().encode(`bench/sizes ${name}`))
const gatewayService: ServiceInput = { uri: 'mqtts://broker.example.com:8883/dc1/7kq2mfa4xw3d6y5t/in' }

async function partiesOf(
  make: (name: string) => Promise<Party>,
  ...methods: Parameters<typeof firstOf>
): Promise<Parties> {
  const [sensor, gateway, cloud, mediator] = await Promise.all([
    make('sensor'),
    make('gateway'),
    make('cloud'),
    make('mediator'),
  ])
  return { sensor, gateway, cloud, mediator, resolve: firstOf(...methods) }
}

const partyOf = ({ did, secretKeys }: Identity): Party => ({ did, signer: did, secretKeys })

async function peer4Parties(isShort: boolean): Promise<Parties> {
  const contacts = memoryLongForms(4)
  const make = async (name: string): Promise<Party> => {
    const { did, shortDid, secretKeys } = didPeer4Identity(crypto, seedOf(name), [])
    await contacts.set(shortDid, did)
    return partyOf({ did: isShort ? shortDid : did, secretKeys })
  }
  return partiesOf(make, didPeer(crypto, { contacts }))
}

/** A did:jwk has one key: that on X25519 agrees on keys, and another on Ed25519 signs. */
async function jwkParty(name: string): Promise<Party> {
  const agreement = didJwkIdentity(crypto, 'X25519', seedOf(name))
  const signing = didJwkIdentity(crypto, 'Ed25519', seedOf(name))
  return { did: agreement.did, signer: signing.did, secretKeys: [...agreement.secretKeys, ...signing.secretKeys] }
}

async function webParties(): Promise<Parties> {
  const files = new Map<string, Uint8Array>()
  const make = async (name: string): Promise<Party> => {
    const did = `did:web:example.com:${name}`
    const secretKeys = didKeyIdentity(crypto, seedOf(name)).secretKeys.map((key, i) => ({
      ...key,
      kid: `${did}#key-${i + 1}`,
    }))
    files.set(`https://example.com/${name}/did.json`, documentOf(did, secretKeys))
    return partyOf({ did, secretKeys })
  }
  return partiesOf(make, didWeb({ get: async (url) => files.get(url) }))
}

function documentOf(did: string, secretKeys: readonly SecretKey[]): Uint8Array {
  const kidsOn = (curve: SecretKey['curve']) => secretKeys.filter((key) => key.curve === curve).map(({ kid }) => kid)
  const verificationMethod = secretKeys.map(({ kid, curve, secretKey }) => ({
    id: kid,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase: encodeMultikey(
      curve,
      crypto[curve === 'X25519' ? 'x25519' : 'ed25519'].getPublicKey(secretKey),
    ),
  }))
  const document = { id: did, verificationMethod, keyAgreement: kidsOn('X25519'), authentication: kidsOn('Ed25519') }
  return new TextEncoder().encode(JSON.stringify(document))
}

export const methods: readonly Method[] = [
  {
    name: 'did:key',
    parties: () => partiesOf(async (name) => partyOf(didKeyIdentity(crypto, seedOf(name))), didKey(crypto)),
  },
  {
    name: 'did:peer:2',
    parties: () => partiesOf(async (name) => partyOf(didPeer2Identity(crypto, seedOf(name), [])), didPeer(crypto)),
  },
  {
    name: 'did:peer:2, service',
    parties: () => {
      const services = (name: string) => (name === 'sensor' ? [] : [gatewayService])
      const make = async (name: string) => partyOf(didPeer2Identity(crypto, seedOf(name), services(name)))
      return partiesOf(make, didPeer(crypto))
    },
  },
  { name: 'did:peer:4, short', parties: () => peer4Parties(true) },
  { name: 'did:peer:4, long', parties: () => peer4Parties(false) },
  { name: 'did:jwk', parties: () => partiesOf(jwkParty, didJwk()) },
  { name: 'did:web', parties: webParties },
]
