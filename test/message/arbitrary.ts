import type { Attachment, Json, Message } from 'didcomm-mote/message'
import fc from 'fast-check'

/** Any JSON value that both encodings carry: well-formed text, no `__proto__`, no -0. */
export function jsonValues(maxDepth: number): fc.Arbitrary<Json> {
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth, withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      text(),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(names(), tie('json'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  return json
}

function text(): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme', maxLength: 40 })
}

/** Member names, with those among them that other objects inherit. */
function names(): fc.Arbitrary<string> {
  const inherited = fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'id', 'type', '1', '')
  return fc.oneof(text(), inherited).filter((name) => name !== '__proto__')
}

function ids(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[A-Za-z0-9._~-]{1,40}$/)
}

function dids(): fc.Arbitrary<string> {
  return fc.constantFrom('did:example:alice', 'did:example:bob', 'did:web:a.example:b%3A1', 'did:peer:4zQm?x=1')
}

function attachments(): fc.Arbitrary<Attachment> {
  const base64 = fc.oneof(
    fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    text(),
  )
  const data = fc.oneof(
    fc.record({ base64, jws: jsonValues(2) }, { requiredKeys: ['base64'], noNullPrototype: true }),
    fc.record({ json: jsonValues(4) }, { noNullPrototype: true }),
    fc.record(
      { links: fc.array(text(), { maxLength: 2 }), hash: text(), base64 },
      { requiredKeys: ['links', 'hash'], noNullPrototype: true },
    ),
  )
  const optional = { id: ids(), description: text(), media_type: text(), format: text(), byte_count: fc.nat() }
  return fc.record({ ...optional, data }, { requiredKeys: ['data'], noNullPrototype: true }) as fc.Arbitrary<Attachment>
}

/** Any message, without `typ`, and with headers of every kind. */
export function messages(): fc.Arbitrary<Message> {
  const known = fc.record(
    {
      id: ids(),
      type: fc.constantFrom('https://didcomm.org/trust-ping/2.0/ping', 'https://example.com/lunch/1.0/proposal'),
      from: dids(),
      to: fc.array(dids(), { maxLength: 2 }),
      thid: ids(),
      pthid: ids(),
      created_time: fc.nat(),
      expires_time: fc.maxSafeNat(),
      body: fc.dictionary(names(), jsonValues(4), { maxKeys: 4, noNullPrototype: true }),
      attachments: fc.array(attachments(), { maxLength: 2 }),
      from_prior: text(),
    },
    { requiredKeys: ['id', 'type', 'body'], noNullPrototype: true },
  )
  const reserved = [
    'id',
    'type',
    'typ',
    'from',
    'to',
    'thid',
    'pthid',
    'created_time',
    'expires_time',
    'body',
    'attachments',
  ]
  const custom = fc.dictionary(
    names().filter((name) => !reserved.includes(name) && name !== 'from_prior'),
    jsonValues(4),
    { maxKeys: 3, noNullPrototype: true },
  )
  return fc.tuple(known, custom).map(([headers, others]) => ({ ...others, ...headers }) as Message)
}
