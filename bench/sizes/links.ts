// How many frames an envelope takes on links whose frames are small.

export interface Link {
  readonly name: string
  readonly frames: (envelopeBytes: number) => number
}

/** Of each packet, the opcode and the handle (Bluetooth Core Specification, Vol 3, Part F, §3.4.5.3). */
const ATT_BYTES = 3
/** At the beginning of each fragment. */
const FRAGMENT_BYTES = 1

/** How many bytes a number takes in LEB128: seven bits in each. */
function leb128Bytes(value: number): number {
  return value < 0x80 ? 1 : 1 + leb128Bytes(Math.floor(value / 0x80))
}

/** In our framing for BLE each fragment has a byte of its own, and the first of several says how long the whole is. */
function overBle(mtu: number): Link {
  const room = mtu - ATT_BYTES - FRAGMENT_BYTES
  const frames = (bytes: number) => (bytes <= room ? 1 : Math.ceil((bytes + leb128Bytes(bytes)) / room))
  return { name: `BLE, MTU ${mtu}`, frames }
}

/** A link without a framing of ours: the frames that it takes at least, with nothing in them but the envelope. */
function bare(name: string, payloadBytes: number): Link {
  return { name, frames: (bytes) => Math.ceil(bytes / payloadBytes) }
}

export const links: readonly Link[] = [
  overBle(23),
  overBle(185),
  overBle(247),
  // LoRaWAN Regional Parameters RP002, EU868, DR0: N without options in the frame.
  bare('LoRaWAN DR0', 51),
  // What is left of 127 bytes after the headers of 802.15.4, its security, and 6LoWPAN.
  bare('802.15.4', 81),
]
