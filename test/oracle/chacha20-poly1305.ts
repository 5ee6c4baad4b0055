import { concat, fromLittleEndian, toLittleEndian, zeros } from './numbers.ts'

// ChaCha20, Poly1305 and their AEAD from the text of RFC 8439 §2; HChaCha20 from draft-irtf-cfrg-xchacha-03 §2.2.

function rotl(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** §2.1, on the state at four indexes. */
function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  state[a]! += state[b]!
  state[d] = rotl(state[d]! ^ state[a]!, 16)
  state[c]! += state[d]!
  state[b] = rotl(state[b]! ^ state[c]!, 12)
  state[a]! += state[b]!
  state[d] = rotl(state[d]! ^ state[a]!, 8)
  state[c]! += state[d]!
  state[b] = rotl(state[b]! ^ state[c]!, 7)
}

function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true))
}

function toBytes(state: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(state.length * 4))
  for (const [i, word] of state.entries()) view.setUint32(i * 4, word, true)
  return new Uint8Array(view.buffer)
}

const constants = words(new TextEncoder().encode('expand 32-byte k'))

function rounds(input: Uint32Array): Uint32Array {
  const state = input.slice()
  for (let i = 0; i < 10; i++) {
    quarterRound(state, 0, 4, 8, 12)
    quarterRound(state, 1, 5, 9, 13)
    quarterRound(state, 2, 6, 10, 14)
    quarterRound(state, 3, 7, 11, 15)
    quarterRound(state, 0, 5, 10, 15)
    quarterRound(state, 1, 6, 11, 12)
    quarterRound(state, 2, 7, 8, 13)
    quarterRound(state, 3, 4, 9, 14)
  }
  return state
}

/** §2.3. */
export function chacha20Block(key: Uint8Array, counter: number, nonce: Uint8Array): Uint8Array {
  const input = Uint32Array.of(...constants, ...words(key), counter, ...words(nonce))
  return toBytes(rounds(input).map((word, i) => word + input[i]!))
}

/** §2.4. */
export function chacha20(key: Uint8Array, counter: number, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const out = text.slice()
  for (let at = 0; at < text.length; at += 64) {
    const block = chacha20Block(key, counter + at / 64, nonce)
    for (let i = at; i < Math.min(at + 64, text.length); i++) out[i]! ^= block[i - at]!
  }
  return out
}

/** draft-irtf-cfrg-xchacha-03 §2.2: the first and last rows, without the final addition. */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const state = rounds(Uint32Array.of(...constants, ...words(key), ...words(nonce)))
  return toBytes(Uint32Array.of(...state.subarray(0, 4), ...state.subarray(12, 16)))
}

/** §2.5. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const p = (1n << 130n) - 5n
  const r = fromLittleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  const s = fromLittleEndian(key.subarray(16, 32))
  let accumulator = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = concat(message.subarray(at, at + 16), Uint8Array.of(1))
    accumulator = ((accumulator + fromLittleEndian(block)) * r) % p
  }
  return toLittleEndian((accumulator + s) & ((1n << 128n) - 1n), 16)
}

function pad16(bytes: Uint8Array): Uint8Array {
  return zeros((16 - (bytes.length % 16)) % 16)
}

function aeadTag(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Uint8Array {
  const oneTimeKey = chacha20Block(key, 0, nonce).subarray(0, 32)
  const lengths = concat(toLittleEndian(BigInt(aad.length), 8), toLittleEndian(BigInt(ciphertext.length), 8))
  return poly1305(oneTimeKey, concat(aad, pad16(aad), ciphertext, pad16(ciphertext), lengths))
}

/** §2.8. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad = zeros(0)): Uint8Array {
  const ciphertext = chacha20(key, 1, nonce, plaintext)
  return concat(ciphertext, aeadTag(key, nonce, ciphertext, aad))
}

/** Returns `undefined` where the tag is wrong. */
export function open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad = zeros(0)): Uint8Array | undefined {
  const ciphertext = sealed.subarray(0, -16)
  const tag = aeadTag(key, nonce, ciphertext, aad)
  return Buffer.compare(tag, sealed.subarray(-16)) === 0 ? chacha20(key, 1, nonce, ciphertext) : undefined
}

/** draft-irtf-cfrg-xchacha-03 §2: the key and nonce that XChaCha20 hands to ChaCha20. */
export function xchacha(key: Uint8Array, nonce: Uint8Array): [subkey: Uint8Array, nonce: Uint8Array] {
  return [hchacha20(key, nonce.subarray(0, 16)), concat(zeros(4), nonce.subarray(16))]
}
