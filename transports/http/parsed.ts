import type { IncomingMessage } from 'node:http'
import { encodeUtf8 } from '../../runtime/bytes/index.ts'

/**
 * What somebody before us has made of the body of a request: its bytes (as `express.raw()` leaves them in `body`), or `undefined` where nobody has
 * touched it.
 *
 * @throws TypeError where it was read and is not there as bytes or text: waiting for it would be for ever
 */
export function parsedBody(request: IncomingMessage): Uint8Array | undefined {
  if (!request.readableDidRead && !request.readableEnded) return undefined
  const body: unknown = 'body' in request ? request.body : undefined
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (typeof body === 'string') return encodeUtf8(body)
  throw new TypeError('the body of the request was read before; the handler has to come before what parses bodies')
}
