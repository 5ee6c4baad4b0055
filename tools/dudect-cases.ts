// What tools/dudect.ts times: each operation on a secret, with inputs of two classes, and controls whose time does depend on theirs.
import type { Aead, Crypto, KeyWrap } from '../runtime/crypto/crypto.ts'
import { assembleText } from './constant-time-controls.ts'

/** Fresh random bytes. */
export type Random = (length: number) => Uint8Array

export interface TimedCase {
  readonly name: string
  readonly inputBytes: number
  /** How often one measurement runs it, where once is too short for the clock. */
  readonly repeat: number
  /** Makes an input of the fixed class or of the random one. All are made before the first is timed. */
  input(isRandom: boolean): Uint8Array
  run(input: Uint8Array): void
}

const filled = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 1 + i * 7)

/** A case whose inputs are a fixed secret, or random ones. */
function secret(name: string, inputBytes: number, random: Random, run: TimedCase['run'], repeat = 1): TimedCase {
  const fixed = random(inputBytes)
  return { name, inputBytes, repeat, run, input: (isRandom) => (isRandom ? random(inputBytes) : fixed) }
}

const TEXT_BYTES = 256

function aeadCases(label: string, aead: Aead, random: Random): TimedCase[] {
  const { keyBytes, tagBytes } = aead
  const nonce = filled(aead.nonceBytes)
  const aad = filled(20)
  const sealedBytes = aead.seal(filled(keyBytes), nonce, filled(TEXT_BYTES), aad).length
  const out = new Uint8Array(sealedBytes)
  const fixed = random(keyBytes + TEXT_BYTES)
  /** A key, and a text under it. */
  const sealed = (isRandom: boolean): Uint8Array => {
    const bytes = isRandom ? random(keyBytes + TEXT_BYTES) : fixed
    const key = bytes.subarray(0, keyBytes)
    return Buffer.concat([key, aead.seal(key, nonce, bytes.subarray(keyBytes), aad)])
  }
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  const inputBytes = keyBytes + sealedBytes
  return [
    secret(`${label} seal`, keyBytes + TEXT_BYTES, random, (input) => {
      aead.seal(input.subarray(0, keyBytes), nonce, input.subarray(keyBytes), aad, out)
    }),
    {
      name: `${label} open`,
      inputBytes,
      repeat: 1,
      input: sealed,
      run: (input) => void aead.open(input.subarray(0, keyBytes), nonce, input.subarray(keyBytes), aad, out),
    },
    {
      // The tag is wrong at its first byte or at its last, under one key.
      name: `${label} open, wrong tag`,
      inputBytes,
      repeat: 1,
      input: (isRandom) => flipped(sealed(false), isRandom ? inputBytes - 1 : inputBytes - tagBytes),
      run(input) {
        try {
          aead.open(input.subarray(0, keyBytes), nonce, input.subarray(keyBytes), aad, out)
        } catch {
          return
        }
        throw new Error(`${label}: a wrong tag was taken`)
      },
    },
  ]
}

function keyWrapCases(cipher: KeyWrap, random: Random): TimedCase[] {
  const split = (input: Uint8Array) => [input.subarray(0, 32), input.subarray(32)] as const
  const fixed = random(64)
  return [
    secret('A256KW wrap', 64, random, (input) => void cipher.wrapKey(...split(input))),
    {
      name: 'A256KW unwrap',
      inputBytes: 32 + 40,
      repeat: 1,
      input(isRandom) {
        const [kek, key] = split(isRandom ? random(64) : fixed)
        return Buffer.concat([kek, cipher.wrapKey(kek, key)])
      },
      run: (input) => void cipher.unwrapKey(...split(input)),
    },
  ]
}

/** The operations of a build. */
export function timedCases(crypto: Crypto, random: Random): TimedCase[] {
  const out = new Uint8Array(64)
  const message = filled(64)
  const peer = crypto.x25519.getPublicKey(filled(32))
  const { x25519, ed25519 } = crypto
  return [
    secret('X25519 shared secret', 32, random, (key) => void x25519.getSharedSecret(key, peer, out)),
    secret('X25519 public key', 32, random, (key) => void x25519.getPublicKey(key, out)),
    secret('Ed25519 public key', 32, random, (key) => void ed25519.getPublicKey(key, out)),
    secret('Ed25519 sign', 32, random, (key) => void ed25519.sign(message, key, out)),
    secret('Ed25519 signing key, made and used', 32, random, (key) => void ed25519.signingKey(key).sign(message, out)),
    ...aeadCases('ChaCha20-Poly1305', crypto.chacha20poly1305, random),
    ...aeadCases('XChaCha20-Poly1305', crypto.xchacha20poly1305, random),
    ...aeadCases('AES-256-GCM', crypto.a256gcm, random),
    ...aeadCases('AES-128-GCM', crypto.aes128gcm, random),
    ...aeadCases('AES-CCM-16-64-128', crypto.aesCcm16_64_128, random),
    ...aeadCases('AES-CCM-16-128-128', crypto.aesCcm16_128_128, random),
    ...aeadCases('AES-CCM-16-64-256', crypto.aesCcm16_64_256, random),
    ...aeadCases('AES-CCM-16-128-256', crypto.aesCcm16_128_256, random),
    ...aeadCases('A256CBC-HS512', crypto.a256cbcHs512, random),
    ...keyWrapCases(crypto.a256kw, random),
    secret('HMAC-SHA-256', 32, random, (key) => void crypto.hmacSha256(key, message, out)),
    secret('HMAC-SHA-512', 32, random, (key) => void crypto.hmacSha512(key, message, out)),
  ]
}

const controlText = `(module
  (memory (export "memory") 18 18)

  (func (export "earlyExitCompare") (param $at i32) (result i32)
    (local $i i32)
    (loop $next
      (if (i32.ne (i32.load8_u (i32.add (local.get $at) (local.get $i))) (i32.const 0)) (then (return (i32.const 1))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (i32.const 0))

  (func (export "maskedCompare") (param $at i32) (result i32)
    (local $i i32) (local $difference i32)
    (loop $next
      (local.set $difference
        (i32.or (local.get $difference) (i32.load8_u (i32.add (local.get $at) (local.get $i)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (local.get $difference))

  ;; A table of a mebibyte, of which the nearest cache holds a part; each address waits for the load before.
  (func (export "secretTable") (param $at i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=65536 (i32.add (local.get $sum)
        (i32.mul (i32.load8_u (i32.add (local.get $at) (local.get $i))) (i32.const 4160))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
    (local.get $sum))
)`

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

type Compare = (at: number) => number

interface Controls {
  readonly leaking: readonly TimedCase[]
  readonly sound: readonly TimedCase[]
}

/** What must be caught, and what must not. */
export function timedControls(crypto: Crypto, random: Random): Controls {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assembleText(controlText)))
  const { memory, earlyExitCompare, maskedCompare, secretTable } = exports as {
    memory: { buffer: ArrayBuffer }
    earlyExitCompare: Compare
    maskedCompare: Compare
    secretTable: Compare
  }
  const bytes = new Uint8Array(memory.buffer)
  const of = (compare: Compare) => (input: Uint8Array) => {
    bytes.set(input, 0)
    compare(0)
  }
  const oneBit = (at: number) => new Uint8Array(16).fill(1, at, at + 1)
  const place = { inputBytes: 16, repeat: 64, input: (isRandom: boolean) => oneBit(isRandom ? 15 : 0) }
  const message = filled(64)
  const key = filled(32)
  const publicKey = crypto.ed25519.getPublicKey(key)
  const signature = crypto.ed25519.sign(message, key)
  return {
    leaking: [
      { ...place, name: 'control: a compare with an early exit', run: of(earlyExitCompare) },
      secret('control: a table at secret indices', 64, random, of(secretTable)),
      {
        // It sees public data only, and may stop where it knows.
        name: 'control: Ed25519 verification',
        inputBytes: 64,
        repeat: 1,
        input: (isRandom) => (isRandom ? random(64) : signature),
        run: (input) => void crypto.ed25519.verify(input, message, publicKey),
      },
    ],
    sound: [{ ...place, name: 'control: a compare without', run: of(maskedCompare) }],
  }
}
