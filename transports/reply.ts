import { DidCommError } from '../runtime/errors.ts'
import type { Packet } from '../runtime/transport.ts'

/** Holds the one packet that `receive` may send back over the exchange that it is called for. */
export class ReplySlot {
  readonly #maxPacketBytes: number
  #packet: Packet | undefined
  #over = false

  constructor(maxPacketBytes: number) {
    this.#maxPacketBytes = maxPacketBytes
  }

  /** The `reply` of a `Packet`. */
  readonly reply = async (packet: Packet): Promise<void> => {
    if (this.#over) throw new DidCommError('ERR_CLOSED', 'the exchange is over')
    if (this.#packet) throw new TypeError('"reply" was called before; an exchange takes one packet back')
    checkSize(packet.bytes, this.#maxPacketBytes)
    this.#packet = copyOf(packet)
  }

  /** Ends the exchange and returns what goes back. */
  end(): Packet | undefined {
    this.#over = true
    return this.#packet
  }
}

/** Copies a packet without its `reply`, so that the caller may use its bytes again. */
export function copyOf({ bytes, mediaType }: Packet): Packet {
  // Not `slice`: that of a Buffer shares its memory.
  const copy = new Uint8Array(bytes)
  return mediaType === undefined ? { bytes: copy } : { bytes: copy, mediaType }
}

/** @throws DidCommError `ERR_TOO_LARGE` */
export function checkSize(bytes: Uint8Array, maxPacketBytes: number): void {
  if (bytes.length > maxPacketBytes) {
    throw new DidCommError('ERR_TOO_LARGE', `${bytes.length} bytes are more than the limit of ${maxPacketBytes}`)
  }
}
