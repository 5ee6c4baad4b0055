/** One piece of an envelope. What its own pieces leave over of `bytes` is what holds them together: heads, quotes, commas. */
export interface Part {
  readonly name: string
  readonly bytes: number
  /** Where it begins in the envelope; absent in JSON, where pieces lie in base64url. */
  readonly offset?: number
  /** What it says, on one line. */
  readonly text?: string
  readonly parts?: readonly Part[]
}

/** Takes what lies in an envelope apart. */
export type Explain = (bytes: Uint8Array) => Part

/** How many bytes of a byte string are shown. */
const SHOWN_BYTES = 32
/** How many characters of a text are shown. */
const SHOWN_CHARACTERS = 160

/** Shows bytes in hexadecimal, the first of them. */
export function hexText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex')
  return bytes.length > SHOWN_BYTES ? `${hex}… (${bytes.length} bytes)` : hex
}

/** Shows a text, the beginning of it. */
export function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text
}
