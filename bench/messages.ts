// The parties and messages of the operations on whole envelopes, as all implementations take them: documents and keys as JSON.
import { crypto, type SecretJwk } from 'didcomm-mote/crypto'
import type { DidDocument } from 'didcomm-mote/did'
import type { Message } from 'didcomm-mote/message'
import type { Input } from './implementation.ts'
import { fixedBytes } from './input.ts'

export interface Party {
  readonly did: string
  readonly document: DidDocument
  /** The X25519 keys, and then the Ed25519 key. */
  readonly secrets: readonly SecretJwk[]
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

function keyOf(did: string, crv: 'X25519' | 'Ed25519', n: number, seed: number): SecretJwk {
  const secretKey = fixedBytes(32, seed)
  const publicKey = crv === 'X25519' ? crypto.x25519.getPublicKey(secretKey) : crypto.ed25519.getPublicKey(secretKey)
  return { kid: `${did}#${crv.toLowerCase()}-${n}`, kty: 'OKP', crv, d: base64url(secretKey), x: base64url(publicKey) }
}

/** A party with so many keys for key agreement, the same in each run. */
export function party(name: string, agreementKeys: number, seed: number): Party {
  const did = `did:example:${name}`
  const agreeing = Array.from({ length: agreementKeys }, (_, n) => keyOf(did, 'X25519', n + 1, seed + n))
  const signing = keyOf(did, 'Ed25519', 1, seed + agreementKeys)
  const secrets = [...agreeing, signing]
  const verificationMethod = secrets.map(({ kid, kty, crv, x }) => ({
    id: kid,
    type: 'JsonWebKey2020',
    controller: did,
    publicKeyJwk: { kty, crv, x },
  }))
  const document = {
    id: did,
    verificationMethod,
    keyAgreement: agreeing.map(({ kid }) => kid),
    authentication: [signing.kid],
    service: [],
  }
  return { did, document, secrets }
}

/** How an envelope is made: the part of the operation's name between `didcomm-` and `-pack`. */
export type Kind = 'authcrypt' | 'anoncrypt' | 'signed'
export const kinds: readonly Kind[] = ['authcrypt', 'anoncrypt', 'signed']
/** How many keys the recipient has; one is not in the name of the operation. */
export const recipientCounts = [1, 3] as const

export interface Scene {
  readonly alice: Party
  readonly bob: Party
  readonly message: Message
}

/** A message whose body has a text of so many characters as the input has bytes. */
export function sceneOf(input: Input, recipients: number): Scene {
  const [alice, bob] = [party('alice', 1, 100), party('bob', recipients, 200)]
  const message = {
    id: '1234567890',
    typ: 'application/didcomm-plain+json',
    type: 'https://didcomm.org/basicmessage/2.0/message',
    from: alice.did,
    to: [bob.did],
    created_time: 1_767_225_600,
    body: { content: textOf(input) },
  }
  return { alice, bob, message }
}

const textOf = ({ message }: Input): string =>
  Array.from(message, (byte) => String.fromCharCode(0x61 + (byte % 26))).join('')

/** What is compared: the text that came out. */
export function contentOf(message: { body?: unknown }): Uint8Array {
  return new TextEncoder().encode(String((message.body as { content?: unknown } | undefined)?.content))
}

export const opOf = (kind: Kind, verb: 'pack' | 'unpack', recipients: number): string =>
  `didcomm-${kind}-${verb}${recipients === 1 ? '' : `-${recipients}`}`

/** An implementation of envelopes, between the two parties of a scene. */
export interface Envelopes {
  pack(): Promise<unknown>
  unpack(packed: unknown): Promise<{ body?: unknown }>
}

type Maker = (input: Input) => Promise<{
  async: true
  call: () => Promise<unknown>
  value: (returned: unknown) => Promise<Uint8Array>
}>

/** The rows of one kind of envelope for so many recipients. */
export function envelopeMakers(
  kind: Kind,
  recipients: number,
  between: (scene: Scene) => Promise<Envelopes> | Envelopes,
): Record<string, Maker> {
  return {
    [opOf(kind, 'pack', recipients)]: async (input) => {
      const { pack, unpack } = await between(sceneOf(input, recipients))
      return { async: true, call: pack, value: async (packed) => contentOf(await unpack(packed)) }
    },
    [opOf(kind, 'unpack', recipients)]: async (input) => {
      const { pack, unpack } = await between(sceneOf(input, recipients))
      const packed = await pack()
      return {
        async: true,
        call: () => unpack(packed),
        value: async (message) => contentOf(message as { body?: unknown }),
      }
    },
  }
}
