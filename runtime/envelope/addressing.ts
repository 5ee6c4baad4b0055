import { canonicalDid, didOf } from '../did/did-url.ts'
import { DidCommError } from '../errors.ts'
import type { Message, Packable } from '../message/message.ts'
import type { Allows, PackOptions } from './envelope.ts'

/** What the envelopes around a message have proven, as DIDs. */
export interface Proven {
  /** Whom authcrypt proved. */
  readonly sender?: string | undefined
  /** Whom a signature proved. */
  readonly signer?: string | undefined
  /** The DIDs whose keys opened an encrypted envelope. */
  readonly recipients: readonly string[]
}

/**
 * Checks that a message says of itself what its envelopes prove (DIDComm v2.1, "Message Layer Addressing Consistency").
 *
 * @throws DidCommError `ERR_ENVELOPE_ADDRESSING`
 */
export function checkAddressing(message: Message, { sender, signer, recipients }: Proven, allows?: Allows): void {
  const { from, to } = message
  if (sender !== undefined && !sameDid(from, sender)) throw mismatch('"from" is not the sender that authcrypt proves')
  if (signer !== undefined && !sameDid(from, signer)) throw mismatch('"from" is not the signer')
  if (to !== undefined) {
    const named = (recipient: string): boolean => to.some((did) => sameDid(did, recipient))
    // Signed and not authenticated for its reader: "to" is all that keeps a recipient from passing it on as if to somebody else.
    const mayDiffer = signer === undefined || sender !== undefined
    if (!recipients.every(named) && !(mayDiffer && allows?.('other-recipient'))) {
      throw mismatch('"to" does not name the recipient')
    }
  } else if (signer !== undefined && recipients.length > 0) {
    // Without it, a recipient could encrypt the signed message anew to somebody else.
    throw mismatch('"to" is missing in a message that is signed and encrypted')
  }
}

/**
 * Checks that a message to be packed will pass `checkAddressing` at its recipient.
 *
 * @throws TypeError
 */
export function checkPacking(message: Packable, { to, from, sign, protectSender }: PackOptions): void {
  if (protectSender && from === undefined) throw new TypeError('"protectSender" expected with "from"')
  if (sign !== undefined && from !== undefined) {
    // DIDComm v2.1, "IANA Media Types": authcrypt(sign(plaintext)) should not be made, since the signature suffices.
    throw new TypeError('"from" and "sign" expected one of the two')
  }
  if (from !== undefined) expectFrom(message, from)
  if (sign !== undefined) {
    expectFrom(message, sign)
    if (message.to === undefined) throw new TypeError('"message.to" expected where it is signed and encrypted')
  }
  for (const recipient of typeof to === 'string' ? [to] : to) {
    if (message.to === undefined || message.to.some((did) => sameDid(did, didOf(recipient)))) continue
    throw new TypeError(`"message.to" expected to name ${didOf(recipient)}`)
  }
}

/** The message with its id, where the encoding derives none. @throws TypeError */
export function withId(message: Packable): Message {
  const { id, body = {} } = message
  if (id === undefined) throw new TypeError('"message.id" expected in this encoding')
  return { ...message, id, body }
}

/** @throws TypeError */
export function expectFrom(message: Packable, did: string): void {
  if (!sameDid(message.from, didOf(did))) throw new TypeError(`"message.from" expected ${did}, got ${message.from}`)
}

/**
 * Checks a list of recipients: some, and none of them twice, in whatever form.
 *
 * @throws TypeError
 */
export function expectDistinct(dids: readonly string[]): void {
  const names = new Set(dids.map((did) => canonicalDid(didOf(did))))
  if (dids.length === 0 || names.size !== dids.length) throw new TypeError('"to" expected distinct DIDs, at least one')
}

/** Tells whether a DID URL of a header is of `did`, in whatever form. */
export function sameDid(header: string | undefined, did: string): boolean {
  return header !== undefined && canonicalDid(didOf(header)) === canonicalDid(did)
}

function mismatch(what: string): DidCommError {
  return new DidCommError('ERR_ENVELOPE_ADDRESSING', what)
}
