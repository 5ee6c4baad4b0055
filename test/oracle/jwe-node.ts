import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

// DIDComm's encrypted messages a second time, from the drafts alone and over node:crypto alone: RFC 7516, RFC 7518 §4.4, §4.6 and
// §5.2.5, draft-madden-jose-ecdh-1pu-04. It knows the honest path and nothing of policy.

/** A key of node:crypto with its id. */
export interface JwkWithKid {
  kid: string
  kty: string
  crv: string
  x: string
  y?: string
  d?: string
}

/** The members of a JWK that node:crypto reads. */
type Jwk = Omit<JwkWithKid, 'kid'>

const b64u = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const unb64u = (text: string): Buffer => Buffer.from(text, 'base64url')
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const prefixed = (bytes: Uint8Array): Buffer => Buffer.concat([uint32(bytes.length), bytes])

function publicHalf(jwk: Jwk): Jwk {
  const { d: _, ...half } = jwk
  return half
}

const dh = (secret: Jwk, peer: Jwk): Buffer =>
  diffieHellman({
    privateKey: createPrivateKey({ key: { ...secret }, format: 'jwk' }),
    publicKey: createPublicKey({ key: { ...publicHalf(peer) }, format: 'jwk' }),
  })

/** RFC 7518 §4.6.2, with the length-prefixed tag of draft-madden-jose-ecdh-1pu-04 §2.3. */
function kek(alg: string, z: Buffer, apu: Buffer, apv: Buffer, tag?: Buffer): Buffer {
  const suppPubInfo = Buffer.concat([uint32(256), tag ? prefixed(tag) : Buffer.alloc(0)])
  const otherInfo = Buffer.concat([prefixed(Buffer.from(alg)), prefixed(apu), prefixed(apv), suppPubInfo])
  return createHash('sha256')
    .update(Buffer.concat([uint32(1), z, otherInfo]))
    .digest()
}

function wrap(key: Buffer, cek: Buffer): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6))
  return Buffer.concat([cipher.update(cek), cipher.final()])
}

function unwrap(key: Buffer, wrapped: Buffer): Buffer {
  const decipher = createDecipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6))
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}

/** RFC 7518 §5.2.2.1: the tag over AAD, IV, ciphertext and the length of the AAD in bits. */
function macOf(cek: Buffer, aad: Buffer, iv: Buffer, ciphertext: Buffer): Buffer {
  const bits = Buffer.concat([uint32(0), uint32(aad.length * 8)])
  return createHmac('sha512', cek.subarray(0, 32))
    .update(Buffer.concat([aad, iv, ciphertext, bits]))
    .digest()
    .subarray(0, 32)
}

/** Encrypts as authcrypt where there is a sender, else as anoncrypt; with A256CBC-HS512. */
export function nodeEncrypt(plaintext: Uint8Array, recipients: readonly JwkWithKid[], sender?: JwkWithKid): Uint8Array {
  const crv = String(recipients[0]?.crv)
  const pair = crv === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: crv })
  const ephemeral = pair.privateKey.export({ format: 'jwk' }) as Jwk
  const alg = sender ? 'ECDH-1PU+A256KW' : 'ECDH-ES+A256KW'
  const apu = Buffer.from(sender?.kid ?? '')
  const apv = createHash('sha256')
    .update(
      recipients
        .map(({ kid }) => kid)
        .sort()
        .join('.'),
    )
    .digest()
  const header = {
    epk: publicHalf(ephemeral),
    apv: b64u(apv),
    ...(sender && { skid: sender.kid, apu: b64u(apu) }),
    typ: 'application/didcomm-encrypted+json',
    enc: 'A256CBC-HS512',
    alg,
  }
  const protectedHeader = b64u(Buffer.from(JSON.stringify(header)))
  const cek = randomBytes(64)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', cek.subarray(32), iv)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const tag = macOf(cek, Buffer.from(protectedHeader), iv, ciphertext)
  const entries = recipients.map((recipient) => {
    const z = Buffer.concat([dh(ephemeral, recipient), sender ? dh(sender, recipient) : Buffer.alloc(0)])
    const key = kek(alg, z, apu, apv, sender && tag)
    return { encrypted_key: b64u(wrap(key, cek)), header: { kid: recipient.kid } }
  })
  const jwe = {
    ciphertext: b64u(ciphertext),
    protected: protectedHeader,
    recipients: entries,
    tag: b64u(tag),
    iv: b64u(iv),
  }
  return Buffer.from(JSON.stringify(jwe))
}

interface Jwe {
  protected: string
  recipients: { encrypted_key: string; header: { kid: string } }[]
  iv: string
  ciphertext: string
  tag: string
}

/** Decrypts what is encrypted with A256CBC-HS512; `sender` is the public key of authcrypt. */
export function nodeDecrypt(envelope: Uint8Array, recipient: JwkWithKid, sender?: Jwk): Buffer {
  const jwe = JSON.parse(Buffer.from(envelope).toString()) as Jwe
  const header = JSON.parse(unb64u(jwe.protected).toString()) as Record<'alg' | 'apv', string> & {
    apu?: string
    epk: Jwk
  }
  const [iv, ciphertext, tag] = [unb64u(jwe.iv), unb64u(jwe.ciphertext), unb64u(jwe.tag)]
  const entry = jwe.recipients.find(({ header: { kid } }) => kid === recipient.kid)
  const z = Buffer.concat([dh(recipient, header.epk), sender ? dh(recipient, sender) : Buffer.alloc(0)])
  const key = kek(header.alg, z, unb64u(header.apu ?? ''), unb64u(header.apv), sender && tag)
  const cek = unwrap(key, unb64u(String(entry?.encrypted_key)))
  if (!timingSafeEqual(tag, macOf(cek, Buffer.from(jwe.protected), iv, ciphertext))) throw new Error('wrong tag')
  const decipher = createDecipheriv('aes-256-cbc', cek.subarray(32), iv)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()])
}
