/** What all implementations of an operation are given. The same bytes in each run: nothing here is random. */
export interface Input {
  /** Length of `message`; 0 where the operation has none. */
  readonly size: number
  readonly message: Uint8Array
  /** A secret key of X25519, or a seed of Ed25519. */
  readonly secretKey: Uint8Array
  /** The X25519 public key of somebody else. */
  readonly peerKey: Uint8Array
  /** The first so many bytes of a symmetric key, at most 64. */
  key(bytes: number): Uint8Array
  /** The first so many bytes of a nonce, at most 24. */
  nonce(bytes: number): Uint8Array
  /** The result of another operation on this input: the signature that is verified, the ciphertext that is opened. */
  given(op: string): Uint8Array
  /** The input of the same size with other keys and another message. */
  other(index: number): Input
}

/** What results are compared as. */
export type Comparable = Uint8Array | boolean

/** One call of an operation. It is repeated, so it does the same work each time. */
export type Call = () => unknown

/** A call with what else there is to say about it. */
export interface Work {
  readonly call: Call
  /** The call returns a promise, which is awaited: its turn through the event loop is part of what it costs. */
  readonly async?: boolean
  /** Makes what is compared with the results of others out of what the call returned. */
  readonly value?: (returned: unknown) => Comparable | Promise<Comparable>
  /** Waits for what calls have left under way: the end of a turn, and a part of what it costs. */
  readonly settle?: () => Promise<void>
  /** How long each thing that the calls did took, in ns, since this was asked last. */
  readonly latencies?: () => number[]
  /** Frees what was opened for it. */
  readonly close?: () => Promise<unknown>
  /** What is measured is how long it takes the first time: a turn is one call. */
  readonly once?: boolean
}

/** Prepares, untimed, what an implementation does with `input`: key objects are made here where an API has them. */
export type Maker = (input: Input) => Call | Work | Promise<Call | Work>

/** Work that was done once, to see that it is right. */
export interface Prepared extends Work {
  readonly firstNs: number
}

/** From the name of an operation to how it is done. */
export type Makers = Readonly<Record<string, Maker>>

export interface Implementation {
  readonly name: string
  readonly makers: Makers
  /** The longest message that it can do: a limit of its own, known. */
  readonly maxSize?: number
}

/** The module of a peer. It is loaded by itself, so that one which is not installed takes nobody along. */
export interface PeerModule {
  load(): Promise<readonly Implementation[]>
}

/** An authenticated cipher whose ciphertext ends with its tag, as makers use it. */
export interface SealAndOpen {
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): unknown
  open(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): unknown
}

/** The two rows of an authenticated cipher. */
export function aeadMakers(name: string, keyBytes: number, nonceBytes: number, aead: SealAndOpen): Makers {
  return {
    [`${name}-seal`]: (input) => {
      const [key, nonce, { message }] = [input.key(keyBytes), input.nonce(nonceBytes), input]
      return () => aead.seal(key, nonce, message)
    },
    [`${name}-open`]: (input) => {
      const [key, nonce, sealed] = [input.key(keyBytes), input.nonce(nonceBytes), input.given(`${name}-seal`)]
      return () => aead.open(key, nonce, sealed)
    },
  }
}

/** The row of a function of the message alone. */
export function hashMaker(hash: (message: Uint8Array) => unknown): Maker {
  return ({ message }) =>
    () =>
      hash(message)
}
