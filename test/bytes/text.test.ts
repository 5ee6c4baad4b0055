import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  concatBytes,
  decodeBase58btc,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  decodeUtf8,
  encodeBase32,
  encodeBase58btc,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from '../../runtime/bytes/index.ts'
import { ownVectors } from '../vectors.ts'

const malformed = expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' })
const anyBytes = fc.uint8Array({ maxLength: 200 })

interface Rfc4648 {
  vectors: { text: string; base64: string; base32: string; base16: string }[]
}

describe('RFC 4648 §10', () => {
  for (const { text, base64, base32, base16 } of ownVectors<Rfc4648>('rfc4648-section-10.json').vectors) {
    it(`"${text}" is encoded and decoded`, () => {
      const bytes = encodeUtf8(text)
      expect(encodeBase64url(bytes)).toBe(base64.replace(/=+$/, ''))
      expect(decodeBase64url(base64.replace(/=+$/, ''))).toEqual(bytes)
      expect(decodeBase64(base64)).toEqual(bytes)
      expect(encodeBase32(bytes)).toBe(base32.replace(/=+$/, '').toLowerCase())
      expect(encodeHex(bytes)).toBe(base16.toLowerCase())
      expect(decodeHex(base16)).toEqual(bytes)
    })
  }
})

describe('base64url', () => {
  it('agrees with the host on every byte string', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = Buffer.from(bytes).toString('base64url')
        expect(encodeBase64url(bytes)).toBe(text)
        expect(decodeBase64url(text)).toEqual(bytes)
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
      }),
    )
  })

  it('takes one text only for each value', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        try {
          expect(encodeBase64url(decodeBase64url(text))).toBe(text)
        } catch (error) {
          expect(error).toEqual(malformed)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('refuses padding, foreign characters, stray bits and a single last character', () => {
    for (const text of [
      'Zg==',
      'Zm9vYg=',
      'Zm+v',
      'Zm/v',
      'Zm9 ',
      ' Zm9',
      'Zm9v\n',
      'Zh',
      'Zm9vYh',
      'Zm9vYmF',
      'Zm9vZ',
    ]) {
      expect(() => decodeBase64url(text), text).toThrow(malformed)
    }
    for (const text of ['Zm9\u00e9', 'Zm9\u0176', '\u0100AAA', 'A\u0180', 'AA\ud83d', '====']) {
      expect(() => decodeBase64url(text), text).toThrow(malformed)
    }
  })

  it('is read from attachments in both alphabets, padded or not', () => {
    const bytes = decodeHex('fbff')
    for (const text of ['+/8', '-_8', '+/8=', '-_8=']) expect(decodeBase64(text), text).toEqual(bytes)
    for (const text of ['+/8==', '+/9=', '+/8=A', '=', 'A===']) {
      expect(() => decodeBase64(text), text).toThrow(malformed)
    }
  })
})

describe('base58btc', () => {
  it('passes the vectors of draft-msporny-base58-03 §5', () => {
    for (const [hex, text] of [
      [encodeHex(encodeUtf8('Hello World!')), '2NEpo7TZRRrLZSi2U'],
      [
        encodeHex(encodeUtf8('The quick brown fox jumps over the lazy dog.')),
        'USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z',
      ],
      ['0000287fb4cd', '11233QC4'],
    ] as const) {
      expect(encodeBase58btc(decodeHex(hex))).toBe(text)
      expect(encodeHex(decodeBase58btc(text))).toBe(hex)
    }
  })

  it('agrees with arithmetic on big integers', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat({ max: 5 }), (tail, zeros) => {
        const bytes = concatBytes(new Uint8Array(zeros), tail)
        const text = slowBase58(bytes)
        expect(encodeBase58btc(bytes)).toBe(text)
        expect(decodeBase58btc(text)).toEqual(bytes)
      }),
    )
  })

  it('takes as much as it gives, in bounded time', () => {
    const bytes = new Uint8Array(5998).fill(255)
    const text = encodeBase58btc(bytes)
    expect(text.length).toBeLessThanOrEqual(8192)
    expect(decodeBase58btc(text)).toEqual(bytes)
    expect(() => encodeBase58btc(new Uint8Array(5999))).toThrow(RangeError)
    expect(() => decodeBase58btc('z'.repeat(8193))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
  })

  it('refuses characters that look like others', () => {
    for (const text of ['0', 'O', 'I', 'l', '2NEpo7TZRRrLZSi2U ', 'é']) {
      expect(() => decodeBase58btc(text), text).toThrow(malformed)
    }
    expect(decodeBase58btc('')).toEqual(new Uint8Array())
  })
})

describe('base32', () => {
  it('keeps the order of bits for every byte string', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
        const groups = bits.match(/.{1,5}/g) ?? []
        const slow = groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)])
        expect(encodeBase32(bytes)).toBe(slow.join(''))
      }),
    )
  })
})

describe('hex', () => {
  it('refuses odd lengths and foreign characters', () => {
    for (const text of ['0', '0g', '0x00', ' 00', '-1']) expect(() => decodeHex(text), text).toThrow(malformed)
    expect(decodeHex('00fFAa')).toEqual(Uint8Array.of(0, 255, 170))
  })
})

describe('UTF-8', () => {
  it('round-trips every text, a byte order mark included', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeUtf8(encodeUtf8(text)) === text))
    expect(decodeUtf8(encodeUtf8('\ufeffa'))).toBe('\ufeffa')
  })

  it('refuses what is not UTF-8: overlong forms, surrogates, stray and missing bytes', () => {
    for (const hex of ['c080', 'eda080', '80', 'c3', 'f4908080', 'ff']) {
      expect(() => decodeUtf8(decodeHex(hex)), hex).toThrow(malformed)
    }
  })
})

describe('equalBytes', () => {
  it('tells lengths and contents apart', () => {
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  })
})

function slowBase58(bytes: Uint8Array): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  const zeros = bytes.findIndex((byte) => byte !== 0)
  let text = ''
  for (let value = BigInt(`0x0${encodeHex(bytes)}`); value > 0n; value /= 58n)
    text = alphabet[Number(value % 58n)] + text
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text
}
