import type { IncomingMessage, ServerResponse } from 'node:http'

/** The pages that may post from a browser: their origins, or all (Fetch Standard, "CORS protocol"). */
export type AllowOrigin = '*' | readonly string[]

/** How long a browser may remember the answer to a preflight; Chromium takes no more than two hours. */
const maxAgeSeconds = '7200'

/**
 * Says in the headers of an answer whether the page that asks may read it. No page is given a right that others lack: there are no
 * cookies, and a message proves by itself who it is from.
 *
 * @returns whether the request is a preflight that is allowed, and answered with 204 by that
 */
export function allowPage(request: IncomingMessage, response: ServerResponse, allowOrigin: AllowOrigin): boolean {
  const { origin } = request.headers
  if (allowOrigin !== '*') response.appendHeader('vary', 'origin')
  if (origin === undefined || (allowOrigin !== '*' && !allowOrigin.includes(origin))) return false
  response.setHeader('access-control-allow-origin', allowOrigin === '*' ? '*' : origin)
  response.setHeader('access-control-expose-headers', 'retry-after')
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] !== 'POST') return false
  response.setHeader('access-control-allow-methods', 'POST')
  response.setHeader('access-control-allow-headers', 'content-type')
  response.setHeader('access-control-max-age', maxAgeSeconds)
  return true
}
