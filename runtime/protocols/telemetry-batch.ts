import type { Protocol } from '../agent/protocol.ts'
import type { CborValue } from '../bytes/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { type SenmlRecord, senmlFromCbor } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import { isMeasurement } from '../message/senml.ts'
import { BATCH_CODE } from '../message/type-codes.ts'
import type { CompactType } from '../message/type-registry.ts'
import type { Batch } from './backlog.ts'
import { pack, packToCbor } from './telemetry.ts'

export { type Backlog, type BacklogOptions, type Batch, backlog } from './backlog.ts'

/** Many readings, numbered, in the order in which they were taken (`docs/telemetry.md`, "batch"). */
export const BATCH = 'https://didcomm.org/telemetry/1.0/batch'

/** In a compact envelope the body is `[first, pack]`, or `[first, last, pack]` where readings are missing. */
export const batchType: CompactType = { code: BATCH_CODE, type: BATCH, body: { toCbor, fromCbor } }

/** Makes a batch. */
export function batch({ first, last, records }: Batch): Draft {
  return { type: BATCH, body: { first, last, senml: records as unknown as JsonObject[] } }
}

/**
 * Reads the body of a batch.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, also where there are more readings than numbers
 */
export function readBatch(body: JsonObject): Batch {
  const { first, last } = body
  const records = pack(body)
  if (!isNumber(first) || !isNumber(last) || last < impliedLast(first, records)) {
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'a batch whose numbers do not fit its readings')
  }
  return { first, last, records }
}

/** Receives batches. */
export function batches(onBatch: (batch: Batch, received: Unpacked) => void | Promise<void>): Protocol {
  return {
    types: [batchType],
    handlers: {
      [BATCH]: async (received) => {
        await onBatch(readBatch(received.message.body), received)
        return undefined
      },
    },
  }
}

/** How a batch continues what came before it from the same sensor. */
export type Sequel =
  | { readonly kind: 'next'; readonly last: number }
  /** The readings in between are missing, at least so far. */
  | { readonly kind: 'gap'; readonly last: number; readonly missing: { readonly first: number; readonly last: number } }
  /** Some or all of its readings were here before. */
  | { readonly kind: 'repeat'; readonly last: number }
  /** The sensor has lost its count. */
  | { readonly kind: 'restart'; readonly last: number }

/**
 * Compares a batch with the highest number seen so far from its sensor. Returns the new highest number as `last`.
 *
 * @param highest `undefined` before the first batch
 */
export function sequelOf(highest: number | undefined, { first, last }: Pick<Batch, 'first' | 'last'>): Sequel {
  if (highest === undefined || first === highest + 1) return { kind: 'next', last }
  if (first > highest) return { kind: 'gap', last, missing: { first: highest + 1, last: first - 1 } }
  if (first === 0) return { kind: 'restart', last }
  return { kind: 'repeat', last: Math.max(highest, last) }
}

function toCbor(body: JsonObject): CborValue {
  const { first, last, senml } = body
  if (Object.keys(body).length !== 3 || !isNumber(first) || !isNumber(last)) return undefined
  const dense = packToCbor(senml)
  if (dense === undefined) return undefined
  const isImplied = last === impliedLast(first, senml as unknown as SenmlRecord[])
  return isImplied ? [first, dense] : [first, last, dense]
}

function fromCbor(value: CborValue): JsonObject {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'a batch that is no array of 2 or 3')
  }
  const records = senmlFromCbor(value[value.length - 1])
  const [first] = value
  const last = value.length === 3 ? value[1] : impliedLast(first as number, records)
  if (!isNumber(first) || !isNumber(last)) {
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'a batch whose numbers are none')
  }
  return { first, last, senml: records as unknown as JsonObject[] }
}

/** The number of the last reading where none is missing. Records of base fields alone are no readings. */
function impliedLast(first: number, records: readonly SenmlRecord[]): number {
  return first + Math.max(1, records.filter(isMeasurement).length) - 1
}

function isNumber(value: Json | CborValue): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
