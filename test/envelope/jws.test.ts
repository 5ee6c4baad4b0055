import { describe, expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { parseJws, signJws, verifyJws } from '../../runtime/envelope/jws/index.ts'
import { seededBytes } from './world.ts'

const secretKey = seededBytes('signer')(32)
const publicKey = { curve: 'Ed25519', bytes: crypto.ed25519.getPublicKey(secretKey) }
const kid = 'did:example:alice#key-1'
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

async function made() {
  const sign = async (data: Uint8Array) => crypto.ed25519.sign(data, secretKey)
  return JSON.parse(
    new TextDecoder().decode(await signJws({ payload: text('{"id":"1"}'), kid, curve: 'Ed25519', sign })),
  )
}

type Made = Awaited<ReturnType<typeof made>>

function verifyAll(jws: Made): Uint8Array {
  const { payload, signatures } = parseJws(jws)
  for (const signature of signatures) verifyJws(signature, publicKey, crypto)
  return payload
}

function changeHeader(jws: Made, change: (header: Record<string, unknown>) => void): Made {
  const [signature] = jws.signatures
  const header = JSON.parse(Buffer.from(signature.protected, 'base64url').toString())
  change(header)
  return {
    ...jws,
    signatures: [{ ...signature, protected: Buffer.from(JSON.stringify(header)).toString('base64url') }],
  }
}

test('what was signed verifies [A4, H1]', async () => {
  const jws = await made()
  expect(verifyAll(jws)).toEqual(text('{"id":"1"}'))
  expect(parseJws(jws).signatures[0]).toMatchObject({ kid, typ: 'application/didcomm-signed+json' })
})

test('the key id is in the unprotected header, where all implementations find it [H2, H4, Z6]', async () => {
  expect((await made()).signatures[0].header).toEqual({ kid })
})

test('the flattened serialization is read [H2]', async () => {
  const { payload, signatures } = await made()
  expect(verifyAll({ payload, ...signatures[0] })).toEqual(text('{"id":"1"}'))
})

test('a key id in the protected header is read [H4, Z6]', async () => {
  const jws = changeHeader(await made(), (header) => {
    header['kid'] = kid
  })
  delete jws.signatures[0].header
  const data = text(`${jws.signatures[0].protected}.${jws.payload}`)
  jws.signatures[0].signature = Buffer.from(crypto.ed25519.sign(data, secretKey)).toString('base64url')
  expect(parseJws(jws).signatures[0]?.kid).toBe(kid)
  expect(verifyAll(jws)).toEqual(text('{"id":"1"}'))
})

describe('what does not verify', () => {
  const tampered: Record<string, (jws: Made) => Made> = {
    'another payload': (jws) => ({ ...jws, payload: Buffer.from('{"id":"2"}').toString('base64url') }),
    'another protected header': (jws) =>
      changeHeader(jws, (header) => {
        header['typ'] = 'JWM'
      }),
    'a signature that is too short': (jws) => ({ ...jws, signatures: [{ ...jws.signatures[0], signature: 'AAAA' }] }),
  }
  for (const [what, tamper] of Object.entries(tampered)) {
    test(`${what} fails with ERR_ENVELOPE_SIGNATURE`, async () => {
      const jws = tamper(await made())
      expect(() => verifyAll(jws)).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_SIGNATURE' }))
    })
  }

  test('a key on another curve is refused', async () => {
    const [signature] = parseJws(await made()).signatures
    const verify = () => verifyJws(signature ?? expect.fail(), { curve: 'P-256', bytes: new Uint8Array(33) }, crypto)
    expect(verify).toThrow(expect.objectContaining({ code: 'ERR_ENVELOPE_UNSUPPORTED' }))
  })
})

describe('what is malformed', () => {
  const bad: Record<string, [string, (jws: Made) => Made]> = {
    'no payload': ['ERR_ENVELOPE_MALFORMED', ({ payload: _, ...jws }) => jws],
    'no signatures': ['ERR_ENVELOPE_MALFORMED', (jws) => ({ ...jws, signatures: [] })],
    'signatures of the wrong type': ['ERR_ENVELOPE_MALFORMED', (jws) => ({ ...jws, signatures: 'invalid' })],
    'too many signatures': [
      'ERR_ENVELOPE_MALFORMED',
      (jws) => ({ ...jws, signatures: Array(9).fill(jws.signatures[0]) }),
    ],
    'both serializations at once': ['ERR_ENVELOPE_MALFORMED', (jws) => ({ ...jws, ...jws.signatures[0] })],
    'no key id': ['ERR_ENVELOPE_MALFORMED', (jws) => ({ ...jws, signatures: [{ ...jws.signatures[0], header: {} }] })],
    'a key id in both headers': [
      'ERR_ENVELOPE_MALFORMED',
      (jws) =>
        changeHeader(jws, (header) => {
          header['kid'] = kid
        }),
    ],
    'an unprotected alg': [
      'ERR_ENVELOPE_MALFORMED',
      (jws) => ({ ...jws, signatures: [{ ...jws.signatures[0], header: { kid, alg: 'none' } }] }),
    ],
    crit: [
      'ERR_ENVELOPE_UNSUPPORTED',
      (jws) =>
        changeHeader(jws, (header) => {
          header['crit'] = ['b64']
        }),
    ],
    'alg none': [
      'ERR_ENVELOPE_UNSUPPORTED',
      (jws) =>
        changeHeader(jws, (header) => {
          header['alg'] = 'none'
        }),
    ],
    'no alg': [
      'ERR_ENVELOPE_MALFORMED',
      (jws) =>
        changeHeader(jws, (header) => {
          delete header['alg']
        }),
    ],
  }
  for (const [what, [code, change]] of Object.entries(bad)) {
    test(`${what} fails with ${code}`, async () => {
      const jws = change(await made())
      expect(() => parseJws(jws)).toThrow(expect.objectContaining({ code }))
    })
  }
})
