const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Decodes base64 of either alphabet, with or without padding; `undefined` where it is none. */
export function decodeAnyBase64(text: string): Uint8Array | undefined {
  const letters = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4))
  let bits = 0
  let held = 0
  let length = 0
  for (const letter of letters) {
    const value = STANDARD.indexOf(letter === '-' ? '+' : letter === '_' ? '/' : letter)
    if (value < 0) return undefined
    bits = ((bits << 6) | value) & 0xfff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[length++] = bits >>> held
    }
  }
  return bytes
}
