import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCbor, encodeCbor, encodeUtf8, type Json, parseJson } from '../../runtime/bytes/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'

const malformed = expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' })
/** Any code point, lone surrogates too. */
const anyUnit = fc.integer({ max: 0x10_ffff, min: 0 }).map((code) => String.fromCodePoint(code))
const tooLarge = expect.objectContaining({ code: 'ERR_TOO_LARGE' })

describe('parseJson', () => {
  it('agrees with JSON.parse on every JSON text that the latter writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, stringUnit: 'grapheme' }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!text.includes('"__proto__":'))
        expect(parseJson(text)).toStrictEqual(JSON.parse(text))
        expect(parseJson(encodeUtf8(JSON.stringify(value, null, 2)))).toStrictEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses a name that appears twice in one object, also behind escapes, and nothing else', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '{"a":{"b":1},"a":2}',
      '[{"x":{"a":1,"b":2,"a":3}}]',
      '{"":1,"":2}',
      '{"\\"":1,"\\"":2}',
    ]) {
      expect(() => parseJson(text), text).toThrow(malformed)
    }
    expect(parseJson('{"a":{"a":":,{"},"b":"\\":\\\\","c":[{"a":1},{"a":1}]}')).toEqual({
      a: { a: ':,{' },
      b: '":\\',
      c: [{ a: 1 }, { a: 1 }],
    })
  })

  it('refuses names that reach a prototype', () => {
    expect(() => parseJson('{"__proto__":{"admin":true}}')).toThrow(malformed)
    expect(() => parseJson('{"body":{"\\u005f_proto__":1}}')).toThrow(malformed)
    expect(parseJson('{"constructor":1}')).toEqual({ constructor: 1 })
  })

  it('refuses text that is no JSON, without quoting it', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '{"a"}',
      '[1,]',
      '01',
      'NaN',
      "{'a':1}",
      '{"a":1}x',
      '"\n"',
      '"',
      '"\\',
      '\ufeff{}',
    ]) {
      try {
        parseJson(text)
        expect.unreachable(text)
      } catch (error) {
        expect(error).toEqual(malformed)
        expect((error as Error).cause).toBeUndefined()
      }
    }
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(malformed)
    try {
      parseJson('{"password": hunter2}')
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })

  it('refuses numbers beyond the range of doubles', () => {
    expect(() => parseJson('[1e400]')).toThrow(malformed)
    expect(() => parseJson('-1e309')).toThrow(malformed)
    expect(parseJson('1.7976931348623157e308')).toBe(Number.MAX_VALUE)
  })

  it('refuses a lone surrogate, escaped or not, and takes pairs', () => {
    for (const text of ['"\\ud800"', '{"\\uDC00":1}', '["\\udc00\\ud800"]', '"\ud800"']) {
      expect(() => parseJson(text), text).toThrow(malformed)
    }
    expect(parseJson('"\\ud83d\\ude00"')).toBe('😀')
    expect(parseJson('"\\\\ud800"')).toBe('\\ud800')
  })

  it('holds to its limits, before it builds anything', () => {
    expect(() => parseJson(`${'['.repeat(33)}${']'.repeat(33)}`)).toThrow(malformed)
    expect(parseJson(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeDefined()
    expect(() => parseJson('[[1]]', { maxDepth: 1 })).toThrow(malformed)
    expect(() => parseJson('['.repeat(2 ** 20))).toThrow(malformed)
    expect(() => parseJson(' '.repeat(2 ** 20 + 1))).toThrow(tooLarge)
    expect(() => parseJson('[1]', { maxBytes: 2 })).toThrow(tooLarge)
    expect(() => parseJson(`[${'{},'.repeat(70_000)}{}]`)).toThrow(tooLarge)
  })

  it('returns only what CBOR carries without loss', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, stringUnit: anyUnit }), (value) => {
        let parsed: Json
        try {
          parsed = parseJson(JSON.stringify(value))
        } catch (error) {
          expect(isDidCommError(error)).toBe(true)
          return
        }
        expect(plain(decodeCbor(encodeCbor(parsed)))).toStrictEqual(parsed)
      }),
    )
  })

  it('throws nothing but DidCommError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'{}[]":,\\u0d8e-1. truefalsn'), { maxLength: 40 }), (chars) => {
        try {
          parseJson(chars.join(''))
        } catch (error) {
          expect(isDidCommError(error), String(error)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]))
}
