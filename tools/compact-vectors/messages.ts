import { type Packable, parseCompact, serializeCompact } from '../../runtime/message/index.ts'
import { hex, types } from './parties.ts'

/** A plaintext, and the JSON message that it is. */
export interface MessageVector {
  name: string
  /** What the envelope around it proves, and the id that it gives. */
  implied: { from?: string; to?: string }
  derivedId: string
  plaintext: string
  message: object
}

const type = 'https://example.com/telemetry/1.0/report'
const parties = { from: 'did:example:sensor', to: 'did:example:gateway' }
const derivedId = '00112233445566778899aabbccddeeff'

function vectorOf(name: string, message: Packable, implied: MessageVector['implied']): MessageVector {
  const plaintext = serializeCompact(message, { types, implied })
  const read = parseCompact(plaintext, { types, implied, id: derivedId })
  return { name, implied, derivedId, plaintext: hex(plaintext), message: read }
}

export function messageVectors(): MessageVector[] {
  const full = {
    id: 'r-1',
    type: 'https://example.com/lunch/1.0/proposal',
    ...parties,
    to: [parties.to, 'did:example:cloud'],
    created_time: 1_767_225_600,
    expires_time: 1_767_225_660,
    thid: 't-1',
    pthid: 'p-1',
    from_prior: 'eyJhbGciOiJFZERTQSJ9.e30.AA',
    body: { nested: { list: [null, true, { a: [] }] }, text: 'Grüße 😀' },
    attachments: [
      { id: 'a', media_type: 'image/png', data: { base64: 'aGVsbG8' } },
      { data: { json: { base64: 'aGk' } } },
    ],
    return_route: 'all',
    '8': 'a header whose name is a number',
  }
  const numbers = [0, 23, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1, -1, -24, -25, -(2 ** 53 - 1)]
  const floats = [0.5, 1.1, -4.1, 65_504.5, 1e300, 5e-324, 2 ** 53, 3.4028234663852886e38]
  return [
    vectorOf('a type and a body', { type, body: { t: 21.5 } }, parties),
    vectorOf('a type, a body and a time', { type, body: {}, created_time: 1 }, parties),
    vectorOf('an anonymous message', { type, body: {} }, { to: parties.to }),
    vectorOf('without an envelope', { id: 'x', type, body: {}, ...parties, to: [parties.to] }, {}),
    vectorOf('every header', full, parties),
    vectorOf('integers', { type, body: { numbers } }, parties),
    vectorOf('floats', { type, body: { floats } }, parties),
    vectorOf('names in order of length and bytes', { type, body: { bb: 1, a: 2, '': 3, é: 4, b: 5 } }, parties),
    vectorOf(
      'base64 that no byte string gives back',
      { type, body: {}, attachments: [{ data: { base64: 'aGk=' } }] },
      parties,
    ),
  ]
}
