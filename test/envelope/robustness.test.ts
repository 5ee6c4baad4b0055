import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { pack, packPlaintext, packSigned, unpack, wrapForward } from '../../runtime/envelope/index.ts'
import { encryptJwe } from '../../runtime/envelope/jwe/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import type { JsonObject, Message } from '../../runtime/message/message.ts'
import { contextOf, party, seededBytes } from './world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob')
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const message: Message = {
  id: '1234567890',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const compact = { to: bob.did, encoding: 'compact' } as const

/** One envelope of every kind that can be opened. */
async function everyKind(): Promise<Record<string, Uint8Array>> {
  const authcrypt = await pack(message, { to: bob.did, from: alice.did }, asAlice)
  const bobKey = bob.keys[0] ?? expect.fail()
  const recipient = { kid: bobKey.kid, curve: 'X25519', bytes: crypto.x25519.getPublicKey(bobKey.secretKey) }
  return {
    plaintext: packPlaintext(message).bytes,
    signed: (await packSigned(message, { from: alice.did }, asAlice)).bytes,
    authcrypt: authcrypt.bytes,
    'anoncrypt with A256CBC-HS512': (await pack(message, { to: bob.did }, asAlice)).bytes,
    'anoncrypt with XC20P': (await pack(message, { to: bob.did, enc: 'XC20P' }, asAlice)).bytes,
    'anoncrypt with A256GCM': (await pack(message, { to: bob.did, enc: 'A256GCM' }, asAlice)).bytes,
    'anoncrypt of signed': (await pack(message, { to: bob.did, sign: alice.did }, asAlice)).bytes,
    'anoncrypt of authcrypt': await encryptJwe({ plaintext: authcrypt.bytes, recipients: [recipient] }, asAlice),
    forward: (await wrapForward(authcrypt.bytes, { next: alice.did, routingKeys: [bob.did] }, asAlice)).bytes,
    'compact authcrypt': (await pack(message, { ...compact, from: alice.did }, asAlice)).bytes,
    'compact anoncrypt': (await pack(message, compact, asAlice)).bytes,
    'compact authcrypt with long ids': (await pack(message, { ...compact, from: alice.did, ids: 'long' }, asAlice))
      .bytes,
    'compact anoncrypt with long ids': (await pack(message, { ...compact, ids: 'long' }, asAlice)).bytes,
  }
}

let kinds: Record<string, Uint8Array> = {}
beforeAll(async () => {
  kinds = await everyKind()
})

const names = [
  'plaintext',
  'signed',
  'authcrypt',
  'anoncrypt with A256CBC-HS512',
  'anoncrypt with XC20P',
  'anoncrypt with A256GCM',
  'anoncrypt of signed',
  'anoncrypt of authcrypt',
  'forward',
  'compact authcrypt',
  'compact anoncrypt',
  'compact authcrypt with long ids',
  'compact anoncrypt with long ids',
] as const

const kind = (name: string): Uint8Array => kinds[name] ?? expect.fail(name)

/** Opens what should not open: returns the code, and fails on anything that is not a `DidCommError`. */
async function refusal(bytes: Uint8Array, what: string): Promise<string> {
  try {
    await unpack(bytes, asBob)
  } catch (error) {
    if (error instanceof DidCommError) return error.code
    throw new Error(`${what} threw something else`, { cause: error })
  }
  return 'opened'
}

test('every kind opens as long as nobody has touched it', async () => {
  expect(Object.keys(kinds)).toEqual(names)
  for (const name of names) expect(await refusal(kind(name), name)).toBe('opened')
})

describe('an envelope that was cut off does not open', () => {
  for (const name of names) {
    test(name, async () => {
      const bytes = kind(name)
      const step = name.startsWith('compact') ? 1 : 23
      for (let length = 0; length < bytes.length; length += step) {
        expect(await refusal(bytes.slice(0, length), `${length} bytes`), `${length} bytes`).not.toBe('opened')
      }
    })
  }
})

describe('a JSON envelope with bytes changed never throws anything but a DidCommError, nor says anything new', () => {
  for (const name of names.filter((candidate) => !candidate.startsWith('compact') && candidate !== 'plaintext')) {
    test(name, async () => {
      const bytes = kind(name)
      const genuine = await unpack(bytes, asBob)
      const random = seededBytes(name)
      for (let round = 0; round < 300; round++) {
        const changed = bytes.slice()
        const [high = 0, low = 0, bit = 0] = random(3)
        changed[(high * 256 + low) % bytes.length] =
          (changed[(high * 256 + low) % bytes.length] ?? 0) ^ (1 << (bit & 7))
        // A change to what is not authenticated, such as an unknown member's name, may leave the message what it is.
        if ((await refusal(changed, `round ${round}`)) === 'opened') {
          expect(await unpack(changed, asBob)).toEqual(genuine)
        }
      }
    })
  }
})

test('random bytes behind any first byte only throw a DidCommError', async () => {
  const random = seededBytes('random')
  for (let first = 0; first < 256; first++) {
    for (const length of [0, 1, 7, 40, 200]) {
      const bytes = Uint8Array.of(first, ...random(length))
      expect(await refusal(bytes, `first byte ${first}`)).not.toBe('opened')
    }
  }
})

describe('abuse of JSON', () => {
  const nested = (depth: number): string =>
    `{"type":"https://example.com/a/1.0/b","id":"1","body":${'{"a":'.repeat(depth)}1${'}'.repeat(depth + 1)}`
  const abuse: Record<string, string> = {
    'an empty object': '{}',
    'a deep body': nested(100_000),
    'a deep envelope': `{"ciphertext":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    'a prototype': '{"__proto__":{"ciphertext":"AA"},"type":"https://example.com/a/1.0/b"}',
    'a prototype in the recipients': '{"ciphertext":"AA","recipients":[{"__proto__":{"header":{"kid":"x"}}}]}',
    'members twice': '{"payload":"e30","payload":"e30","signatures":[]}',
    'a constructor': '{"constructor":{"prototype":{}},"ciphertext":"AA"}',
    'a huge number': `{"ciphertext":1${'0'.repeat(400)}}`,
    'a lone surrogate': '{"ciphertext":"\\ud800"}',
    'a list for every member': '{"ciphertext":[],"recipients":[],"protected":[],"iv":[],"tag":[]}',
    'a null for every member': '{"ciphertext":null,"recipients":null,"protected":null,"iv":null,"tag":null}',
    'a signature of null': '{"payload":"e30","signatures":[null]}',
    'an encrypted and a signed envelope at once': '{"payload":"e30","signatures":[],"ciphertext":"AA","recipients":[]}',
  }
  for (const [what, text] of Object.entries(abuse)) {
    test(`${what} throws a DidCommError`, async () => {
      expect(await refusal(new TextEncoder().encode(text), what)).not.toBe('opened')
    })
  }

  test('bytes that are no UTF-8 throw a DidCommError', async () => {
    expect(await refusal(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d), 'no UTF-8')).toBe('ERR_ENVELOPE_MALFORMED')
  })
})

describe('whatever is packed is unpacked as it was', () => {
  const bodies = fc.dictionary(
    fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__'),
    fc.jsonValue({ maxDepth: 3 }),
    { maxKeys: 5 },
  ) as fc.Arbitrary<JsonObject>
  const ids = fc.stringMatching(/^[a-z0-9-]{1,32}$/)

  for (const [name, options] of Object.entries({
    authcrypt: { to: bob.did, from: alice.did },
    anoncrypt: { to: bob.did, enc: 'XC20P' },
    signed: { to: bob.did, sign: alice.did },
    'compact authcrypt': { ...compact, from: alice.did },
    'compact anoncrypt with long ids': { ...compact, ids: 'long' },
  } as const)) {
    test(name, async () => {
      await fc.assert(
        fc.asyncProperty(bodies, ids, async (body, id) => {
          const sent = { ...message, id, body }
          const { bytes } = await pack(sent, options, asAlice)
          const opened = await unpack(bytes, asBob)
          // JSON knows no negative zero.
          expect(opened.message).toMatchObject(JSON.parse(JSON.stringify(sent)))
        }),
        { numRuns: 25, seed: 1, endOnFailure: true },
      )
    })
  }
})
