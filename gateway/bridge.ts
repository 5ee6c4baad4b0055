import {
  type Agent,
  DidCommError,
  type Draft,
  type Handler,
  isDidCommError,
  type Outbox,
  type Outgoing,
} from 'didcomm-mote'
import { encodeHex, encodeUtf8 } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import { canonicalDid } from 'didcomm-mote/did'
import { resolveSenml, type SenmlRecord } from 'didcomm-mote/message'
import { pack, report } from 'didcomm-mote/protocols/telemetry'

/** RFC 8428 §4.5.3: smaller times are relative to now. */
const RELATIVE_BELOW_S = 2 ** 28

/** A sensor that the gateway serves. */
export interface Device {
  did: string
  /** Names the sensor in what goes to the cloud: SenML name characters, RFC 8428 §4.5.1. */
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
 * Makes the handler that carries reports of sensors to the cloud. The envelope of a sensor ends here; a new one, from
 * the gateway to the cloud, names the sensor as SenML base name, the time of its message as base time, and that message
 * as `pthid`.
 *
 * A report counts as received, and its transport acknowledges it, when the new envelope is stored in the outbox. It is
 * stored packed, so that no reading lies on the disk in the clear, and a retry sends the same bytes.
 */
export function bridge({ agent, cloudDid, device, outbox, wake }: BridgeOptions): Handler {
  return async ({ message, sender }) => {
    const known = sender === undefined ? undefined : device(canonicalDid(sender))
    if (!known) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a report of an unknown sensor')
    const named = report(underName(known, pack(message.body), message.created_time))
    const draft = { ...named, id: newIdOf(canonicalDid(known.did), message.id), pthid: message.id }
    const { id, uri, packet } = await prepare(agent, draft, cloudDid)
    if ((await outbox.enqueue(id, uri, packet.bytes)) === 'full') {
      throw new DidCommError('ERR_STORE_FULL', 'the outbox is full')
    }
    wake()
    return undefined
  }
}

/**
 * Rewrites a pack so that it names its sensor: one base name and one base time in the first record, and nothing else in
 * `b…` fields. Whatever names and bases the sensor has used, its readings stay below its own name.
 */
function underName(device: Device, pack: readonly SenmlRecord[], createdTime: number | undefined): SenmlRecord[] {
  const prefix = `${device.name}:`
  const prefixed = pack.map((record, index) =>
    index === 0 || record.bn !== undefined ? { ...record, bn: prefix + (record.bn ?? '') } : record,
  )
  const [first, ...others] = resolveSenml(prefixed).map(({ n = prefix, u, t, ...record }): SenmlRecord => {
    const name = n.slice(prefix.length)
    const unit = u ?? (device.units && Object.hasOwn(device.units, name) ? device.units[name] : undefined)
    const offset = t === undefined ? undefined : t < RELATIVE_BELOW_S ? t : t - (createdTime ?? 0)
    return {
      ...(name !== '' && { n: name }),
      ...(unit !== undefined && { u: unit }),
      ...(offset !== undefined && { t: offset }),
      ...record,
    }
  })
  return [{ bn: prefix, ...(createdTime !== undefined && { bt: createdTime }), ...first }, ...others]
}

/** A cloud agent that cannot be resolved now is no fault of the report: its transport keeps it, and brings it again. */
async function prepare(agent: Agent, draft: Draft, to: string): Promise<Outgoing> {
  try {
    return await agent.prepare(draft, { to })
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_DID_NOT_FOUND', 'ERR_DID_UNUSABLE')) throw cause
    throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'there is no way to the cloud agent', { cause })
  }
}

/** The same message of a sensor always gets the same id, so that it is stored once however often it is brought. */
function newIdOf(did: string, messageId: string): string {
  return encodeHex(sha256(encodeUtf8(`${did} ${messageId.toLowerCase()}`)).subarray(0, 16))
}
