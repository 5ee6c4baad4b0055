import type { Aead, Crypto, KeyWrap } from '../../runtime/crypto/crypto.ts'
import { nobleAes } from '../oracle/noble-aes.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { nodeAes } from '../oracle/node-aes.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import {
  type Agreement,
  flip,
  lengthFrom,
  type Oracle,
  outcome,
  type Question,
  type Random,
} from './agreement-question.ts'

/** Questions to all, which have this in common. The slow twin is asked the first: it takes milliseconds for a block or two. */
function questions<T>(
  asks: readonly ((of: T) => Uint8Array)[],
  ofCore: (core: Crypto) => T,
  { slow, ...oracles }: Partial<Record<Oracle, T>>,
): Question {
  const answers = (of: T, all = asks) => all.map((ask) => outcome(() => [ask(of)])).join(', ')
  const asked = Object.entries(oracles).map(([name, oracle]) => [name, () => answers(oracle)])
  if (slow !== undefined) asked.push(['slow', () => answers(slow, asks.slice(0, 1))])
  return { core: (core) => answers(ofCore(core)), oracles: Object.fromEntries(asked) }
}

type Name = 'chacha20poly1305' | 'xchacha20poly1305' | keyof Omit<typeof nodeAes, 'a256kw'>

function oraclesFor(name: Name, textBytes: number): Partial<Record<Oracle, Aead>> {
  const slow = slowCrypto[name]
  if (name === 'chacha20poly1305' || name === 'xchacha20poly1305') {
    return { slow, node: nodeCrypto[name], noble: nobleCrypto[name] }
  }
  // OpenSSL's CCM takes no empty text.
  const isEmptyCcm = textBytes === 0 && name.startsWith('aesCcm')
  return { slow, noble: nobleAes[name], ...(isEmptyCcm ? {} : { node: nodeAes[name] }) }
}

/** Sealing, opening, and opening what has one bit wrong: in the sealed text, the additional data, the nonce or the key. */
function aead(name: Name): Agreement {
  return {
    name,
    costly: name.startsWith('a') ? ['slow'] : [],
    question(random: Random) {
      const { bytes, below } = random
      const { keyBytes, nonceBytes } = slowCrypto[name]
      const [key, nonce] = [bytes(keyBytes), bytes(nonceBytes)]
      const [plaintext, aad] = [bytes(lengthFrom(random)), bytes(below(8) === 0 ? lengthFrom(random) : below(40))]
      const [place, bit] = [below(4), below(1 << 20)]
      const seal = (cipher: Aead) => cipher.seal(key, nonce, plaintext, aad)
      const open = (cipher: Aead) => cipher.open(key, nonce, seal(cipher), aad)
      const openBroken = (cipher: Aead) => {
        const parts = [seal(cipher), aad, nonce, key].map((part) => Uint8Array.from(part))
        const target = parts[place]?.length ? parts[place] : parts[0]
        if (target) flip(target, bit % (target.length * 8))
        const [sealed = plaintext, also, number = nonce, under = key] = parts
        return cipher.open(under, number, sealed, also)
      }
      return questions([seal, open, openBroken], (core) => core[name], oraclesFor(name, plaintext.length))
    },
  }
}

export const aeadAgreements: readonly Agreement[] = (
  [
    'chacha20poly1305',
    'xchacha20poly1305',
    'a256gcm',
    'aes128gcm',
    'aesCcm16_64_128',
    'aesCcm16_128_128',
    'aesCcm16_64_256',
    'aesCcm16_128_256',
    'a256cbcHs512',
  ] as const
).map(aead)

export const keyWrapAgreement: Agreement = {
  name: 'a256kw',
  costly: ['slow'],
  question({ bytes, below }) {
    const [kek, key, bit] = [bytes(32), bytes(16 + 8 * below(6)), below(1 << 20)]
    const wrap = (cipher: KeyWrap) => cipher.wrapKey(kek, key)
    const unwrap = (cipher: KeyWrap) => cipher.unwrapKey(kek, wrap(cipher))
    const unwrapBroken = (cipher: KeyWrap) => {
      const wrapped = Uint8Array.from(wrap(cipher))
      flip(wrapped, bit % (wrapped.length * 8))
      return cipher.unwrapKey(kek, wrapped)
    }
    const oracles = { slow: slowCrypto.a256kw, node: nodeAes.a256kw, noble: nobleAes.a256kw }
    return questions([wrap, unwrap, unwrapBroken], (core) => core.a256kw, oracles)
  },
}
