import { existsSync, readFileSync, statSync } from 'node:fs'

/** What was given is no envelope, or cannot be read. Its message is for the person who gave it. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** The largest file that is read. */
const MAX_BYTES = 4 << 20

const HEX = /^(?:[0-9a-f]{2})+$/i
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/

/**
 * Reads an envelope from what stands on the command line: `-` for the standard input, JSON, the name of a file, hexadecimal, or base64 of either alphabet, in
 * this order. What a file holds may be any of these, too.
 *
 * @throws InputError
 */
export function readInput(argument: string, stdin: () => Uint8Array = () => readFileSync(0)): Uint8Array {
  if (argument === '-') return fromContent(stdin(), 'the standard input')
  if (argument.trimStart().startsWith('{')) return Buffer.from(argument.trim())
  if (existsSync(argument)) return fromContent(readBounded(argument), 'the file')
  const bytes = fromText(argument.trim())
  if (!bytes) throw new InputError('this is no file, no JSON, no hexadecimal and no base64')
  return bytes
}

function readBounded(path: string): Uint8Array {
  const stat = statSync(path)
  if (!stat.isFile()) throw new InputError('this is a folder, or another thing that is no file')
  if (stat.size > MAX_BYTES) throw new InputError(`the file has more than ${MAX_BYTES} bytes`)
  return readFileSync(path)
}

/** Text becomes what it stands for, and anything else is the envelope itself. */
function fromContent(content: Uint8Array, what: string): Uint8Array {
  if (content.length === 0) throw new InputError(`${what} is empty`)
  const isText = content.every(
    (byte) => byte < 0x80 && (byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09),
  )
  if (!isText) return content
  const text = Buffer.from(content).toString('latin1').trim()
  if (text.startsWith('{')) return Buffer.from(text)
  return fromText(text.replace(/\s+/g, '')) ?? content
}

function fromText(text: string): Uint8Array | undefined {
  if (HEX.test(text)) return Buffer.from(text, 'hex')
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}
