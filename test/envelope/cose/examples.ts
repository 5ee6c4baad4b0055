import { decodeBase64url, decodeHex, encodeUtf8 } from '../../../runtime/bytes/index.ts'
import { p256, withCurves } from '../../../runtime/crypto/curves.ts'
import { crypto as core } from '../../../runtime/crypto/index.ts'
import {
  type CoseEncrypt,
  type CoseLeniency,
  contentAlgorithms,
  decryptCoseFor,
  decryptCoseShared,
  parseCoseEncrypt,
  parseCoseShared,
  parseCoseSign,
  parseCoseSign1,
  parseDirectRecipient,
  parseEcdhRecipient,
  unwrapDirect,
  unwrapEcdh,
  verifyCose,
  verifyCose1,
} from '../../../runtime/envelope/cose/index.ts'
import { DidCommError } from '../../../runtime/errors.ts'

/** Opens an example of the COSE working group, in the form of its files. */

interface Key {
  kty: string
  crv?: string
  kid?: string
  k?: string
  x?: string
  y?: string
  d?: string
  x_hex?: string
  y_hex?: string
  d_hex?: string
}

interface Layer {
  external?: string
  key?: Key
  recipients?: {
    key: Key
    sender_key?: Key
    external?: string
    unsent?: { apu_id?: string; apv_id?: string; pub_other?: string; priv_other?: string }
  }[]
  signers?: { key: Key; external?: string }[]
}

export interface Example {
  fail?: boolean
  input: { plaintext: string; sign?: Layer; sign0?: Layer; enveloped?: Layer; encrypted?: Layer; mac?: Layer }
  output: { cbor: string }
}

const crypto = withCurves(core, p256)

/** What the example says: the plaintext, where it opens or verifies. */
export async function openExample(example: Example, allow: readonly CoseLeniency[]): Promise<string> {
  const { sign, sign0, enveloped, encrypted } = example.input
  const bytes = decodeHex(example.output.cbor.toLowerCase())
  if (sign0) return openSign1(bytes, sign0, allow)
  if (sign) return openSign(bytes, sign, allow)
  if (encrypted) {
    const key = decodeBase64url(encrypted.recipients?.[0]?.key.k ?? '')
    const envelope = parseCoseShared(bytes, { algorithms: contentAlgorithms, allow }, crypto)
    return textOf(decryptCoseShared(envelope, { key, ...externalAad(encrypted) }, crypto))
  }
  if (!enveloped) throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', 'an example of another kind')
  const envelope = parseCoseEncrypt(bytes, { algorithms: contentAlgorithms, allow }, crypto)
  const unwrap = unwrapperOf(envelope, enveloped)
  return textOf(await decryptCoseFor(envelope, { unwrap, ...externalAad(enveloped) }, crypto))
}

function openSign1(bytes: Uint8Array, layer: Layer, allow: readonly CoseLeniency[]): string {
  const envelope = parseCoseSign1(bytes, { allow })
  verifyCose1(envelope, { publicKey: publicKeyOf(layer.key!), ...externalAad(layer) }, crypto)
  return textOf(envelope.payload)
}

function openSign(bytes: Uint8Array, layer: Layer, allow: readonly CoseLeniency[]): string {
  const envelope = parseCoseSign(bytes, { allow })
  for (const [i, signature] of envelope.signatures.entries()) {
    const signer = layer.signers![i] ?? layer.signers![0]!
    verifyCose(envelope, { signature, publicKey: publicKeyOf(signer.key), ...externalAad(signer) }, crypto)
  }
  return textOf(envelope.payload)
}

function unwrapperOf(envelope: CoseEncrypt, layer: Layer) {
  const { key, sender_key, unsent } = layer.recipients![0]!
  const given = {
    ...(unsent?.apu_id && { partyU: { identity: encodeUtf8(unsent.apu_id) } }),
    ...(unsent?.apv_id && { partyV: { identity: encodeUtf8(unsent.apv_id) } }),
    ...(unsent?.pub_other && { publicInfo: encodeUtf8(unsent.pub_other) }),
    ...(unsent?.priv_other && { privateInfo: encodeUtf8(unsent.priv_other) }),
  }
  const direct = parseDirectRecipient(envelope)
  if (direct) return unwrapDirect(direct, { secret: decodeBase64url(key.k ?? ''), ...given })
  const recipient = key.k ? undefined : parseEcdhRecipient(envelope.recipients[0]!, envelope, crypto)
  if (!recipient) throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', 'a recipient by another method')
  const secretKey = bytesOf(key, 'd')
  const deriveBits = async (publicKey: Uint8Array): Promise<Uint8Array> =>
    key.crv === 'X25519'
      ? crypto.x25519.getSharedSecret(secretKey, publicKey)
      : p256.getSharedSecret(secretKey, publicKey)
  const sender = sender_key ?? (recipient.algorithm.authenticated ? key : undefined)
  return unwrapEcdh(recipient, { deriveBits, ...(sender && { senderPublicKey: publicKeyOf(sender).bytes }), ...given })
}

function publicKeyOf(key: Key): { curve: string; bytes: Uint8Array } {
  const bytes = key.crv === 'P-256' ? p256.fromCoordinates(bytesOf(key, 'x'), bytesOf(key, 'y')) : bytesOf(key, 'x')
  return { curve: key.crv ?? '', bytes }
}

function bytesOf(key: Key, name: 'x' | 'y' | 'd'): Uint8Array {
  const hex = key[`${name}_hex`]
  return hex === undefined ? decodeBase64url(key[name] ?? '') : decodeHex(hex.toLowerCase())
}

const externalAad = ({ external }: { external?: string }) =>
  external === undefined ? {} : { externalAad: decodeHex(external.toLowerCase()) }
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
