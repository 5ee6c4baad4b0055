// Questions on which the core, its slow twin, node:crypto and noble must agree, drawn from a seed. npm test asks a thousand of each
// (agreement.test.ts), test/slow a hundred thousand, and tools/mutate-core.ts a few of each of many broken cores.
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { encodePoint, multiplyBase, toX25519PublicKey } from '../oracle/ed25519.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { decodeScalar25519 } from '../oracle/x25519.ts'
import { toHex } from './hex.ts'

type Random = ReturnType<typeof randomFrom>
export type Oracle = 'slow' | 'node' | 'noble'

/** What is asked of each; answers are compared as texts. An oracle that cannot answer is left out. */
export interface Question {
  readonly core: (crypto: Crypto) => string
  readonly oracles: Readonly<Partial<Record<Oracle, () => string>>>
}

export interface Agreement {
  readonly name: string
  /** Oracles that take milliseconds for an answer. */
  readonly costly: readonly Oracle[]
  question(random: Random): Question
}

/** Around the blocks of the ciphers and hashes and their paddings, and around the steps at which kernels take over. */
const edges = [16, 32, 48, 56, 64, 80, 96, 112, 120, 128, 160, 192, 240, 256, 320, 384, 512, 576, 768, 1024]

/** A length: one around an edge as often as any below 300. */
function lengthFrom({ below }: Random, longest = 1025): number {
  const length = below(2) === 0 ? below(300) : (edges[below(edges.length)] ?? 0) + below(3) - 1
  return Math.min(length, longest)
}

/** The answers joined, or the code of the error that was thrown. */
function outcome(work: () => (Uint8Array | boolean)[]): string {
  try {
    return work()
      .map((part) => (typeof part === 'boolean' ? String(part) : toHex(part)))
      .join(' ')
  } catch (error) {
    if (error instanceof DidCommError) return error.code
    throw error
  }
}

/** One question to all that have the same interface. */
function toAll<T>(
  work: (crypto: T) => (Uint8Array | boolean)[],
  oracles: Partial<Record<Oracle, T>>,
): Question['oracles'] {
  return Object.fromEntries(Object.entries(oracles).map(([name, crypto]) => [name, () => outcome(() => work(crypto))]))
}

const curves: readonly Agreement[] = [
  {
    name: 'X25519',
    costly: ['slow', 'noble'],
    question({ bytes }) {
      const [secret, peer] = [bytes(32), bytes(32)]
      const work = ({ x25519 }: Pick<Crypto, 'x25519'>) => [x25519.getSharedSecret(secret, peer)]
      const oracles = toAll(work, { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto })
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
  {
    name: 'X25519 public keys',
    costly: ['slow', 'noble'],
    question({ bytes }) {
      const secret = bytes(32)
      const work = ({ x25519 }: Pick<Crypto, 'x25519'>) => [x25519.getPublicKey(secret)]
      // u = (1 + y)/(1 - y) of the multiple on the Edwards curve: quicker than the ladder of the slow twin.
      const slow = () => outcome(() => [toX25519PublicKey(encodePoint(multiplyBase(decodeScalar25519(secret))))])
      const oracles = { ...toAll(work, { node: nodeCrypto, noble: nobleCrypto }), slow }
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
  {
    name: 'Ed25519 public keys and signatures',
    costly: ['slow', 'noble'],
    question(random) {
      const secret = random.bytes(32)
      const message = random.bytes(random.below(4) === 0 ? lengthFrom(random) : random.below(70))
      const work = ({ ed25519 }: Pick<typeof nodeCrypto, 'ed25519'>) => [
        ed25519.getPublicKey(secret),
        ed25519.sign(message, secret),
      ]
      const oracles = toAll(work, { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto })
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
  {
    name: 'Ed25519 signing keys',
    costly: ['slow', 'noble'],
    question({ bytes, below }) {
      const secret = bytes(32)
      const message = bytes(below(70))
      const node = () =>
        outcome(() => [nodeCrypto.ed25519.getPublicKey(secret), nodeCrypto.ed25519.sign(message, secret)])
      const work = ({ ed25519 }: Crypto) => {
        const key = ed25519.signingKey(secret)
        return [key.publicKey, key.sign(message)]
      }
      return { core: (core) => outcome(() => work(core)), oracles: { node } }
    },
  },
  {
    name: 'Ed25519 signatures that verify, and ones with a flipped bit',
    costly: ['slow', 'noble'],
    question({ bytes, below }) {
      const secret = bytes(32)
      const message = bytes(1 + below(70))
      const publicKey = nodeCrypto.ed25519.getPublicKey(secret)
      const signature = nodeCrypto.ed25519.sign(message, secret)
      const target = [signature, message, publicKey][below(6)]
      if (target) flip(target, below(target.length * 8))
      const work = ({ ed25519 }: Pick<typeof nodeCrypto, 'ed25519'>) => [ed25519.verify(signature, message, publicKey)]
      const oracles = toAll(work, { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto })
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
  {
    name: 'X25519 keys that belong to Ed25519 keys',
    costly: ['slow', 'noble'],
    question({ bytes }) {
      const secret = bytes(32)
      const publicKey = nodeCrypto.ed25519.getPublicKey(secret)
      const work = ({ ed25519 }: Crypto) => [ed25519.toX25519PublicKey(publicKey), ed25519.toX25519SecretKey(secret)]
      const oracles = toAll(work, { slow: slowCrypto, noble: nobleCrypto })
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
  {
    name: 'X25519 keys of bytes that may be no Ed25519 key',
    costly: ['slow', 'noble'],
    question({ bytes }) {
      const publicKey = bytes(32)
      const work = ({ ed25519 }: Crypto) => [ed25519.toX25519PublicKey(publicKey)]
      // The slow twin does not ask whether the point is on the curve.
      return { core: (core) => outcome(() => work(core)), oracles: toAll(work, { noble: nobleCrypto }) }
    },
  },
]

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
}

function aead(name: 'chacha20poly1305' | 'xchacha20poly1305'): Agreement {
  return {
    name,
    costly: [],
    question(random) {
      const { bytes, below } = random
      const [key, nonce] = [bytes(32), bytes(slowCrypto[name].nonceBytes)]
      const [plaintext, aad] = [bytes(lengthFrom(random)), bytes(below(4) === 0 ? lengthFrom(random) : below(100))]
      const [place, bit] = [below(4), below(1 << 20)]
      const work = (crypto: Pick<Crypto, typeof name>) => {
        const sealed = crypto[name].seal(key, nonce, plaintext, aad)
        return [sealed, crypto[name].open(key, nonce, sealed, aad)]
      }
      const open = (crypto: Pick<Crypto, typeof name>) => {
        const parts = [crypto[name].seal(key, nonce, plaintext, aad), aad, nonce, key].map((part) =>
          Uint8Array.from(part),
        )
        const target = parts[place]?.length ? parts[place] : parts[0]
        if (target) flip(target, bit % (target.length * 8))
        const [sealed = plaintext, text = aad, number = nonce, under = key] = parts
        return [crypto[name].open(under, number, sealed, text)]
      }
      const oracles = { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto }
      const both = (crypto: Pick<Crypto, typeof name>) =>
        `${outcome(() => work(crypto))}, ${outcome(() => open(crypto))}`
      const asked = Object.entries(oracles).map(([oracle, crypto]) => [oracle, () => both(crypto)])
      return { core: both, oracles: Object.fromEntries(asked) }
    },
  }
}

const symmetric: readonly Agreement[] = [
  aead('chacha20poly1305'),
  aead('xchacha20poly1305'),
  ...(['sha256', 'sha512'] as const).map(
    (name): Agreement => ({
      name,
      costly: [],
      question(random) {
        const message = random.bytes(lengthFrom(random))
        const work = (crypto: Pick<Crypto, typeof name>) => [crypto[name](message)]
        const oracles = toAll(work, { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto })
        return { core: (core) => outcome(() => work(core)), oracles }
      },
    }),
  ),
  ...(['hmacSha256', 'hmacSha512'] as const).map(
    (name): Agreement => ({
      name,
      costly: ['slow'],
      question(random) {
        const [key, message] = [random.bytes(lengthFrom(random, 140)), random.bytes(lengthFrom(random, 300))]
        const work = (crypto: Pick<Crypto, typeof name>) => [crypto[name](key, message)]
        const oracles = toAll(work, { slow: slowCrypto, node: nodeCrypto, noble: nobleCrypto })
        return { core: (core) => outcome(() => work(core)), oracles }
      },
    }),
  ),
  {
    name: 'HKDF',
    costly: ['slow'],
    question({ bytes, below }) {
      const [ikm, salt, info, lengthBytes] = [bytes(below(70)), bytes(below(70)), bytes(below(70)), 1 + below(70)]
      const work = ({ hkdfSha256 }: Pick<Crypto, 'hkdfSha256'>) => {
        return [hkdfSha256.expand(hkdfSha256.extract(ikm, salt), info, lengthBytes)]
      }
      const node = () => toHex(nodeCrypto.hkdf(ikm, salt, info, lengthBytes))
      return {
        core: (core) => outcome(() => work(core)),
        oracles: { ...toAll(work, { slow: slowCrypto, noble: nobleCrypto }), node },
      }
    },
  },
  {
    name: 'Concat KDF',
    costly: ['slow'],
    question({ bytes, below }) {
      const [secret, otherInfo, lengthBytes] = [bytes(below(70)), bytes(below(130)), 1 + below(70)]
      const work = (crypto: Pick<Crypto, 'concatKdfSha256'>) => [crypto.concatKdfSha256(secret, otherInfo, lengthBytes)]
      const oracles = toAll(work, { slow: slowCrypto, noble: nobleCrypto })
      return { core: (core) => outcome(() => work(core)), oracles }
    },
  },
]

export const agreements: readonly Agreement[] = [...curves, ...symmetric]

/** How many questions are asked of the core, how many of them of each oracle, and of an oracle that takes milliseconds. */
export interface Counts {
  readonly cases: number
  readonly slow: number
  readonly costly: Readonly<Record<Oracle, number>>
}

/**
 * Asks questions of the cores and the oracles, each of an oracle once for all cores. Returns the first on which they part, with the
 * seed from which it comes again, or undefined.
 */
export function firstDisagreement(
  { name, costly, question }: Agreement,
  cores: Readonly<Record<string, Crypto>>,
  seed: number,
  counts: Counts,
): string | undefined {
  const random = randomFrom(seed)
  for (let i = 0; i < counts.cases; i++) {
    const { core, oracles } = question(random)
    const answers = Object.entries(cores).map(([build, crypto]) => [build, core(crypto)] as const)
    for (const [oracle, ask] of Object.entries(oracles)) {
      const asked = costly.includes(oracle as Oracle) ? counts.costly[oracle as Oracle] : counts.cases
      if (i >= asked || (oracle === 'slow' && i >= counts.slow)) continue
      const expected = ask()
      const wrong = answers.find(([, answer]) => answer !== expected)
      if (wrong) return `${name}, seed ${seed}, case ${i}: ${wrong[0]} says ${wrong[1]}, ${oracle} says ${expected}`
    }
  }
  return undefined
}
