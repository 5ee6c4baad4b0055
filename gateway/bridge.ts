import { type Agent, DidCommError, type Handler, type Outbox } from 'didcomm-mote'
import { encodeHex, encodeUtf8 } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import { canonicalDid } from 'didcomm-mote/did'
import { pack, report } from 'didcomm-mote/protocols/telemetry'

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
    const records = pack(message.body).map((record) => {
      const unit = record.u ?? known.units?.[record.n ?? '']
      return unit === undefined ? record : { ...record, u: unit }
    })
    const [first, ...others] = records
    const time = message.created_time === undefined ? {} : { bt: message.created_time }
    const named = report([{ bn: `${known.name}:`, ...time, ...first }, ...others])
    const draft = { ...named, id: newIdOf(known.did, message.id), pthid: message.id }
    const { id, uri, packet } = await agent.prepare(draft, { to: cloudDid })
    if ((await outbox.enqueue(id, uri, packet.bytes)) === 'full') {
      throw new DidCommError('ERR_STORE_FULL', 'the outbox is full')
    }
    wake()
    return undefined
  }
}

/** The same message of a sensor always gets the same id, so that it is stored once however often it is brought. */
function newIdOf(did: string, messageId: string): string {
  return encodeHex(sha256(encodeUtf8(`${did} ${messageId.toLowerCase()}`)).subarray(0, 16))
}
