/** What nobody expects, for `mutate.ts`. */

const deep = (depth: number): unknown => (depth === 0 ? 1 : { a: [deep(depth - 1)] })

/** Values where nobody expects them. */
export const hostile: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  'x',
  '\u0000',
  '__proto__',
  'constructor',
  'did:example:alice',
  'did:example:bob#key-x25519-1',
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  '\ud800',
  'A'.repeat(3000),
  '{1}{2}{999}'.repeat(50),
  [],
  [[]],
  [null],
  ['x', 'x'],
  {},
  [{}],
  { toString: 1 },
  [[{ toString: null, valueOf: 7 }]],
  { toJSON: 1 },
  { length: 1e9 },
  { constructor: { prototype: {} }, hasOwnProperty: 1 },
  { kid: 'did:example:alice#key-1', alg: 'none' },
  deep(3),
  deep(12),
  deep(40),
]

/** Members of headers, with what makes them dangerous. */
export const headers: Readonly<Record<string, readonly unknown[]>> = {
  alg: ['none', 'None', 'HS256', 'dir', 'EdDSA', 'ES256', 'ES256K', 'ECDH-ES+A256KW', 'ECDH-1PU+A256KW', 'RSA-OAEP'],
  enc: ['A256CBC-HS512', 'A256GCM', 'XC20P', 'A128GCM', 'toString'],
  crit: [['exp'], ['b64'], [], null],
  b64: [false, true],
  zip: ['DEF', '', null],
  skid: ['did:example:alice#key-x25519-1', 'did:example:bob#key-x25519-1', null],
  apu: ['', null, 'ZGlkOmV4YW1wbGU6YWxpY2Uja2V5LXgyNTUxOS0x'],
  apv: ['', null],
  cty: ['application/didcomm-plain+json', 'application/didcomm-encrypted+json', 'JWT'],
  typ: ['application/didcomm-signed+json', 'JWT', null],
  kid: ['did:example:alice#key-1', 'did:example:charlie#key-1', '#0', null],
  jwk: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }],
  epk: [{ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }, null],
  crv: ['X25519', 'P-256', 'P-521', ['X25519'], { toString: 1 }],
}
