import { copyWords, differenceOfWords, wipe } from './bytes'
import {
  edwardsWipe,
  POINT,
  pointDecode,
  pointDecodeTwo,
  pointEncode,
  pointHasSmallOrder,
  pointNegate,
  pointToMontgomery,
} from './edwards25519'
import { multiplyBase } from './edwards25519-multiply'
import { multiplyPublic, sumIsIdentity } from './edwards25519-public'
import { sumWipe } from './edwards25519-sum'
import { scalarIsCanonical, scalarMultiplyAdd, scalarReduceWide } from './scalar25519'
import { scalarHalve } from './scalar25519-halve'
import { sha512Final, sha512Init, sha512Update } from './sha512'
import { KEY_INVALID, NOT_AUTHENTIC, OK } from './status'
import { x25519Clamp } from './x25519'

// Ed25519, RFC 8032 §5.1. A message is streamed, since it may be longer than the memory:
//   sign:   signBegin, update*, signCommit, update* with the same bytes again, signEnd
//   verify: verifyBegin, update*, verifyEnd
// Names are those of §5.1.6 and §5.1.7.

/** SHA-512 of the seed: the scalar s, not yet clamped, and the prefix; later other digests. */
const DIGEST = memory.data(64, 16)
const S = memory.data(32, 16)
const R_SCALAR = memory.data(32, 16)
const K = memory.data(32, 16)
/** The public key A and the first half R of the signature, encoded. */
const A_BYTES = memory.data(32, 16)
const R_BYTES = memory.data(32, 16)
const A = memory.data(160, 16)
const R = memory.data(160, 16)

/** Hashes the seed: S becomes the secret scalar, clamped; the prefix stays in the second half of DIGEST. */
function hashSeed(seed: usize): void {
  sha512Init()
  sha512Update(seed, 32)
  sha512Final(DIGEST)
  x25519Clamp(S, DIGEST)
}

/** Wipes everything: of what is left, not even public values depend on the secret. */
function wipeSecrets(): void {
  wipe(DIGEST, 64)
  wipe(S, 32)
  wipe(R_SCALAR, 32)
  wipe(K, 32)
  wipe(A_BYTES, 32)
  wipe(R_BYTES, 32)
  wipe(R, POINT)
  edwardsWipe()
  sumWipe()
}

/** Writes the 32-byte public key of a seed. */
export function ed25519Public(out: usize, seed: usize): void {
  hashSeed(seed)
  multiplyBase(R, S)
  pointEncode(out, R)
  wipeSecrets()
}

/**
 * Writes the expanded key of a seed, 96 bytes: the scalar s, clamped, the prefix and the public key. It is as secret as the seed,
 * and must stay in one piece: signatures of one message under two public keys give the scalar away.
 */
export function ed25519Expand(out: usize, seed: usize): void {
  hashSeed(seed)
  multiplyBase(R, S)
  copyWords(out, S, 32)
  copyWords(out + 32, DIGEST + 32, 32)
  pointEncode(out + 64, R)
  wipeSecrets()
}

/** Starts to sign with an expanded key: hashes prefix || message from here on. */
export function ed25519SignBegin(expandedKey: usize): void {
  copyWords(S, expandedKey, 32)
  copyWords(A_BYTES, expandedKey + 64, 32)
  sha512Init()
  sha512Update(expandedKey + 32, 32)
}

/** Absorbs a part of the message. */
export function ed25519Update(data: usize, length: usize): void {
  sha512Update(data, length)
}

/** Fixes R, and hashes R || A || message from here on. */
export function ed25519SignCommit(): void {
  sha512Final(DIGEST)
  scalarReduceWide(R_SCALAR, DIGEST)
  multiplyBase(R, R_SCALAR)
  pointEncode(R_BYTES, R)
  startChallenge()
}

function startChallenge(): void {
  sha512Init()
  sha512Update(R_BYTES, 32)
  sha512Update(A_BYTES, 32)
}

/** Writes the 64 bytes of the signature, R || S = r + k s mod L. */
export function ed25519SignEnd(out: usize): void {
  sha512Final(DIGEST)
  scalarReduceWide(K, DIGEST)
  copyWords(out, R_BYTES, 32)
  scalarMultiplyAdd(out + 32, K, S, R_SCALAR)
  wipeSecrets()
}

/** Decodes A, and with SIMD R too. */
function decodePublic(signature: usize, publicKey: usize): i32 {
  if (ASC_FEATURE_SIMD) {
    if (!pointDecodeTwo(A, publicKey, R, signature)) return pointDecode(A, publicKey) ? NOT_AUTHENTIC : KEY_INVALID
    if (pointHasSmallOrder(A)) return KEY_INVALID
    return pointHasSmallOrder(R) ? NOT_AUTHENTIC : OK
  }
  return !pointDecode(A, publicKey) || pointHasSmallOrder(A) ? KEY_INVALID : OK
}

/**
 * Starts to verify a 64-byte signature. Refuses, beyond what §5.1.7 asks: a public key that is not canonical or of small order.
 * Only after `OK` may the sequence go on.
 */
export function ed25519VerifyBegin(signature: usize, publicKey: usize): i32 {
  const status = decodePublic(signature, publicKey)
  if (status != OK) return status
  if (!scalarIsCanonical(signature + 32)) return NOT_AUTHENTIC
  copyWords(A_BYTES, publicKey, 32)
  copyWords(R_BYTES, signature, 32)
  copyWords(S, signature + 32, 32)
  startChallenge()
  return OK
}

/** Checks S B = R + k A without cofactor. Refuses R that is not canonical or of small order. */
export function ed25519VerifyEnd(): i32 {
  sha512Final(DIGEST)
  scalarReduceWide(K, DIGEST)
  return (ASC_FEATURE_SIMD ? equationHolds() : encodingMatches()) ? OK : NOT_AUTHENTIC
}

/** Compares the encoding of S B - k A: bytes of R that are not canonical are never equal to it. */
function encodingMatches(): bool {
  pointNegate(A, A)
  multiplyPublic(R, S, K, A)
  pointEncode(A_BYTES, R)
  return differenceOfWords(A_BYTES, R_BYTES, 32) == 0 && !pointHasSmallOrder(R)
}

const ZERO = memory.data(32, 16)

/**
 * Multiplies the equation by t, so that all scalars but that of B are half as long: t S B - t R -+ r A = 0 with r = +-t k. That is
 * the same, for points with a component of small order too: t k and r differ by a multiple of the order of the whole group,
 * and t has an inverse modulo that order.
 */
function equationHolds(): bool {
  const negative = scalarHalve(R_SCALAR, DIGEST, K)
  scalarMultiplyAdd(S, S, DIGEST, ZERO)
  if (!negative) pointNegate(A, A)
  pointNegate(R, R)
  return sumIsIdentity(S, R_SCALAR, A, DIGEST, R)
}

/** Writes the X25519 public key that belongs to an Ed25519 public key, by the map of RFC 7748 §4.1. */
export function ed25519PublicToX25519(out: usize, publicKey: usize): i32 {
  if (!pointDecode(A, publicKey) || pointHasSmallOrder(A)) return KEY_INVALID
  pointToMontgomery(out, A)
  return OK
}

/** Writes the X25519 secret key that belongs to a seed: its scalar, clamped. */
export function ed25519SecretToX25519(out: usize, seed: usize): void {
  hashSeed(seed)
  copyWords(out, S, 32)
  wipeSecrets()
}
