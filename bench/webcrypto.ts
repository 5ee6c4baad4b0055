// WebCrypto: every call returns a promise, so the event loop is part of what it costs. Keys are imported beforehand: it has no
// call that takes raw ones.
import type { Implementation, Input, Makers, Work } from './implementation.ts'

const { subtle } = globalThis.crypto

type Bytes = Uint8Array<ArrayBuffer>
/** The types of WebCrypto ask for arrays that are not shared between threads; none here is. */
const own = (bytes: Uint8Array): Bytes => bytes as Bytes

const asyncWork = (call: () => Promise<unknown>): Work => ({
  call,
  async: true,
  value: (returned) => (returned instanceof ArrayBuffer ? new Uint8Array(returned) : (returned as boolean)),
})

/** The private key format of RFC 8410 for X25519 and Ed25519: a fixed prefix and the 32 bytes. */
function pkcs8(lastByteOfOid: number, secretKey: Uint8Array): Bytes {
  const prefix = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, lastByteOfOid, 4, 34, 4, 32]
  return Uint8Array.from([...prefix, ...secretKey])
}

function importAes(name: string, key: Uint8Array, use: KeyUsage): ReturnType<typeof subtle.importKey> {
  return subtle.importKey('raw', own(key), name, false, [use])
}

type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveBits' | 'wrapKey' | 'unwrapKey'

function gcm(name: string, keyBytes: number): Makers {
  return {
    [`${name}-seal`]: async (input) => {
      const key = await importAes('AES-GCM', input.key(keyBytes), 'encrypt')
      const algorithm = { name: 'AES-GCM', iv: own(input.nonce(12)) }
      return asyncWork(() => subtle.encrypt(algorithm, key, own(input.message)))
    },
    [`${name}-open`]: async (input) => {
      const key = await importAes('AES-GCM', input.key(keyBytes), 'decrypt')
      const [algorithm, sealed] = [{ name: 'AES-GCM', iv: own(input.nonce(12)) }, own(input.given(`${name}-seal`))]
      return asyncWork(() => subtle.decrypt(algorithm, key, sealed))
    },
  }
}

function hmac(hash: string, keyBytes: number) {
  return async (input: Input) => {
    const algorithm = { name: 'HMAC', hash }
    const key = await subtle.importKey('raw', own(input.key(keyBytes)), algorithm, false, ['sign'])
    return asyncWork(() => subtle.sign('HMAC', key, own(input.message)))
  }
}

const makers: Makers = {
  x25519: async (input) => {
    const secret = await subtle.importKey('pkcs8', pkcs8(110, input.secretKey), { name: 'X25519' }, false, [
      'deriveBits',
    ])
    const other = await subtle.importKey('raw', own(input.peerKey), { name: 'X25519' }, false, [])
    return asyncWork(() => subtle.deriveBits({ name: 'X25519', public: other }, secret, 256))
  },
  'ed25519-sign': async (input) => {
    const key = await subtle.importKey('pkcs8', pkcs8(112, input.secretKey), { name: 'Ed25519' }, false, ['sign'])
    return asyncWork(() => subtle.sign('Ed25519', key, own(input.message)))
  },
  'ed25519-verify': async (input) => {
    const raw = own(input.given('ed25519-keypair'))
    const key = await subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify'])
    const signature = own(input.given('ed25519-sign'))
    return asyncWork(() => subtle.verify('Ed25519', key, signature, own(input.message)))
  },
  ...gcm('aes-256-gcm', 32),
  ...gcm('aes-128-gcm', 16),
  sha256: (input) => asyncWork(() => subtle.digest('SHA-256', own(input.message))),
  sha512: (input) => asyncWork(() => subtle.digest('SHA-512', own(input.message))),
  'hmac-sha256': hmac('SHA-256', 32),
  'hmac-sha512': hmac('SHA-512', 64),
  'hkdf-sha256': async (input) => {
    const key = await subtle.importKey('raw', own(input.secretKey), 'HKDF', false, ['deriveBits'])
    const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: own(input.nonce(12)), info: own(input.peerKey) }
    return asyncWork(() => subtle.deriveBits(algorithm, key, 256))
  },
}

/** Whether this host has a curve: browsers of before 2025 have not. */
async function hasCurve(name: 'X25519' | 'Ed25519'): Promise<boolean> {
  const uses: KeyUsage[] = name === 'X25519' ? ['deriveBits'] : ['sign']
  return subtle.generateKey({ name }, false, uses).then(
    () => true,
    () => false,
  )
}

/** @throws Error where there is no WebCrypto, as in pages that do not come over https */
export async function load(): Promise<Implementation[]> {
  if (!subtle) throw new Error('this host has no crypto.subtle (pages need https or localhost)')
  const [x25519, ed25519] = [await hasCurve('X25519'), await hasCurve('Ed25519')]
  const able = Object.entries(makers).filter(([op]) => {
    return (x25519 || !op.startsWith('x25519')) && (ed25519 || !op.startsWith('ed25519'))
  })
  return [{ name: 'webcrypto', makers: Object.fromEntries(able) }]
}
