import {
  type Agent,
  DidCommError,
  type Draft,
  type Handler,
  type Message,
  type Outbox,
  type Outgoing,
} from 'didcomm-mote'
import { decodeBase64url, encodeHex, encodeUtf8 } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import { canonicalDid } from 'didcomm-mote/did'
import { ABSOLUTE_TIME, type Attachment, resolveSenml, type SenmlRecord, typeKey } from 'didcomm-mote/message'
import { pack, report } from 'didcomm-mote/protocols/telemetry'
import { BATCH, batch, readBatch } from 'didcomm-mote/protocols/telemetry-batch'
import { decodeBody } from './body-codec.ts'

/** A sensor that the gateway serves. */
export interface Device {
  did: string
  /** Names the sensor in what goes to the cloud: letters, digits and `-._/`, no name twice. */
  name: string
  /** The units of its readings by SenML name, where the sensor leaves them out to save bytes. */
  units?: Readonly<Record<string, string>>
}

export interface BridgeOptions {
  agent: Agent
  /** Where reports go. */
  cloudDid: string
  device: (did: string) => Device | undefined
  outbox: Outbox
  /** Called when something was stored. */
  wake: () => void
}

/**
 * Makes the handler that carries reports and batches of sensors to the cloud. The envelope of a sensor ends here; a new one, from
 * the gateway to the cloud, names the sensor as SenML base name, the time of its message as base time, and that message
 * as `pthid`. Attachments go with it, those in CBOR as JSON.
 *
 * A report counts as received, and its transport acknowledges it, when the new envelope is stored in the outbox. It is
 * stored packed, so that no reading lies on the disk in the clear, and a retry sends the same bytes. It expires when that of the sensor does.
 */
export function bridge({ agent, cloudDid, device, outbox, wake }: BridgeOptions): Handler {
  return async ({ message, sender }) => {
    const known = sender === undefined ? undefined : device(canonicalDid(sender))
    if (!known) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a report of an unknown sensor')
    const draft = { ...carried(message, known), id: newIdOf(known.did, message.id), pthid: message.id }
    const { id, uri, packet, alternatives = [] } = await prepared(agent, draft, cloudDid)
    const others = alternatives.map((way) => ({ destination: way.uri, bytes: way.packet.bytes }))
    if ((await outbox.enqueue(id, uri, packet.bytes, others, packet.expiresAtMs)) === 'full') {
      throw new DidCommError('ERR_STORE_FULL', 'the outbox is full')
    }
    wake()
    return undefined
  }
}

/** Refuses here, with a code, what the cloud could not read. */
function carried(message: Message, device: Device): Draft {
  const { type, body, created_time: createdTime, expires_time: expiresTime, attachments } = message
  const records = timed(named(pack(body), device), createdTime)
  resolveSenml(records)
  const made = typeKey(type) === typeKey(BATCH) ? batch({ ...readBatch(body), records }) : report(records)
  const draft = expiresTime === undefined ? made : { ...made, expires_time: expiresTime }
  return attachments ? { ...draft, attachments: attachments.map(readable) } : draft
}

/** Application data in CBOR becomes JSON, which any cloud reads; other attachments stay as they are. */
function readable(attachment: Attachment): Attachment {
  const { media_type: mediaType, data } = attachment
  // What is signed is signed as it is.
  if (mediaType !== 'application/cbor' || data.base64 === undefined || data.jws !== undefined) return attachment
  // What the hash says of the bytes is not true of the JSON.
  const { base64, hash: _, ...rest } = data
  return { ...attachment, media_type: 'application/json', data: { ...rest, json: decodeBody(bytesOf(base64)) } }
}

function bytesOf(base64: string): Uint8Array {
  try {
    return decodeBase64url(base64)
  } catch (cause) {
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'an attachment whose data is no base64url', { cause })
  }
}

/** Puts the name of the sensor before every name, whatever base names it uses itself, and units where it leaves them out. */
function named(records: readonly SenmlRecord[], { name, units = {} }: Device): SenmlRecord[] {
  return records.map((record, index) => {
    const base = record.bn !== undefined || index === 0 ? { bn: `${name}:${record.bn ?? ''}` } : {}
    const { n = '' } = record
    const unit = Object.hasOwn(units, n) ? units[n] : undefined
    return { ...record, ...base, ...(record.u === undefined && unit !== undefined && { u: unit }) }
  })
}

/** Counts times from that of the message, where they are not absolute already (RFC 8428 §4.5.3). */
function timed(records: readonly SenmlRecord[], createdTime: number | undefined): SenmlRecord[] {
  if (createdTime === undefined) return [...records]
  if (!records.some(({ bt, t }) => bt !== undefined || t !== undefined)) {
    return records.map((record, index) => (index === 0 ? { bt: createdTime, ...record } : record))
  }
  let base = 0
  return records.map(({ bt, ...record }) => {
    base = bt ?? base
    const time = base + (record.t ?? 0)
    // A record of base fields alone has no time.
    if (Object.keys(record).every((label) => label.startsWith('b'))) return record
    return { ...record, t: time < ABSOLUTE_TIME ? createdTime + time : time }
  })
}

/** A sensor has no part in it if the cloud cannot be addressed: its report has to wait then, and is not refused. */
async function prepared(agent: Agent, draft: Draft, cloudDid: string): Promise<Outgoing> {
  try {
    return await agent.prepare(draft, { to: cloudDid })
  } catch (cause) {
    throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the cloud cannot be addressed', { cause })
  }
}

/** The same message of a sensor always gets the same id, so that it is stored once however often it is brought. */
function newIdOf(did: string, messageId: string): string {
  return encodeHex(sha256(encodeUtf8(`${did} ${messageId.toLowerCase()}`)).subarray(0, 16))
}
