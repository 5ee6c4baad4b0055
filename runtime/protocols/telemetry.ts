import type { Protocol } from '../agent/protocol.ts'
import type { CborValue } from '../bytes/index.ts'
import { isDidCommError } from '../errors.ts'
import { checkSenml, type SenmlRecord, senmlFromCbor, senmlToCbor } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import { REPORT_CODE } from '../message/type-codes.ts'
import type { BodyCodec, CompactType } from '../message/type-registry.ts'

/** Readings of a sensor, as a SenML pack (RFC 8428) in `body.senml`. */
export const REPORT = 'https://didcomm.org/telemetry/1.0/report'

/** The dense form of a body that is `{ senml: … }` and nothing else: the pack in CBOR. */
export const senmlBody: BodyCodec = {
  toCbor: (body) => (Object.keys(body).length === 1 ? packToCbor(body['senml']) : undefined),
  fromCbor: (value) => ({ senml: senmlFromCbor(value) as unknown as JsonObject[] }),
}

/** In a compact envelope the body of a report is the SenML pack in CBOR, and nothing else. */
export const reportType: CompactType = { code: REPORT_CODE, type: REPORT, body: senmlBody }

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
  const senml: unknown = body['senml']
  checkSenml(senml)
  return senml
}

/** Returns the CBOR of a pack. What is no SenML pack has no dense form: the receiver shall see it as it is. */
export function packToCbor(senml: Json | undefined): CborValue {
  try {
    return senmlToCbor(senml as unknown as SenmlRecord[])
  } catch (cause) {
    if (isDidCommError(cause, 'ERR_MESSAGE_MALFORMED')) return undefined
    throw cause
  }
}

/** Knows the message types of telemetry; handle `REPORT` with `agent.on`. */
export function telemetry(): Protocol {
  return { types: [reportType], handlers: {} }
}
