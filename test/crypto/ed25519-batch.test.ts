import { describe, expect, it } from 'vitest'
import { type Core, loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import { crypto, type SignedMessage } from '../../runtime/crypto/index.ts'
import {
  add,
  challenge,
  encodePoint,
  L,
  multiply,
  multiplyBase,
  pointOfOrder8,
  verifyBatch as slowVerifyBatch,
} from '../oracle/ed25519.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { concat, fromLittleEndian, toLittleEndian } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'

const { bytes, below } = randomFrom(71)
const { signingKey, verify, verifyBatch } = crypto.ed25519
const keys = Array.from({ length: 40 }, () => signingKey(bytes(32)))

function signed(message: Uint8Array, key = keys[below(keys.length)]): SignedMessage {
  if (!key) throw new RangeError('no key')
  return { signature: key.sign(message), message, publicKey: key.publicKey }
}

/** Signed messages by keys of which some occur again. */
function some(count: number): SignedMessage[] {
  return Array.from({ length: count }, () => signed(bytes(below(200))))
}

const all = (count: number, value: boolean): boolean[] => new Array<boolean>(count).fill(value)

/** Changes one bit of what is signed, of the signature or of the key. */
function spoilt({ signature, message, publicKey }: SignedMessage, where = below(4)): SignedMessage {
  const changed = (input: Uint8Array, at: number): Uint8Array => {
    const output = Uint8Array.from(input)
    output[at] = (output[at] ?? 0) ^ (1 << below(8))
    return output
  }
  if (where === 0) return { signature: changed(signature, below(32)), message, publicKey }
  if (where === 1) return { signature: changed(signature, 32 + below(31)), message, publicKey }
  if (where === 2) return { signature, message, publicKey: changed(publicKey, below(32)) }
  return { signature, message: message.length > 0 ? changed(message, below(message.length)) : bytes(1), publicKey }
}

/** How many items the core takes at once. */
function groupSize(): number {
  const core: Core = loadCore(Buffer.from(chooseCore(), 'base64'))
  const at = core.data + 8192
  return core.wasm.ed25519BatchBegin(at, core.memory.length - at)
}

describe('a batch of Ed25519 signatures', () => {
  it('verifies where all are valid, for every size up to and over the size of a group', () => {
    const group = groupSize()
    expect(group).toBeGreaterThan(16)
    const items = some(2 * group + 2)
    const sizes = [0, 1, 2, 3, 4, 5, 8, 16, group - 1, group, group + 1, 2 * group - 1, 2 * group, 2 * group + 1]
    for (const size of sizes) expect(verifyBatch(items.slice(0, size))).toStrictEqual(all(size, true))
  })

  it('says which one is bad, wherever it is', () => {
    const items = some(groupSize() + 3)
    for (let bad = 0; bad < items.length; bad++) {
      const expected = items.map((_, i) => i !== bad)
      const changed = items.map((item, i) => (i === bad ? spoilt(item) : item))
      expect(verifyBatch(changed)).toStrictEqual(expected)
    }
  })

  it('says so for each part that can be wrong, with several bad ones, and where all are', () => {
    for (const where of [0, 1, 2, 3]) {
      const items = some(12).map((item) => spoilt(item, where))
      expect(verifyBatch(items)).toStrictEqual(all(12, false))
    }
    for (let round = 0; round < 20; round++) {
      const bad = Array.from({ length: 20 }, () => below(3) === 0)
      const items = some(20).map((item, i) => (bad[i] ? spoilt(item) : item))
      expect(verifyBatch(items)).toStrictEqual(bad.map((value) => !value))
    }
  })

  it('agrees with the slow twin, with node:crypto and with verify in 1,000 items', () => {
    for (let round = 0; round < 25; round++) {
      const items = some(40).map((item) => (below(8) === 0 ? spoilt(item) : item))
      const verified = verifyBatch(items)
      expect(verified).toStrictEqual(items.map((item) => verify(item.signature, item.message, item.publicKey)))
      if (round < 2) expect(verified).toStrictEqual(slowVerifyBatch(items))
      verified.forEach((value, i) => {
        const { signature, message, publicKey } = items[i] ?? signed(bytes(1))
        expect(value).toBe(nodeCrypto.ed25519.verify(signature, message, publicKey))
      })
    }
  })

  it('takes items that occur twice, and keys that occur often, good and bad', () => {
    const [good, bad] = [signed(bytes(30)), spoilt(signed(bytes(30)), 3)]
    expect(verifyBatch([good, good, good])).toStrictEqual([true, true, true])
    expect(verifyBatch([bad, bad])).toStrictEqual([false, false])
    expect(verifyBatch([good, bad, good, bad, good])).toStrictEqual([true, false, true, false, true])
    const one = keys[0]
    const items = Array.from({ length: 50 }, () => signed(bytes(20), one))
    expect(verifyBatch(items)).toStrictEqual(all(50, true))
    expect(verifyBatch(items.map((item, i) => (i === 7 ? spoilt(item, 1) : item)))).toStrictEqual(
      items.map((_, i) => i !== 7),
    )
  })

  it('does not let two wrong signatures make up for each other', () => {
    // S + 1 and S - 1 of one key: their sum is right.
    const plus = (item: SignedMessage, difference: bigint): SignedMessage => {
      const s = (fromLittleEndian(item.signature.subarray(32)) + difference + L) % L
      return { ...item, signature: concat(item.signature.subarray(0, 32), toLittleEndian(s, 32)) }
    }
    const items = some(6)
    const changed = items.map((item, i) => (i === 1 ? plus(item, 1n) : i === 4 ? plus(item, -1n) : item))
    expect(verifyBatch(changed)).toStrictEqual([true, false, true, true, false, true])
  })

  it('takes messages that are longer than the window', () => {
    const long = [8191, 8192, 8193, 70_000, 200_001].map((length) => signed(bytes(length)))
    const items = [...some(2), ...long, ...some(2)]
    expect(verifyBatch(items)).toStrictEqual(all(items.length, true))
    expect(verifyBatch(items.map((item, i) => (i === 5 ? spoilt(item, 3) : item)))).toStrictEqual(
      items.map((_, i) => i !== 5),
    )
  })

  it('has room for no item in too little memory, and says so', () => {
    const { wasm, key, input, data } = loadCore(Buffer.from(chooseCore(), 'base64'))
    expect(wasm.ed25519BatchBegin(data, 1000)).toBe(0)
    expect(wasm.ed25519BatchItem(key, input)).toBe(3)
    expect(wasm.ed25519BatchEnd(key)).toBe(0)
    const one = wasm.ed25519BatchBegin(data, 4000)
    expect(one).toBe(1)
  })
})

describe('a batch is as strict as verify', () => {
  it('S of L or more does not verify', () => {
    const items = some(5)
    const larger = items.map((item, i) => {
      const s = fromLittleEndian(item.signature.subarray(32)) + (i === 3 ? L : 0n)
      return { ...item, signature: concat(item.signature.subarray(0, 32), toLittleEndian(s, 32)) }
    })
    expect(verifyBatch(larger)).toStrictEqual([true, true, true, false, true])
  })

  it('signatures and keys of a wrong length, or that are no points, do not verify', () => {
    const items = some(8)
    const [a, b, c, d] = items
    if (!a || !b || !c || !d) throw new RangeError('too few')
    items[0] = { ...a, signature: a.signature.subarray(1) }
    items[1] = { ...b, publicKey: concat(b.publicKey, bytes(1)) }
    // y = 2 is not on the curve, and p + 3 is not canonical.
    items[2] = { ...c, publicKey: toLittleEndian(2n, 32) }
    items[3] = { ...d, signature: concat(toLittleEndian(2n ** 255n - 16n, 32), d.signature.subarray(32)) }
    expect(verifyBatch(items)).toStrictEqual([false, false, false, false, true, true, true, true])
  })

  it('points of small order do not verify, though the equation holds', () => {
    const torsion = pointOfOrder8(bytes)
    const message = bytes(40)
    for (let i = 0n; i < 8n; i++) {
      const small = encodePoint(multiply(i, torsion))
      const zero = { signature: concat(small, new Uint8Array(32)), message, publicKey: small }
      const ofKey = {
        signature: concat(encodePoint(multiplyBase(5n)), toLittleEndian(5n, 32)),
        message,
        publicKey: small,
      }
      const a = 98765n
      const signer = encodePoint(multiplyBase(a))
      const s = (challenge(small, signer, message) * a) % L
      const ofR = { signature: concat(small, toLittleEndian(s, 32)), message, publicKey: signer }
      expect(verifyBatch([zero, signed(message), ofKey, ofR])).toStrictEqual([false, true, false, false])
    }
  })

  it('points with a component of small order verify where the equation with the cofactor holds, alone or among others', () => {
    const torsion = pointOfOrder8(bytes)
    const message = bytes(40)
    const a = 31337n
    let different = 0
    for (let i = 0n; i < 16n; i++) {
      const mixedKey = encodePoint(add(multiplyBase(a), multiply(i % 8n, torsion)))
      const mixedR = encodePoint(add(multiplyBase(1000n + i), multiply(i / 2n, torsion)))
      const s = (1000n + i + challenge(mixedR, mixedKey, message) * a) % L
      const item = { signature: concat(mixedR, toLittleEndian(s, 32)), message, publicKey: mixedKey }
      expect(slowVerifyBatch([item])).toStrictEqual([true])
      expect(verifyBatch([item])).toStrictEqual([true])
      expect(verifyBatch([...some(3), item, spoilt(signed(message), 3)])).toStrictEqual([true, true, true, true, false])
      if (!verify(item.signature, item.message, item.publicKey)) different++
    }
    // What docs/security.md says: here, and only here, verify may refuse what a batch takes.
    expect(different).toBeGreaterThan(0)
  })
})
