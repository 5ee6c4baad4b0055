import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, encodeUtf8, Tagged } from '../../../runtime/bytes/index.ts'
import type { SecretKey } from '../../../runtime/crypto/memory-secrets.ts'
import {
  type CoseEcdhAlgorithm,
  type CoseEcdhOptions,
  chaCha20Poly1305,
  contentAlgorithms,
  decryptCoseFor,
  ecdh1pu,
  ecdhAlgorithms,
  ecdhDirect,
  ecdhRecipients,
  encryptCoseFor,
  parseCoseEncrypt,
  parseEcdhRecipient,
  unwrapEcdh,
} from '../../../runtime/envelope/cose/index.ts'
import { crypto, seededBytes, testSecrets } from '../world.ts'

const world = { crypto, randomBytes: seededBytes('recipients') }
const plaintext = encodeUtf8('a reading')
const algorithms = [...ecdhAlgorithms, ecdh1pu]
const decrypt = { code: 'ERR_ENVELOPE_DECRYPT' }
const malformed = { code: 'ERR_ENVELOPE_MALFORMED' }

function holder(name: string, curve: SecretKey['curve'] = 'X25519') {
  const random = seededBytes(name)
  const ec = crypto.curves?.get(curve)
  const secretKey = ec ? ec.generateSecretKey(random) : random(32)
  const secrets = testSecrets([{ kid: name, curve, secretKey }])
  return {
    kid: encodeUtf8(name),
    curve,
    bytes: ec ? ec.getPublicKey(secretKey) : crypto.x25519.getPublicKey(secretKey),
    deriveBits: (publicKey: Uint8Array) => secrets.deriveBits(name, publicKey),
  }
}
type Holder = ReturnType<typeof holder>

const alice = holder('alice')
const bob = holder('bob')
const carol = holder('carol')

function recipientsFor(algorithm: CoseEcdhAlgorithm, holders: Holder[], options: Partial<CoseEcdhOptions> = {}) {
  const given = { algorithm, ...(algorithm.authenticated && { sender: alice }), ...options }
  return algorithm.wraps
    ? ecdhRecipients({ ...given, recipients: holders }, world)
    : { direct: ecdhDirect({ ...given, recipient: holders[0]! }) }
}

async function open(bytes: Uint8Array, own: Holder, keys: Partial<Parameters<typeof unwrapEcdh>[1]> = {}) {
  const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
  const entry = envelope.recipients.find(({ kid }) => kid && Buffer.compare(kid, own.kid) === 0)!
  const recipient = parseEcdhRecipient(entry, envelope, crypto, algorithms)!
  const senderPublicKey = recipient.algorithm.authenticated ? { senderPublicKey: alice.bytes } : {}
  const unwrap = unwrapEcdh(recipient, { deriveBits: own.deriveBits, ...senderPublicKey, ...keys })
  return decryptCoseFor(envelope, { unwrap }, crypto)
}

describe.each(algorithms)('key agreement by $alg', (algorithm) => {
  test('goes with every content encryption', async () => {
    for (const content of contentAlgorithms) {
      const recipients = recipientsFor(algorithm, [bob])
      const bytes = await encryptCoseFor({ plaintext, recipients, algorithm: content }, world)
      expect(await open(bytes, bob), String(content.alg)).toEqual(plaintext)
    }
  })

  test('goes over the curves that "crypto" has', async () => {
    for (const curve of ['P-256', 'P-384', 'P-521'] as const) {
      const [sender, recipient] = [holder('sender', curve), holder('recipient', curve)]
      const recipients = recipientsFor(algorithm, [recipient], algorithm.authenticated ? { sender } : {})
      const bytes = await encryptCoseFor({ plaintext, recipients }, world)
      const senderKey = algorithm.authenticated ? { senderPublicKey: sender.bytes } : {}
      expect(await open(bytes, recipient, senderKey), curve).toEqual(plaintext)
    }
  })

  test('binds all that both sides know, sent or not', async () => {
    const inputs = {
      salt: encodeUtf8('salt'),
      partyU: { identity: encodeUtf8('U'), nonce: encodeUtf8('nonce U'), other: encodeUtf8('other U') },
      partyV: { identity: encodeUtf8('V'), nonce: encodeUtf8('nonce V'), other: encodeUtf8('other V') },
      privateInfo: encodeUtf8('secret'),
    }
    const bytes = await encryptCoseFor({ plaintext, recipients: recipientsFor(algorithm, [bob], inputs) }, world)
    const { privateInfo } = inputs
    expect(await open(bytes, bob, { privateInfo })).toEqual(plaintext)
    await expect(open(bytes, bob)).rejects.toMatchObject(decrypt)
    const partyU = { identity: encodeUtf8('W') }
    await expect(open(bytes, bob, { privateInfo, partyU })).rejects.toMatchObject(decrypt)
  })

  test('opens with no other key, of the recipient or of the sender', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: recipientsFor(algorithm, [bob]) }, world)
    await expect(open(bytes, { ...bob, deriveBits: carol.deriveBits })).rejects.toMatchObject(decrypt)
    const senderPublicKey = carol.bytes
    if (algorithm.authenticated) await expect(open(bytes, bob, { senderPublicKey })).rejects.toMatchObject(decrypt)
  })

  test('any bit turned fails, but in the kid, which nothing binds', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: recipientsFor(algorithm, [bob]) }, world)
    const kidAt = bytes.findIndex((_, i) => bytes.slice(i, i + 3).join() === bob.kid.join())
    for (let i = 0; i < bytes.length * 8; i++) {
      if (i >> 3 >= kidAt && i >> 3 < kidAt + 3) continue
      const turned = bytes.slice()
      turned[i >> 3] = turned[i >> 3]! ^ (1 << (i & 7))
      // X25519 masks the last bit of a public key (RFC 7748 §5); it is in the protected header, and so in the derivation.
      await expect(open(turned, bob), `bit ${i}`).rejects.toThrow()
    }
  })

  test('a key of a sender is expected exactly where one takes part', () => {
    const options = { algorithm, ...(algorithm.authenticated ? {} : { sender: alice }) }
    if (algorithm.wraps) expect(() => ecdhRecipients({ ...options, recipients: [bob] }, world)).toThrow(TypeError)
    else return expect(ecdhDirect({ ...options, recipient: bob })(chaCha20Poly1305, world)).rejects.toThrow(TypeError)
  })
})

describe.each(algorithms.filter(({ wraps }) => wraps))('several recipients by $alg', (algorithm) => {
  test('each opens it, and all share one protected header', async () => {
    const bytes = await encryptCoseFor({ plaintext, recipients: recipientsFor(algorithm, [bob, carol]) }, world)
    expect(await open(bytes, bob)).toEqual(plaintext)
    expect(await open(bytes, carol)).toEqual(plaintext)
    const { recipients } = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    expect(recipients[0]?.protectedHeader).toEqual(recipients[1]?.protectedHeader)
  })

  test('on two curves, or for nobody, is a TypeError', () => {
    expect(() => recipientsFor(algorithm, [bob, holder('dave', 'P-256')])).toThrow(TypeError)
    expect(() => recipientsFor(algorithm, [])).toThrow(TypeError)
  })
})

test('ECDH-1PU finds out a recipient who puts other content beside the entry of another one', async () => {
  let known = new Uint8Array(0)
  const [forBob] = recipientsFor(ecdh1pu, [bob]) as ReturnType<typeof ecdhRecipients>
  const spy: typeof forBob = (cek, content, own) => {
    known = Uint8Array.from(cek)
    return forBob!(cek, content, own)
  }
  const honest = decodeCbor(await encryptCoseFor({ plaintext, recipients: [spy] }, world)) as Tagged
  const [protectedHeader, unprotected, , recipients] = honest.value as CborValue[]
  const iv = (unprotected as Map<number, Uint8Array>).get(5)!
  const aad = encodeCbor(['Encrypt', protectedHeader, new Uint8Array(0)])
  const forged = crypto.chacha20poly1305.seal(known, iv, encodeUtf8('a forgery'), aad)
  const bytes = encodeCbor(new Tagged(96, [protectedHeader, unprotected, forged, recipients]))
  await expect(open(bytes, bob)).rejects.toMatchObject(decrypt)
})

describe('a recipient by key agreement', () => {
  const [, , es] = ecdhAlgorithms
  const recipient = (change: (headers: Map<CborValue, CborValue>) => void, encryptedKey = new Uint8Array(40)) => {
    const key = new Map<CborValue, CborValue>([
      [1, 1],
      [-1, 4],
      [-2, alice.bytes],
    ])
    const headers = new Map<CborValue, CborValue>([
      [1, es!.alg],
      [-1, key],
    ])
    change(headers)
    return [encodeCbor(headers), new Map([[4, bob.kid]]), encryptedKey]
  }
  const envelopeOf = (recipients: CborValue[]): Uint8Array => {
    const body = [encodeCbor(new Map([[1, 24]])), new Map([[5, new Uint8Array(12)]]), new Uint8Array(20), recipients]
    return encodeCbor(new Tagged(96, body))
  }
  const parse = (recipients: CborValue[]) => {
    const envelope = parseCoseEncrypt(envelopeOf(recipients), { algorithms: contentAlgorithms }, crypto)
    return parseEcdhRecipient(envelope.recipients[0]!, envelope, crypto, algorithms)
  }
  const keyOf = (headers: Map<CborValue, CborValue>) => headers.get(-1) as Map<CborValue, CborValue>

  test('of the helper of these tests is read, and fails to open', async () => {
    expect(parse([recipient(() => {})])).toMatchObject({ algorithm: es, kid: bob.kid })
    await expect(open(envelopeOf([recipient(() => {})]), bob)).rejects.toMatchObject(decrypt)
    const short = recipient(() => {}, new Uint8Array(39))
    await expect(open(envelopeOf([short]), bob)).rejects.toMatchObject(decrypt)
  })

  const cases: Record<string, CborValue[]> = {
    'no ephemeral key': [recipient((headers) => void headers.delete(-1))],
    'a key that is no map': [recipient((headers) => void headers.set(-1, alice.bytes))],
    'a key of another type': [recipient((headers) => void keyOf(headers).set(1, 2))],
    'a key that is too short': [recipient((headers) => void keyOf(headers).set(-2, new Uint8Array(31)))],
    'a key with a private half': [recipient((headers) => void keyOf(headers).set(-4, new Uint8Array(32)))],
    'a salt that is no byte string': [recipient((headers) => void headers.set(-20, 1))],
    'a party that is no byte string': [recipient((headers) => void headers.set(-21, 'U'))],
    'a direct one with a ciphertext': [recipient((headers) => void headers.set(1, -25))],
    'a direct one that is not alone': [
      recipient((headers) => void headers.set(1, -25), new Uint8Array(0)),
      recipient(() => {}),
    ],
    'a direct one of lasting keys with nothing new': [
      recipient((headers) => void headers.set(1, -27).delete(-1), new Uint8Array(0)),
    ],
    'a point that is not on its curve': [
      recipient((headers) => {
        const key = [
          [1, 2],
          [-1, 1],
          [-2, new Uint8Array(32).fill(1)],
          [-3, new Uint8Array(32).fill(1)],
        ] as const
        headers.set(-1, new Map<CborValue, CborValue>(key))
      }),
    ],
    'a compressed point that is not on its curve': [
      recipient((headers) => {
        const key = [
          [1, 2],
          [-1, 1],
          [-2, new Uint8Array(32).fill(255)],
          [-3, true],
        ] as const
        headers.set(-1, new Map<CborValue, CborValue>(key))
      }),
    ],
  }
  test.each(Object.entries(cases))('with %s is ERR_ENVELOPE_MALFORMED', (_, recipients) => {
    expect(() => parse(recipients)).toThrow(expect.objectContaining(malformed))
  })

  test('on a curve that is not there is ERR_ENVELOPE_UNSUPPORTED', () => {
    const unsupported = expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
    expect(() => parse([recipient((headers) => void keyOf(headers).set(-1, 5))])).toThrow(unsupported)
    expect(() => recipientsFor(es!, [{ ...bob, curve: 'secp256k1' }])).toThrow(unsupported)
  })

  test('with a compressed point is read', () => {
    const { curve, bytes } = holder('dave', 'P-256')
    const { x } = crypto.curves!.get(curve)!.coordinates(bytes)
    const parsed = parse([
      recipient((headers) => {
        const key = [
          [1, 2],
          [-1, 1],
          [-2, x],
          [-3, bytes[0] === 3],
        ] as const
        headers.set(-1, new Map<CborValue, CborValue>(key))
      }),
    ])
    expect(parsed?.ephemeral?.publicKey).toEqual(bytes)
  })

  test('of low order fails like any other key that is wrong', async () => {
    const bytes = envelopeOf([recipient((headers) => void keyOf(headers).set(-2, new Uint8Array(32)))])
    await expect(open(bytes, bob)).rejects.toMatchObject(decrypt)
  })

  test('with more than HKDF takes is ERR_TOO_LARGE', async () => {
    const bytes = envelopeOf([recipient((headers) => void headers.set(-21, new Uint8Array(20_000)))])
    await expect(open(bytes, bob)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  test('by another method is passed over', () => {
    expect(parse([recipient((headers) => void headers.set(1, -29))])).toBeUndefined()
  })

  test('whose sender is in the message tells it as a claim', async () => {
    const sender = { ...alice, kid: encodeUtf8('alice#1') }
    const bytes = await encryptCoseFor({ plaintext, recipients: recipientsFor(ecdh1pu, [bob], { sender }) }, world)
    const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms }, crypto)
    expect(parseEcdhRecipient(envelope.recipients[0]!, envelope, crypto, algorithms)?.staticKeyId).toEqual(sender.kid)
  })
})
