import { didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { pack } from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import { report } from 'didcomm-mote/protocols/telemetry'
import { world } from 'didcomm-mote/world'
import { records } from '../sensor.ts'
import type { Reading } from './readings.ts'

/** Packs a reading as DIDComm JSON (authcrypt), from the same sensor to the same gateway, and returns its bytes. */
export async function jsonSize(seed: Uint8Array, gatewayDid: string, reading: Reading): Promise<number> {
  const { did, secretKeys } = didKeyIdentity(crypto, seed)
  const { now, newId, randomBytes } = world()
  const created = { id: newId(), created_time: Math.floor(now() / 1000) }
  const message = { body: {}, ...report(records(reading)), ...created, from: did, to: [gatewayDid] }
  const secrets = memorySecrets(crypto, secretKeys)
  const context = { crypto, secrets, resolve: firstOf(didKey(crypto)), randomBytes, types: typeRegistry([]) }
  const { bytes } = await pack(message, { to: gatewayDid, from: did }, context)
  return bytes.length
}
