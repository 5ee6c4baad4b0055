import type { Encoding } from './envelope.ts'

/**
 * The names of encodings in `accept` of a `DIDCommMessaging` service (DIDComm v2.1, "Defined Profiles";
 * `docs/compact-envelope.md`, "Profile name").
 */
export const profiles: Readonly<Record<Encoding, string>> = {
  json: 'didcomm/v2',
  compact: 'didcomm-mote/c1',
  cbor: 'didcomm/v2+cbor',
}
