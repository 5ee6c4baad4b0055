import { createRequire } from 'node:module'
import type { SecretJwk } from '../../runtime/crypto/index.ts'
import type { DidDocument } from '../../runtime/did/document.ts'
import type { Message } from '../../runtime/message/message.ts'

/** didcomm-rust, by its npm package: what the tests here use of it. It is CommonJS, and its typings say `routing_keys`. */
interface DidcommNode {
  Message: {
    new (value: object): PeerMessage
    unpack(packed: string, resolver: object, secrets: object, options: object): Promise<[PeerMessage, PeerMetadata]>
    wrap_in_forward(
      packed: string,
      headers: object,
      to: string,
      routingKeys: string[],
      encAlgAnon: string,
      resolver: object,
    ): Promise<string>
  }
}

interface PeerMessage {
  as_value(): Message
  pack_encrypted(
    to: string,
    from: string | null,
    sign: string | null,
    resolver: object,
    secrets: object,
    options: object,
  ): Promise<[string, { messaging_service?: { service_endpoint: string } }]>
  pack_signed(sign: string, resolver: object, secrets: object): Promise<[string, object]>
}

export interface PeerMetadata {
  encrypted: boolean
  authenticated: boolean
  non_repudiation: boolean
  anonymous_sender: boolean
  encrypted_from_kid?: string
  sign_from?: string
}

const { Message: PeerMessage } = createRequire(import.meta.url)('didcomm-node') as DidcommNode

/** The peer in the place of one party that can resolve `documents` and holds `secrets`. */
export function didcommNode(documents: readonly DidDocument[], secrets: readonly SecretJwk[]) {
  const resolver = { resolve: async (did: string) => documents.find(({ id }) => id === did) ?? null }
  const holder = {
    get_secret: async (kid: string) => {
      const secret = secrets.find((candidate) => candidate.kid === kid)
      return secret ? { id: kid, type: 'JsonWebKey2020', privateKeyJwk: secret } : null
    },
    find_secrets: async (kids: string[]) => kids.filter((kid) => secrets.some((secret) => secret.kid === kid)),
  }
  return {
    async unpack(bytes: Uint8Array): Promise<{ message: Message; metadata: PeerMetadata }> {
      const packed = new TextDecoder().decode(bytes)
      const [message, metadata] = await PeerMessage.unpack(packed, resolver, holder, {})
      return { message: message.as_value(), metadata }
    },
    async pack(
      message: Message,
      to: string,
      from: string | null,
      options: { sign?: string; enc?: string; forward?: boolean; protectSender?: boolean } = {},
    ): Promise<Uint8Array> {
      const [packed] = await new PeerMessage(message).pack_encrypted(to, from, options.sign ?? null, resolver, holder, {
        forward: options.forward ?? false,
        protect_sender: options.protectSender ?? false,
        ...(options.enc === undefined ? {} : { enc_alg_anon: options.enc }),
      })
      return new TextEncoder().encode(packed)
    },
    async packSigned(message: Message, from: string): Promise<Uint8Array> {
      const [packed] = await new PeerMessage(message).pack_signed(from, resolver, holder)
      return new TextEncoder().encode(packed)
    },
    async wrapForward(packed: Uint8Array, next: string, routingKeys: string[]): Promise<Uint8Array> {
      const text = new TextDecoder().decode(packed)
      const enc = 'A256cbcHs512EcdhEsA256kw'
      return new TextEncoder().encode(await PeerMessage.wrap_in_forward(text, {}, next, routingKeys, enc, resolver))
    },
  }
}
