import { createRequire } from 'node:module'
import type { Implementation, Makers } from '../implementation.ts'
import {
  type Envelopes,
  envelopeMakers,
  type Kind,
  kinds,
  type Party,
  recipientCounts,
  type Scene,
} from '../messages.ts'

/** The parts of didcomm-node that are used here; it is CommonJS. */
interface Peer {
  Message: {
    new (
      value: object,
    ): {
      as_value(): { body?: unknown }
      pack_encrypted(to: string, from: string | null, sign: null, ...rest: object[]): Promise<[string, object]>
      pack_signed(sign: string, ...rest: object[]): Promise<[string, object]>
    }
    unpack(packed: string, ...rest: object[]): Promise<[{ as_value(): { body?: unknown } }, object]>
  }
}

function holderOf({ secrets }: Party): object {
  return {
    get_secret: async (kid: string) => {
      const secret = secrets.find((candidate) => candidate.kid === kid)
      return secret ? { id: kid, type: 'JsonWebKey2020', privateKeyJwk: secret } : null
    },
    find_secrets: async (kids: string[]) => kids.filter((kid) => secrets.some((secret) => secret.kid === kid)),
  }
}

export async function load(): Promise<Implementation[]> {
  const { Message } = createRequire(import.meta.url)('didcomm-node') as Peer

  function between(kind: Kind) {
    return ({ alice, bob, message }: Scene): Envelopes => {
      const resolver = { resolve: async (did: string) => [alice, bob].find((one) => one.did === did)?.document ?? null }
      const [sender, recipient] = [holderOf(alice), holderOf(bob)]
      const from = kind === 'authcrypt' ? alice.did : null
      return {
        async pack() {
          const made = new Message(message)
          const [packed] =
            kind === 'signed'
              ? await made.pack_signed(alice.did, resolver, sender)
              : await made.pack_encrypted(bob.did, from, null, resolver, sender, { forward: false })
          return packed
        },
        async unpack(packed) {
          const [opened] = await Message.unpack(String(packed), resolver, recipient, {})
          return opened.as_value()
        },
      }
    }
  }

  const made = kinds.flatMap((kind) =>
    recipientCounts
      .filter((count) => kind !== 'signed' || count === 1)
      .map((count) => envelopeMakers(kind, count, between(kind))),
  )
  return [{ name: 'didcomm-node', makers: Object.assign({}, ...made) as Makers }]
}
