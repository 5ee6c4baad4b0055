// Questions on which the core, its slow twin, node:crypto and noble must agree, drawn from a seed. npm test asks a thousand of each
// (agreement.test.ts), test/slow a hundred thousand, and tools/mutate-core.ts a few of each of many broken cores.
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { encodePoint, multiplyBase, toX25519PublicKey } from '../oracle/ed25519.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { decodeScalar25519 } from '../oracle/x25519.ts'
import { type Agreement, flip, lengthFrom, type Oracle, outcome, toAll } from './agreement-question.ts'
import { aeadAgreements, keyWrapAgreement } from './agreements-aead.ts'
import { toHex } from './hex.ts'

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
      // A signing key must say the same.
      const held = (core: Crypto) => {
        const key = core.ed25519.signingKey(secret)
        return [key.publicKey, key.sign(message)]
      }
      const core = (core: Crypto) => {
        const answers = [outcome(() => work(core)), outcome(() => held(core))]
        return [...new Set(answers)].join(', but held ')
      }
      return { core, oracles }
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

const symmetric: readonly Agreement[] = [
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

export const agreements: readonly Agreement[] = [...curves, ...aeadAgreements, keyWrapAgreement, ...symmetric]

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
      const wrong = answers.find(([, answer]) => answer !== expected && !answer.startsWith(`${expected}, `))
      if (wrong) return `${name}, seed ${seed}, case ${i}: ${wrong[0]} says ${wrong[1]}, ${oracle} says ${expected}`
    }
  }
  return undefined
}
