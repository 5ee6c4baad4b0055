import { createCipheriv, createHash, randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadCore } from '../../runtime/crypto/core.ts'
import { instantiateCore } from '../../runtime/crypto/index.ts'
import { coreBuilds } from '../../tools/core-builds.ts'

const GIB = 2 ** 30
/** One block more than a GiB less a few bytes, so that nothing is round. */
const lengthBytes = GIB + 13

const message = new Uint8Array(lengthBytes)
for (let at = 0; at < lengthBytes; at += 2 ** 24) randomFillSync(message, at, Math.min(2 ** 24, lengthBytes - at))
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe.each(coreBuilds)('the $name build, in its fixed memory, takes more than a GiB', ({ wasmFile }) => {
  const core = instantiateCore(readFileSync(wasmFile))

  it('and hashes it', () => {
    expect(Buffer.from(core.sha256(message)).toString('hex')).toBe(digestOf(message))
    const sha512 = createHash('sha512').update(message).digest('hex')
    expect(Buffer.from(core.sha512(message)).toString('hex')).toBe(sha512)
  })

  it('and seals and opens it with ChaCha20-Poly1305, out of place and in place', () => {
    const [key, nonce, aad] = [new Uint8Array(32).fill(1), new Uint8Array(12).fill(2), message.subarray(0, 100_000)]
    const sealed = core.chacha20poly1305.seal(key, nonce, message, aad)
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
    cipher.setAAD(aad, { plaintextLength: lengthBytes })
    const expected = createHash('sha256').update(cipher.update(message))
    cipher.final()
    expect(digestOf(sealed)).toBe(expected.update(cipher.getAuthTag()).digest('hex'))
    const opened = core.chacha20poly1305.open(key, nonce, sealed, aad, sealed)
    expect(opened.length).toBe(lengthBytes)
    expect(Buffer.compare(opened, message)).toBe(0)
  })

  it.each(['a256gcm', 'a256cbcHs512'] as const)('and seals and opens it with %s, out of place and in place', (name) => {
    const { keyBytes, nonceBytes } = core[name]
    const [key, nonce] = [new Uint8Array(keyBytes).fill(4), new Uint8Array(nonceBytes).fill(5)]
    const sealed = core[name].seal(key, nonce, message)
    const mode: string = name === 'a256gcm' ? 'aes-256-gcm' : 'aes-256-cbc'
    const cipher = createCipheriv(mode, key.subarray(-32), nonce)
    const expected = createHash('sha256').update(cipher.update(message)).update(cipher.final())
    expect(digestOf(sealed.subarray(0, -core[name].tagBytes))).toBe(expected.digest('hex'))
    const opened = core[name].open(key, nonce, sealed, undefined, sealed)
    expect(opened.length).toBe(lengthBytes)
    expect(Buffer.compare(opened, message)).toBe(0)
  })

  it('and signs it and verifies the signature', () => {
    const secretKey = new Uint8Array(32).fill(3)
    const signature = core.ed25519.sign(message, secretKey)
    expect(core.ed25519.verify(signature, message, core.ed25519.getPublicKey(secretKey))).toBe(true)
  })
})

it('the memory of the core has at most three pages', () => {
  for (const { wasmFile } of coreBuilds)
    expect(loadCore(readFileSync(wasmFile)).memory.length).toBeLessThanOrEqual(3 * 65_536)
})
