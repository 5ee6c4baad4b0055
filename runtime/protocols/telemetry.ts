import type { Protocol } from '../agent/protocol.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { type SenmlRecord, senmlFromCbor, senmlToCbor } from '../message/index.ts'
import type { Draft, JsonObject } from '../message/message.ts'
import type { CompactType } from '../message/type-registry.ts'

/** Readings of a sensor, as a SenML pack (RFC 8428) in `body.senml`. */
export const REPORT = 'https://didcomm.org/telemetry/1.0/report'

/** Code 1: in a compact envelope the body of a report is the SenML pack in CBOR, and nothing else. */
export const reportType: CompactType = {
  code: 1,
  type: REPORT,
  body: {
    toCbor(body) {
      if (Object.keys(body).length !== 1) return undefined
      try {
        return senmlToCbor(pack(body))
      } catch (error) {
        // What is no SenML pack travels as the map that it is.
        if (isDidCommError(error, 'ERR_MESSAGE_MALFORMED')) return undefined
        throw error
      }
    },
    fromCbor: (value) => ({ senml: senmlFromCbor(value) as unknown as JsonObject[] }),
  },
}

/** Makes a report of `records`. */
export function report(records: readonly SenmlRecord[]): Draft {
  return { type: REPORT, body: { senml: records as unknown as JsonObject[] } }
}

/**
 * Reads the SenML pack of a report.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function pack(body: JsonObject): SenmlRecord[] {
  const senml = body['senml']
  const isRecord = (entry: unknown) => typeof entry === 'object' && entry !== null && !Array.isArray(entry)
  if (!Array.isArray(senml) || senml.length === 0 || !senml.every(isRecord)) {
    throw new DidCommError('ERR_MESSAGE_MALFORMED', '"senml" is no array of records')
  }
  return senml as unknown as SenmlRecord[]
}

/** Knows the message types of telemetry; handle `REPORT` with `agent.on`. */
export function telemetry(): Protocol {
  return { types: [reportType], handlers: {} }
}
