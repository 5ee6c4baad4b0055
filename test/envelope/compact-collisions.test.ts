import { describe, expect, test } from 'vitest'
import { type EnvelopeContext, pack, packSignedCompact, unpack } from '../../runtime/envelope/index.ts'
import type { Packable } from '../../runtime/message/index.ts'
import { kidsOf, partsOf, publicKeyOf } from './compact-several-parts.ts'
import { codeOf, contextOf, crypto, type Party, party, testSecrets } from './world.ts'

/**
 * Short ids that are the same for several keys. Eight bytes of SHA-256 cannot be made to collide here, so the hash that short ids are made
 * of is weakened, and every key has the id of every other.
 */

const weak = <C extends EnvelopeContext>(context: C): C => {
  const sha256 = (message: Uint8Array): Uint8Array => crypto.sha256(message).fill(0, 0, 8)
  return { ...context, crypto: { ...crypto, sha256 } }
}

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway', 4)
const crowd = ['a', 'b', 'c', 'd', 'e'].map((name) => party(`did:example:${name}`))
const everybody = [...crowd, sensor, gateway]
const reading: Packable = { type: 'https://didcomm.org/telemetry/1.0/report', body: { t: 21.5 } }
const asSensor = weak(contextOf(sensor, everybody))

/** The gateway, which knows these keys of these parties, in this order. */
const knowing = (parties: readonly Party[], curve = 'X25519', changes: Partial<EnvelopeContext> = {}) => {
  const kids = parties.map(({ keys }) => keys.find((key) => key.curve === curve)?.kid ?? expect.fail())
  return weak(contextOf(gateway, everybody, { knownKids: async () => kids, ...changes }))
}
const lastKey = gateway.keys[3]?.kid ?? expect.fail()

for (const [what, to] of Object.entries({ 'one key': lastKey, several: [lastKey, crowd[0]?.did ?? ''] })) {
  describe(`an envelope for ${what}, whose short ids fit several keys`, () => {
    const seal = () => pack(reading, { to, from: sensor.did, encoding: 'compact' }, asSensor)

    test('opens with the right one of four own keys and the right one of four senders', async () => {
      const secrets = testSecrets(gateway.keys)
      const { bytes } = await seal()
      const opened = await unpack(bytes, knowing([...crowd.slice(0, 3), sensor], 'X25519', { secrets }))
      expect(opened.layers).toMatchObject([{ recipientKid: lastKey, senderKid: publicKeyOf(sensor).kid }])
      expect(secrets.derived).toBeLessThanOrEqual(4 * (1 + 4))
    })

    test('does not open where the sender is the fifth that fits: no more are tried', async () => {
      const secrets = testSecrets(gateway.keys)
      const { bytes } = await seal()
      const behind = knowing([...crowd.slice(0, 4), sensor], 'X25519', { secrets })
      expect(await codeOf(unpack(bytes, behind))).toBe('ERR_ENVELOPE_DECRYPT')
      expect(secrets.derived).toBeLessThanOrEqual(4 * (1 + 4))
    })

    test('is taken for nobody else’s by a crowd that does not hold the sender', async () => {
      const { bytes } = await seal()
      expect(await codeOf(unpack(bytes, knowing(crowd.slice(0, 4))))).toBe('ERR_ENVELOPE_DECRYPT')
    })
  })
}

test('an envelope for the fifth own key that fits does not open: no more are tried', async () => {
  const many = party('did:example:many', 5)
  const [, , , , fifth] = many.keys
  const from = weak(contextOf(sensor, [many]))
  const { bytes } = await pack(reading, { to: fifth?.kid ?? '', encoding: 'compact' }, from)
  expect(await codeOf(unpack(bytes, weak(contextOf(many, [sensor]))))).toBe('ERR_ENVELOPE_DECRYPT')
  const alone = contextOf(many, [sensor], { secrets: testSecrets(many.keys.slice(4)) })
  expect(await unpack(bytes, weak(alone))).toMatchObject({ recipient: many.did })
})

describe('a signed message whose short id fits several keys', () => {
  const sign = () => packSignedCompact(reading, { from: sensor.did }, asSensor)

  test('is by the one whose signature it is', async () => {
    const opened = await unpack((await sign()).bytes, knowing([...crowd.slice(0, 3), sensor], 'Ed25519'))
    expect(opened.sender).toBe(sensor.did)
  })

  test('does not verify where the signer is the fifth that fits, or not among them', async () => {
    const { bytes } = await sign()
    for (const known of [[...crowd.slice(0, 4), sensor], crowd.slice(0, 4)]) {
      expect(await codeOf(unpack(bytes, knowing(known, 'Ed25519')))).toBe('ERR_ENVELOPE_SIGNATURE')
    }
  })

  test('is not by a key that agrees and does not sign', async () => {
    expect(await codeOf(unpack((await sign()).bytes, knowing([sensor], 'X25519')))).toBe('ERR_SENDER_UNKNOWN')
  })
})

test('recipients whose short ids are the same are named by their long ones', async () => {
  const to = crowd.map(({ did }) => did)
  const { bytes } = await pack(reading, { to, from: sensor.did, encoding: 'compact' }, asSensor)
  const names = kidsOf(partsOf(bytes)).map((kid) => Buffer.from(kid).toString())
  expect(names).toEqual(crowd.map((one) => publicKeyOf(one).kid))
  for (const reader of crowd) {
    const opened = await unpack(bytes, weak(contextOf(reader, [sensor])))
    expect(opened).toMatchObject({ sender: sensor.did, recipient: reader.did })
  }
})

test('what knownKids says that does not fit is not tried: it cannot be told what to open', async () => {
  const honest = contextOf(sensor, everybody)
  const { bytes } = await pack(reading, { to: lastKey, from: sensor.did, encoding: 'compact' }, honest)
  const kids = [...crowd, sensor].map((one) => publicKeyOf(one).kid)
  const secrets = testSecrets(gateway.keys)
  const opened = await unpack(bytes, contextOf(gateway, everybody, { knownKids: async () => kids, secrets }))
  expect(opened.sender).toBe(sensor.did)
  expect(secrets.derived).toBe(2)
})
