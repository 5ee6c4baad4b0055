// Private keys that never leave their store. Here it is WebCrypto, with keys that cannot be extracted; a TPM, a secure element or PKCS#11
// stands behind the same four functions. Run it: `node --import tsx --conditions=didcomm-mote-source examples/hardware.ts`
import type { webcrypto } from 'node:crypto'
import { contactBook, createAgent, firstOf, type World } from 'didcomm-mote'
import { crypto, type Secrets } from 'didcomm-mote/crypto'
import { createDidPeer2, didPeer, encodeMultikey } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { runs } from './program.ts'

type CryptoKey = webcrypto.CryptoKey
type CryptoKeyPair = webcrypto.CryptoKeyPair

const { subtle } = globalThis.crypto

interface HeldKey {
  kid: string
  privateKey: CryptoKey
}

/** `Secrets` over keys that only WebCrypto sees: X25519 to agree, Ed25519 to sign. */
export function webCryptoSecrets(keys: readonly HeldKey[]): Secrets {
  const find = (kid: string): CryptoKey => {
    const key = keys.find((held) => held.kid === kid)
    if (!key) throw new Error(`no key here for ${kid}`)
    return key.privateKey
  }
  return {
    kids: async () => keys.map(({ kid }) => kid),
    has: async (kid) => keys.some((held) => held.kid === kid),
    async deriveBits(kid, peerPublicKey) {
      const peer = await subtle.importKey('raw', new Uint8Array(peerPublicKey), { name: 'X25519' }, false, [])
      return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: peer }, find(kid), 256))
    },
    sign: async (kid, data) => new Uint8Array(await subtle.sign({ name: 'Ed25519' }, find(kid), new Uint8Array(data))),
  }
}

/** Makes two keys inside the store, and the did:peer:2 of their public halves. */
async function hardwareIdentity(uri: string): Promise<{ did: string; secrets: Secrets; keys: CryptoKey[] }> {
  const agreement = (await subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as CryptoKeyPair
  const signing = (await subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])) as CryptoKeyPair
  const raw = async (key: CryptoKey): Promise<Uint8Array> => new Uint8Array(await subtle.exportKey('raw', key))
  const did = createDidPeer2({
    keys: [
      { purpose: 'keyAgreement', multikey: encodeMultikey('X25519', await raw(agreement.publicKey)) },
      { purpose: 'authentication', multikey: encodeMultikey('Ed25519', await raw(signing.publicKey)) },
    ],
    services: [{ uri }],
  })
  const secrets = webCryptoSecrets([
    { kid: `${did}#key-1`, privateKey: agreement.privateKey },
    { kid: `${did}#key-2`, privateKey: signing.privateKey },
  ])
  return { did, secrets, keys: [agreement.privateKey, signing.privateKey] }
}

/** Lets two agents whose keys are in the store speak to each other. */
export async function runHardware(print: (line: string) => void = console.log): Promise<void> {
  const resolve = firstOf(didPeer(crypto))
  const network = memoryNetwork()
  const here: World = world()
  const agents = await Promise.all(
    ['device', 'gateway'].map(async (name) => {
      const { did, secrets, keys } = await hardwareIdentity(`memory:${name}`)
      print(`${name}: ${keys.length} keys, extractable: ${keys.some(({ extractable }) => extractable)}`)
      const agent = createAgent({
        ...here,
        did,
        crypto,
        secrets,
        resolve,
        contacts: contactBook(crypto, resolve),
        envelopes: [json()],
        transports: [network.transport(name)],
        protocols: [trustPing()],
      })
      await agent.start()
      return agent
    }),
  )
  const [device, gateway] = agents
  if (!device || !gateway) throw new Error('two agents')
  const { message, sender } = await device.request(ping(), { to: gateway.did, timeoutMs: 10_000 })
  print(`${message.type} from the gateway: ${sender === gateway.did}`)
  const signed = await device.request(ping(), { to: gateway.did, sign: true, timeoutMs: 10_000 })
  print(`and to a signed question: ${signed.message.type}`)
  await Promise.all(agents.map((agent) => agent.close()))
}

if (runs(import.meta.url)) await runHardware()
