import { DidCommError } from '../../runtime/errors.ts'

/** An error of mqtt.js, of Node's sockets or of its TLS. */
export type ConnectionError = Error & { code?: number | string }

/** Return codes of CONNACK in 3.1.1 (§3.2.2.3), and reason codes of CONNACK and DISCONNECT in 5 (§3.2.2.2, §3.14.2.1). */
const unacceptableVersion: readonly unknown[] = [1, 0x84]
const badCredentials: readonly unknown[] = [4, 5, 0x86, 0x87, 0x8a, 0x8c]
const badClientId: readonly unknown[] = [2, 0x85]
const takenOver = 0x8e
/** Malformed packet, protocol error, topic name invalid, packet too large, retain or QoS not supported, another server. */
const refusals: readonly unknown[] = [0x81, 0x82, 0x90, 0x95, 0x99, 0x9a, 0x9b, 0x9c, 0x9d]

/** What Node calls certificates that it does not believe, and handshakes that fail (`tls` and `errors` in its documentation). */
const tlsFailure =
  /^(?:ERR_SSL_|ERR_TLS_|EPROTO$|CERT_|CRL_|INVALID_CA$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/

/** Tells whether a broker has refused the version of the protocol. A 3.1.1 broker says so in the form of 3.1.1. */
export const isVersionRefusal = (error: ConnectionError | undefined): boolean =>
  unacceptableVersion.includes(error?.code)

/** Tells whether a broker has closed the connection without saying why. */
export const isSilence = (error: ConnectionError | undefined): boolean =>
  error?.code === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'

/**
 * Says what has ended a connection, or prevented it: `ERR_TRANSPORT_REJECTED` where somebody has to change something before the
 * same attempt can succeed, else `ERR_TRANSPORT_UNREACHABLE`.
 */
export function connectionError(error: ConnectionError | undefined): DidCommError {
  const rejected = (message: string) => new DidCommError('ERR_TRANSPORT_REJECTED', message, { cause: error })
  const unreachable = (message: string) => new DidCommError('ERR_TRANSPORT_UNREACHABLE', message, { cause: error })
  const code = error?.code
  if (code === undefined) return unreachable(error?.message ?? 'the connection to the broker was lost')
  if (isVersionRefusal(error)) return rejected('the broker does not speak this version of MQTT')
  if (badCredentials.includes(code)) {
    return rejected('the broker refuses the user name, the password, the certificate or the topic of the last will')
  }
  if (badClientId.includes(code)) return rejected('the broker refuses the client id')
  if (code === takenOver) return rejected('another client has connected with the same client id')
  if (refusals.includes(code)) return rejected(`the broker refuses the connection with code ${code}`)
  if (typeof code === 'number') return unreachable(`the broker is not available, code ${code}`)
  if (tlsFailure.test(code)) return rejected(`TLS failed with ${code}`)
  if (code === 'ENOTFOUND') return unreachable('the name of the broker is not known')
  return unreachable(`the broker cannot be reached: ${code}`)
}

export function subscriptionRefusal(topics: readonly string[]): DidCommError {
  const names = topics.length > 1 ? `${topics.length} topics of states` : `"${topics[0]}"`
  return new DidCommError('ERR_TRANSPORT_REJECTED', `the broker refuses to subscribe ${names}`)
}
