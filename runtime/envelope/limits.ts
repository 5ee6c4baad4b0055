import { DidCommError } from '../errors.ts'

/** The largest envelope that is read where nobody sets another limit: 1 MiB. */
export const defaultMaxBytes = 1_048_576

/** @throws DidCommError `ERR_TOO_LARGE` */
export function expectSize(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length > maxBytes) {
    throw new DidCommError('ERR_TOO_LARGE', `the envelope has ${bytes.length} bytes, more than ${maxBytes}`)
  }
}
