import type { Encoding } from '../envelope/envelope.ts'

/** For whom a message is, from whom, and in which form. */
export interface SendOptions {
  /** The DID of the recipient. */
  to: string
  /** All DIDs that get the message, each in an envelope of its own: the header `to` names them. Default: the recipient alone. */
  audience?: readonly string[]
  /** One envelope for all of `audience`, sent where `to` is: for links on which one transmission reaches them. Needs a format for several. */
  together?: boolean
  /** The DID to speak as. */
  from?: string
  /** Does not tell the recipient who sends (anoncrypt). */
  anonymous?: boolean
  /** Signs inside an anoncrypt envelope, so that the recipient can prove to others who wrote it. */
  sign?: boolean
  /** Hides the sender from mediators: anoncrypt around authcrypt, in JSON and `didcomm/v2+cbor`. */
  protectSender?: boolean
  /** Asks the recipient to acknowledge the message; the event `acknowledged` tells when it has. */
  pleaseAck?: boolean
  /** Default: what the contact prefers, else the first of `envelopes`. With `peers`, what the recipient says that it accepts comes in between. */
  encoding?: Encoding
  /** Names the sender in full, as towards somebody who may not know it. Default: decided by `peers`; without it, short ids. */
  introduces?: boolean
}

/** `SendOptions` with what they left open decided: `to` and `from` in the forms in which the message names them. */
export interface Plan extends Omit<SendOptions, 'encoding'> {
  from: string
  encoding: Encoding | undefined
}
