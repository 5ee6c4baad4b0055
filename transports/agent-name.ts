import { encodeBase32, encodeUtf8 } from '../runtime/bytes/index.ts'

/**
 * Returns the name of an agent where its DID is too long or to stay unseen, as in topics of MQTT and advertisements of BLE: the first
 * 16 characters of the lower-case base32 (RFC 4648 §6) of the SHA-256 of the DID.
 *
 * @param sha256 the hash of the crypto core, or any other SHA-256
 */
export function agentName(did: string, sha256: (bytes: Uint8Array) => Uint8Array): string {
  return encodeBase32(sha256(encodeUtf8(did))).slice(0, 16)
}
