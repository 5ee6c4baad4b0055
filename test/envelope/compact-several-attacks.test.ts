import { beforeAll, describe, expect, test } from 'vitest'
import { encodeCbor } from '../../runtime/bytes/index.ts'
import { pack, shortId, unpack } from '../../runtime/envelope/index.ts'
import { type Packable, serializeCompact } from '../../runtime/message/index.ts'
import {
  bytesOf,
  changed,
  infoOf,
  keyOf,
  kidsOf,
  openParts,
  type Parts,
  partsOf,
  pskOf,
  publicKeyOf,
  resealed,
  wrapFor,
} from './compact-several-parts.ts'
import { codeOf, contextOf, crypto, type Party, party, seededBytes, testTypes } from './world.ts'

const sensor = party('did:example:sensor')
const gateway = party('did:example:gateway')
/** A recipient like the others, who would like to say something in the name of the sensor. */
const mallory = party('did:example:mallory')
const stranger = party('did:example:stranger')
const everybody = [sensor, gateway, mallory, stranger]
const asSensor = contextOf(sensor, everybody)
const asGateway = contextOf(gateway, everybody)
const asMallory = contextOf(mallory, everybody)

const message = (body: Packable['body']): Packable => ({ type: 'https://didcomm.org/telemetry/1.0/report', body })
const anoncrypt = { to: [gateway.did, mallory.did], encoding: 'compact' } as const
const authcrypt = { ...anoncrypt, from: sensor.did } as const
const forged = serializeCompact(message({ open: true }), { types: testTypes, implied: {} })
const kidOf = (owner: Party): Uint8Array => shortId(publicKeyOf(owner).kid, crypto)

let honest: Uint8Array
let other: Uint8Array
beforeAll(async () => {
  honest = (await pack(message({ open: false }), authcrypt, asSensor)).bytes
  other = (await pack(message({ other: true }), authcrypt, asSensor)).bytes
})

describe('what a recipient, who knows the key of the content, cannot do', () => {
  const opened = () => openParts(honest, mallory, sensor)

  test('nothing is wrong with how this test opens and seals: untouched, it is the envelope', async () => {
    const parts = await opened()
    expect(keyOf(parts)).toEqual(parts.cek)
    expect(resealed(parts)).toEqual(honest)
    expect(await unpack(resealed(parts), asGateway)).toMatchObject({
      sender: sensor.did,
      message: { body: { open: false } },
    })
  })

  test('put other content under the key', async () => {
    const bytes = resealed({ ...(await opened()), content: forged })
    for (const reader of [asGateway, asMallory])
      expect(await codeOf(unpack(bytes, reader))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('put other content under a key that fits it, and wrap that for the others', async () => {
    const parts = await opened()
    const kids = kidsOf(parts)
    const cek = keyOf({ ...parts, content: forged })
    // The right psk is what mallory lacks: the psk of mallory and the gateway, or of the sensor and mallory, or none.
    const secretKey = mallory.keys[0]?.secretKey ?? expect.fail()
    const to = publicKeyOf(gateway)
    const from = publicKeyOf(sensor)
    const info = infoOf(to, from)
    for (const psk of [pskOf(secretKey, to, info), pskOf(secretKey, from, infoOf(publicKeyOf(mallory), from))]) {
      const wrapped = await wrapFor(to, { cek, kid: kids[0]!, psk: { psk, pskId: kidOf(sensor) }, sender: from })
      const bytes = resealed({ ...parts, cek, content: forged, recipients: [wrapped, parts.recipients[1]!] })
      expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    }
  })

  test('say it without a sender and have it taken for the sensor’s', async () => {
    const parts = await opened()
    const cek = keyOf({ ...parts, content: forged })
    const recipients: Parts['recipients'] = [
      await wrapFor(publicKeyOf(gateway), { cek, kid: kidOf(gateway) }),
      await wrapFor(publicKeyOf(mallory), { cek, kid: kidOf(mallory) }),
    ]
    const bytes = resealed({ ...parts, cek, content: forged, recipients })
    expect(await unpack(bytes, asGateway)).not.toHaveProperty('sender')
  })

  const lists: Record<string, (recipients: Parts['recipients']) => Parts['recipients']> = {
    'leave a recipient out': (recipients) => recipients.slice(0, 1),
    'change their order': (recipients) => [...recipients].reverse(),
  }
  for (const [what, change] of Object.entries(lists)) {
    test(what, async () => {
      const parts = await opened()
      const bytes = resealed({ ...parts, recipients: change(parts.recipients) })
      expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    })
  }

  test('add a recipient', async () => {
    const parts = await opened()
    const psk = { psk: new Uint8Array(32), pskId: kidOf(sensor) }
    const added = await wrapFor(publicKeyOf(stranger), { cek: parts.cek, kid: kidOf(stranger), psk })
    const bytes = resealed({ ...parts, recipients: [...parts.recipients, added] })
    expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('put the content of one message under the key of another', async () => {
    const { content, seed } = await openParts(other, mallory, sensor)
    for (const changes of [{ content }, { content, seed }]) {
      expect(await codeOf(unpack(resealed({ ...(await opened()), ...changes }), asGateway))).toBe(
        'ERR_ENVELOPE_DECRYPT',
      )
    }
  })

  test('make the same message new: encrypted again, it has the id that it had', async () => {
    const parts = await opened()
    const header = new Map(parts.header).set(5, seededBytes('another nonce')(12))
    const again = resealed({ ...parts, header })
    expect(again).not.toEqual(honest)
    const [first, second] = [await unpack(honest, asGateway), await unpack(again, asGateway)]
    expect(second.message).toEqual(first.message)
  })
})

describe('what nobody on the way can do', () => {
  const attacks: Record<string, (parts: Parts, from: Parts) => void> = {
    'leave a recipient out': ({ recipients }) => recipients.pop(),
    'change the order of the recipients': ({ recipients }) => recipients.reverse(),
    'add a recipient of another message': ({ recipients }, from) =>
      recipients.push([
        encodeCbor(
          new Map([
            [1, 50 as unknown as Uint8Array],
            [4, kidOf(stranger)],
            [-5, kidOf(sensor)],
          ]),
        ),
        from.recipients[0]![1],
        from.recipients[0]![2],
      ]),
    'exchange the wrapped keys of two recipients': ({ recipients: [a, b] }) => ([a![2], b![2]] = [b![2], a![2]]),
    'exchange the ephemeral keys of two recipients': ({ recipients: [a, b] }) => ([a![1], b![1]] = [b![1], a![1]]),
    'exchange all but the names of two recipients': ({ recipients: [a, b] }) => {
      ;[a![1], a![2], b![1], b![2]] = [b![1], b![2], a![1], a![2]]
    },
    'take the first recipient of another message': (parts, from) => {
      parts.recipients[0] = from.recipients[0]!
    },
    'take the second recipient of another message': (parts, from) => {
      parts.recipients[1] = from.recipients[1]!
    },
    'take all recipients of another message': (parts, from) => {
      parts.recipients = from.recipients
    },
    'take the content of another message': (parts, from) => {
      parts.ciphertext = from.ciphertext
    },
    'take the content of another message with its header': (parts, from) => {
      parts.header = from.header
      parts.ciphertext = from.ciphertext
    },
    'take the nonce of another message': (parts, from) => parts.header.set(5, from.header.get(5) ?? null),
    'break the key of somebody else': ({ recipients }) => {
      recipients[1]![2][0]! ^= 1
    },
    'break the ephemeral key of somebody else': ({ recipients }) => {
      recipients[1]![1] = new Map([[-4, new Uint8Array(32).fill(9)]])
    },
  }
  for (const [what, attack] of Object.entries(attacks)) {
    test(what, async () => {
      const bytes = changed(honest, (parts) => attack(parts, partsOf(other)))
      expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
    })
  }

  test('make anoncrypt of authcrypt, or the other way round', async () => {
    const anonymous = (await pack(message({ open: false }), anoncrypt, asSensor)).bytes
    const header = (owner: Party, pskId?: Uint8Array) =>
      encodeCbor(
        new Map<number, number | Uint8Array>([[1, 50], [4, kidOf(owner)], ...(pskId ? [[-5, pskId] as const] : [])]),
      )
    const stripped = changed(honest, ({ recipients: [a, b] }) => {
      ;[a![0], b![0]] = [header(gateway), header(mallory)]
    })
    const added = changed(anonymous, ({ recipients: [a, b] }) => {
      ;[a![0], b![0]] = [header(gateway, kidOf(sensor)), header(mallory, kidOf(sensor))]
    })
    for (const bytes of [stripped, added]) expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })

  test('have it taken for another sender’s', async () => {
    const bytes = changed(honest, ({ recipients }) => {
      for (const [index, owner] of [gateway, mallory].entries()) {
        const header = new Map<number, number | Uint8Array>([
          [1, 50],
          [4, kidOf(owner)],
          [-5, kidOf(stranger)],
        ])
        recipients[index]![0] = encodeCbor(header)
      }
    })
    expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })
})

describe('what is not of the structure', () => {
  const headerOf = (entries: [number, number | Uint8Array | string][]) => encodeCbor(new Map(entries))
  const named = (owner: Party): [number, number | Uint8Array] => [4, kidOf(owner)]
  const psk: [number, Uint8Array] = [-5, kidOf(sensor)]
  const malformed: Record<string, (parts: Parts) => void> = {
    'a label more in the header': ({ header }) => header.set(3, 0),
    'a label more beside the header': ({ unprotected }) => unprotected.set(3, 0),
    'the nonce where it is not protected': ({ header, unprotected }) => {
      unprotected.set(5, header.get(5) ?? null)
      header.delete(5)
    },
    'no nonce': ({ header }) => header.delete(5),
    'a nonce of 13 bytes': ({ header }) => header.set(5, new Uint8Array(13)),
    'a ciphertext without a tag': (parts) => {
      parts.ciphertext = new Uint8Array(15)
    },
    'no recipients': ({ recipients }) => recipients.splice(0),
    'a recipient without a name': ({ recipients }) => {
      recipients[0]![0] = headerOf([[1, 50], psk])
    },
    'a recipient with a label more': ({ recipients }) => {
      recipients[0]![0] = headerOf([[1, 50], named(gateway), psk, [3, 0]])
    },
    'a recipient whose name is not protected': ({ recipients }) => {
      recipients[0]![0] = headerOf([[1, 50], psk])
      recipients[0]![1].set(4, kidOf(gateway))
    },
    'two recipients of one name': ({ recipients }) => {
      recipients[1]![0] = recipients[0]![0]
    },
    'one recipient with a sender and one without': ({ recipients }) => {
      recipients[1]![0] = headerOf([[1, 50], named(mallory)])
    },
    'two senders': ({ recipients }) => {
      recipients[1]![0] = headerOf([[1, 50], named(mallory), [-5, kidOf(stranger)]])
    },
    'an ephemeral key of 31 bytes': ({ recipients }) => recipients[0]![1].set(-4, new Uint8Array(31)),
    'a wrapped key of 47 bytes': ({ recipients }) => {
      recipients[0]![2] = new Uint8Array(47)
    },
    'a name of 7 bytes': ({ recipients }) => {
      recipients[0]![0] = headerOf([[1, 50], [4, new Uint8Array(7)], psk])
    },
  }
  for (const [what, change] of Object.entries(malformed)) {
    test(`${what} fails with ERR_ENVELOPE_MALFORMED`, async () => {
      expect(await codeOf(unpack(changed(honest, change), asGateway))).toBe('ERR_ENVELOPE_MALFORMED')
    })
  }

  test.each<[string, (parts: Parts) => void]>([
    ['another content encryption', ({ header }) => header.set(1, 3)],
    [
      'another algorithm of a recipient',
      ({ recipients }) => {
        recipients[0]![0] = headerOf([[1, 42], named(gateway), psk])
      },
    ],
  ])('%s fails with ERR_ENVELOPE_UNSUPPORTED', async (_, change) => {
    expect(await codeOf(unpack(changed(honest, change), asGateway))).toBe('ERR_ENVELOPE_UNSUPPORTED')
  })

  test('65 recipients fail before anything is computed', async () => {
    const bytes = changed(honest, ({ recipients }) => {
      while (recipients.length < 65) recipients.push(recipients[0]!)
    })
    expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_MALFORMED')
    expect(bytesOf(partsOf(honest))).toEqual(honest)
  })

  test('a content that is shorter than its seed fails with ERR_ENVELOPE_DECRYPT', async () => {
    const parts = await openParts(honest, mallory, sensor)
    const bytes = resealed({ ...parts, seed: new Uint8Array(3), content: new Uint8Array(0) })
    expect(await codeOf(unpack(bytes, asGateway))).toBe('ERR_ENVELOPE_DECRYPT')
  })
})
