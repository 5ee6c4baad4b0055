import { aesExpandInverse, aesWipe } from './aes'
import { cbcDecrypt, cbcEncrypt } from './aes-cbc'
import { ccmAad, ccmAuthenticate, ccmEncrypt, ccmFinal, ccmInit, ccmRestart, ccmStartText, ccmWipe } from './aes-ccm'
import { ctrXor } from './aes-ctr'
import { gcmFinal, gcmInit, gcmWipe } from './aes-gcm'
import { differenceOfWords, wipe } from './bytes'
import {
  cbcHs512Aad,
  cbcHs512Final,
  cbcHs512Init,
  cbcHs512Padding,
  cbcHs512StartText,
  cbcHs512Text,
  cbcHs512Wipe,
} from './cbc-hs512'
import { ghashUpdate } from './ghash'
import { MISUSE, NOT_AUTHENTIC, OK } from './status'

// The authenticated ciphers over AES, as a stream:
//   seal: aes*Init, aad*, encrypt*, tag
//   open: aes*Init, aad*, authenticate* over the whole ciphertext, verify, and only then decrypt* over it again, end
// A call before the last of its kind takes a multiple of 64 bytes. A wrong order is refused, so that a mistake of the host
// can neither release plaintext whose tag was not checked nor authenticate something else than was meant.

const GCM: i32 = 1
const CCM: i32 = 2
/** Takes whole blocks of 16 bytes: the host pads when it seals (RFC 5652 §6.3), and asks `aesPadding` when it opens. */
const CBC_HS512: i32 = 3

const IDLE: i32 = 0
const AAD: i32 = 1
const ENCRYPT: i32 = 2
const AUTHENTICATE: i32 = 3
const DECRYPT: i32 = 4

/** SP 800-38D §5.2.1.1. The counter has 32 bits and must not wrap. */
const MAX_GCM_BYTES: u64 = 0xfffffffe * 16
const MAX_CCM_BYTES: u32 = 0xffff

/** Both start as 0; an initializer that names a constant would need a start function. */
let cipher: i32 = 0
let phase: i32 = 0
/** The last call of this phase ended inside a block: no other may follow. */
let ended: bool = false
let tagBytes: usize = 0
let aadBytes: u64 = 0
let textBytes: u64 = 0
/** What CCM authenticates first: the lengths of all that will come. */
let aadAnnounced: u64 = 0
let textAnnounced: u64 = 0
let padding: i32 = 0

const TAG = memory.data(32, 16)

function start(started: i32, tag: usize): i32 {
  cipher = started
  phase = AAD
  ended = false
  tagBytes = tag
  aadBytes = 0
  textBytes = 0
  padding = 0
  return OK
}

/** Starts GCM under a key of 16 or 32 bytes and a 12-byte nonce. */
export function aesGcmInit(key: usize, keyBytes: usize, nonce: usize): i32 {
  if (keyBytes != 16 && keyBytes != 32) return MISUSE
  gcmInit(key, keyBytes, nonce)
  return start(GCM, 16)
}

/** Starts CCM under a key of 16 or 32 bytes and a 13-byte nonce, with a tag of 8 or 16 and at most 65,535 bytes of text. */
export function aesCcmInit(
  key: usize,
  keyBytes: usize,
  nonce: usize,
  tag: usize,
  aadLength: usize,
  textLength: usize,
): i32 {
  if ((keyBytes != 16 && keyBytes != 32) || (tag != 8 && tag != 16) || textLength > MAX_CCM_BYTES) return MISUSE
  ccmInit(key, keyBytes, nonce, tag as u32, aadLength as u32, textLength as u32)
  aadAnnounced = aadLength as u64
  textAnnounced = textLength as u64
  return start(CCM, tag)
}

/** Starts A256CBC-HS512 under a 64-byte key and a 16-byte nonce. */
export function aesCbcHs512Init(key: usize, nonce: usize): i32 {
  cbcHs512Init(key, nonce)
  return start(CBC_HS512, 32)
}

/** Tells whether a call of phase `next` with `length` bytes is in order, and moves on from the AAD to the text. */
function enter(next: i32, length: usize): bool {
  if (phase == AAD && (next == ENCRYPT || next == AUTHENTICATE)) {
    if (cipher == CCM) {
      if (aadBytes != aadAnnounced) return false
      ccmStartText()
    } else if (cipher == CBC_HS512) {
      cbcHs512StartText()
    }
    phase = next
    ended = false
  }
  if (phase != next || (ended && length > 0)) return false
  ended = ended || (length & 63) != 0
  return true
}

/** Tells whether `length` more bytes of text are in order. */
function countText(length: usize): bool {
  textBytes += length as u64
  if (cipher == CBC_HS512) return (length & 15) == 0
  return textBytes <= (cipher == CCM ? textAnnounced : MAX_GCM_BYTES)
}

/** Writes the tag to `out`, and tells whether there was as much text as was announced. */
function finish(out: usize): bool {
  if (cipher == GCM) gcmFinal(out, aadBytes, textBytes)
  else if (cipher == CCM) ccmFinal(out)
  else cbcHs512Final(out, aadBytes)
  return cipher != CCM || textBytes == textAnnounced
}

export function aesAad(data: usize, length: usize): i32 {
  if (!enter(AAD, length)) return MISUSE
  aadBytes += length as u64
  if (cipher == GCM) ghashUpdate(data, length)
  else if (cipher == CCM) ccmAad(data, length)
  else cbcHs512Aad(data, length)
  return OK
}

/** Encrypts in place. */
export function aesEncrypt(data: usize, length: usize): i32 {
  if (!enter(ENCRYPT, length) || !countText(length)) return MISUSE
  if (cipher == GCM) {
    ctrXor(data, length)
    ghashUpdate(data, length)
  } else if (cipher == CCM) {
    ccmEncrypt(data, length)
  } else {
    cbcEncrypt(data, length)
    cbcHs512Text(data, length)
  }
  return OK
}

/** Ends a seal: writes the tag and wipes the context. `out` has room for 32 bytes. */
export function aesTag(out: usize): i32 {
  if (!enter(ENCRYPT, 0)) return MISUSE
  const status = finish(out) ? OK : MISUSE
  aesEnd()
  return status
}

/** Takes ciphertext into the MAC and leaves it as it is. */
export function aesAuthenticate(data: usize, length: usize): i32 {
  if (!enter(AUTHENTICATE, length) || !countText(length)) return MISUSE
  if (cipher == GCM) ghashUpdate(data, length)
  else if (cipher == CCM) ccmAuthenticate(data, length)
  else cbcHs512Text(data, length)
  return OK
}

/** Compares the tag, and looks at the padding. Where one is wrong, the context is wiped: nothing can be decrypted. */
export function aesVerify(tag: usize): i32 {
  if (!enter(AUTHENTICATE, 0)) return MISUSE
  const complete = finish(TAG)
  const difference = differenceOfWords(TAG, tag, tagBytes)
  wipe(TAG, 32)
  let authentic = complete && difference == 0
  if (authentic && cipher == CBC_HS512) {
    aesExpandInverse()
    padding = textBytes == 0 ? 0 : cbcHs512Padding()
    authentic = padding != 0
  }
  if (!authentic) {
    aesEnd()
    return NOT_AUTHENTIC
  }
  if (cipher == CCM) ccmRestart()
  phase = DECRYPT
  ended = false
  return OK
}

/** Returns how many bytes at the end of the text are padding; after `aesVerify` and before `aesEnd`. */
export function aesPadding(): i32 {
  return padding
}

/** Decrypts in place, after `aesVerify` and never more than it verified. */
export function aesDecrypt(data: usize, length: usize): i32 {
  if (!enter(DECRYPT, length) || (length as u64) > textBytes) return MISUSE
  textBytes -= length as u64
  if (cipher == CBC_HS512) cbcDecrypt(data, length)
  else ctrXor(data, length)
  return OK
}

/** Wipes the context. */
export function aesEnd(): void {
  if (cipher == GCM) gcmWipe()
  else if (cipher == CCM) ccmWipe()
  else if (cipher == CBC_HS512) cbcHs512Wipe()
  aesWipe()
  cipher = 0
  phase = IDLE
  padding = 0
}
