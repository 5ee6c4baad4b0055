import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { Aes128Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { describe, expect, it } from 'vitest'
import { crypto, hpkeOver } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'

const { bytes } = randomFrom(41)
const text = (value: ArrayBuffer): Uint8Array => new Uint8Array(value)
/** The peer wants memory that is not shared. */
const own = (value: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(value)

const suites = { aes128gcm: () => new Aes128Gcm(), chacha20poly1305: () => new Chacha20Poly1305() } as const
const modes = { base: undefined, psk: { pskId: bytes(5), psk: bytes(32) } }
const cases = Object.keys(suites).flatMap((aead) => Object.keys(modes).map((mode) => ({ aead, mode })))

describe.each(cases)('with @hpke/core, $aead in $mode mode', ({ aead, mode }) => {
  const name = aead as keyof typeof suites
  const hpke = hpkeOver(crypto, name)
  const peer = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: suites[name]() })
  const psk = modes[mode as keyof typeof modes]
  const info = own(bytes(12))
  const peerAgreed = { info, ...(psk ? { psk: { id: own(psk.pskId), key: own(psk.psk) } } : {}) }
  const agreed = { info, ...(psk ? { psk } : {}) }
  const secretKey = bytes(32)
  const recipientPublicKey = crypto.x25519.getPublicKey(secretKey)
  const keyPair = async () => ({
    privateKey: await peer.kem.deserializePrivateKey(own(secretKey)),
    publicKey: await peer.kem.deserializePublicKey(own(recipientPublicKey)),
  })

  it('the peer opens what is sealed here', async () => {
    const sender = hpke.createSender({ recipientPublicKey, ...agreed }, bytes)
    const recipientKey = await keyPair()
    const recipient = await peer.createRecipientContext({ recipientKey, enc: own(sender.enc), ...peerAgreed })
    for (const length of [0, 1, 100, 5000]) {
      const [plaintext, aad] = [bytes(length), own(bytes(length % 37))]
      expect(text(await recipient.open(own(sender.seal(plaintext, aad)), aad))).toEqual(plaintext)
    }
    const exported = await recipient.export(own(Uint8Array.of(1, 2)), 48)
    expect(sender.exportSecret(Uint8Array.of(1, 2), 48)).toEqual(text(exported))
  })

  it('what the peer seals opens here', async () => {
    const { publicKey } = await keyPair()
    const sender = await peer.createSenderContext({ recipientPublicKey: publicKey, ...peerAgreed })
    const recipient = hpke.createRecipient({ enc: text(sender.enc), secretKey, ...agreed })
    for (const length of [0, 1, 100, 5000]) {
      const [plaintext, aad] = [own(bytes(length)), own(bytes(length % 37))]
      expect(recipient.open(text(await sender.seal(plaintext, aad)), aad)).toEqual(plaintext)
    }
  })
})
