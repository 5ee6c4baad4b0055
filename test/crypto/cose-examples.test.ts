import { Decoder, Tag } from 'cbor-x'
import { describe, expect, it } from 'vitest'
import { type CborValue, encodeCbor } from '../../runtime/bytes/index.ts'
import { type Aead, crypto } from '../../runtime/crypto/index.ts'
import { sharedFiles } from '../vectors.ts'
import { hex } from './hex.ts'

// The examples of the COSE working group, as far as they are about primitives: content encryption, key derivation and EdDSA.
// The structures around them are the business of an envelope.

interface Layer {
  protected?: { alg?: string }
  unprotected?: { alg?: string }
  external?: string
  recipients?: { key: { k?: string; d_hex?: string }; protected?: { alg?: string }; unprotected?: { salt?: string } }[]
}

interface Example {
  fail?: boolean
  input: { plaintext: string; enveloped?: Layer; encrypted?: Layer; sign?: object; sign0?: object }
  intermediates: {
    CEK_hex: string
    recipients?: { Context_hex: string; Secret_hex?: string }[]
    signers?: { ToBeSign_hex: string }[]
    ToBeSign_hex?: string
  }
  output: { cbor: string }
}

const aeads: Readonly<Record<string, Aead>> = {
  'ChaCha-Poly1305': crypto.chacha20poly1305,
  A128GCM: crypto.aes128gcm,
  A256GCM: crypto.a256gcm,
  'AES-CCM-16-128/64': crypto.aesCcm16_64_128,
  'AES-CCM-16-128/128': crypto.aesCcm16_128_128,
  'AES-CCM-16-256/64': crypto.aesCcm16_64_256,
  'AES-CCM-16-256/128': crypto.aesCcm16_128_256,
}

const folders = ['aes-ccm-examples', 'aes-gcm-examples', 'chacha-poly-examples', 'encrypted-tests', 'enveloped-tests']
const derivations = ['hkdf-hmac-sha-examples', 'X25519-tests']
const examplesOf = (folder: string) => sharedFiles<Example>(`cose/${folder}`)

/** The examples are not in deterministic CBOR, which is all that the decoder of this package reads. */
const decoder = new Decoder({ mapsAsObjects: false, useRecords: false })

/** The parts of a COSE structure, whether it has a tag or not. */
function partsOf({ output }: Example): [Uint8Array, Map<CborValue, CborValue>, Uint8Array, CborValue?] {
  const value: unknown = decoder.decode(hex(output.cbor))
  return (value instanceof Tag ? value.value : value) as ReturnType<typeof partsOf>
}

/** Decrypts as RFC 9052 §5.3 says, over the protected header as it was received. */
function decrypt(example: Example, key: Uint8Array): string {
  const layer = example.input.enveloped ?? example.input.encrypted ?? {}
  const name = layer.protected?.alg ?? layer.unprotected?.alg ?? ''
  const [protectedHeader, unprotected, ciphertext, recipients] = partsOf(example)
  // RFC 9052 §5.3: an empty map counts as an empty string, however it was sent.
  const authenticated = protectedHeader.length === 1 ? new Uint8Array(0) : protectedHeader
  const aad = encodeCbor([recipients ? 'Encrypt' : 'Encrypt0', authenticated, hex(layer.external ?? '')])
  const plaintext = aeads[name]?.open(key, unprotected.get(5) as Uint8Array, ciphertext, aad)
  return new TextDecoder().decode(plaintext)
}

const algorithmOf = ({ input: { enveloped, encrypted } }: Example): string => {
  const layer = enveloped ?? encrypted
  return layer?.protected?.alg ?? layer?.unprotected?.alg ?? ''
}

/** Examples that fail by their structure and not by their bytes, and one with half a nonce: the rest is the recipient's. */
const structural = (name: string): boolean => /-fail-01\.json$|^aes-gcm-05\.json$/.test(name)

describe.each(folders)('COSE %s', (folder) => {
  const examples = examplesOf(folder).filter(([name, example]) => algorithmOf(example) in aeads && !structural(name))
  it.skipIf(examples.length === 0)('open, or fail where they must', () => {
    for (const [name, example] of examples) {
      const work = () => decrypt(example, hex(example.intermediates.CEK_hex))
      if (example.fail) expect(work, name).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
      else expect(work(), name).toBe(example.input.plaintext)
    }
  })
})

describe.each(derivations)('COSE %s', (folder) => {
  const examples = examplesOf(folder).filter(([, { input, intermediates }]) => {
    const algorithm = input.enveloped?.recipients?.[0]?.protected?.alg ?? ''
    const known = ['HKDF-HMAC-SHA-256', 'ECDH-ES', 'ECDH-SS'].includes(algorithm)
    return known && intermediates.recipients?.[0]?.Context_hex !== undefined
  })
  it.skipIf(examples.length === 0)('derive their keys, which open the content', () => {
    for (const [name, example] of examples) {
      const { CEK_hex, recipients } = example.intermediates
      const { key, unprotected } = example.input.enveloped?.recipients?.[0] ?? { key: {} }
      const secret = recipients?.[0]?.Secret_hex ? hex(recipients[0].Secret_hex) : Buffer.from(key.k ?? '', 'base64url')
      const salt = unprotected?.salt ? new TextEncoder().encode(unprotected.salt) : new Uint8Array(0)
      const prk = crypto.hkdfSha256.extract(new Uint8Array(secret), salt)
      const cek = crypto.hkdfSha256.expand(prk, hex(recipients?.[0]?.Context_hex ?? ''), CEK_hex.length / 2)
      expect(cek, name).toEqual(hex(CEK_hex))
      expect(decrypt(example, cek), name).toBe(example.input.plaintext)
    }
  })
})

describe('COSE X25519-tests', () => {
  const examples = examplesOf('X25519-tests')
  it.skipIf(examples.length === 0)('agree on the secret that they tell', () => {
    for (const [name, example] of examples) {
      const recipient = (partsOf(example)[3] as CborValue[][])[0]
      const headers = recipient?.[1] as Map<CborValue, CborValue>
      const ephemeral = (headers.get(-1) ?? headers.get(-2)) as Map<CborValue, CborValue> | undefined
      const secretKey = hex(example.input.enveloped?.recipients?.[0]?.key.d_hex ?? '')
      const publicKey = ephemeral?.get(-2)
      if (!(publicKey instanceof Uint8Array)) continue
      const shared = crypto.x25519.getSharedSecret(secretKey, publicKey)
      expect(shared, name).toEqual(hex(example.intermediates.recipients?.[0]?.Secret_hex ?? ''))
    }
  })
})

interface SignedExample extends Example {
  input: Example['input'] & { sign?: { signers: { key: { x_hex: string } }[] }; sign0?: { key: { x_hex: string } } }
}

describe('COSE eddsa-examples', () => {
  // Ed448 is not offered.
  const examples = sharedFiles<SignedExample>('cose/eddsa-examples').filter(([name]) => /-01\.json$/.test(name))
  it.skipIf(examples.length === 0)('verify, and not with a bit turned', () => {
    for (const [name, example] of examples) {
      const { input, intermediates } = example
      const part = partsOf(example)[3]
      const signature = (input.sign ? (part as CborValue[][])[0]?.[2] : part) as Uint8Array
      const message = hex(intermediates.ToBeSign_hex ?? intermediates.signers?.[0]?.ToBeSign_hex ?? '')
      const publicKey = hex(input.sign0?.key.x_hex ?? input.sign?.signers[0]?.key.x_hex ?? '')
      expect(crypto.ed25519.verify(signature, message, publicKey), name).toBe(true)
      const forged = signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
      expect(crypto.ed25519.verify(forged, message, publicKey), name).toBe(false)
    }
  })
})
