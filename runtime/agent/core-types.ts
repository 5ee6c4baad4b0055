import { EMPTY_CODE, PROBLEM_REPORT_CODE } from '../message/type-codes.ts'
import type { CompactType } from '../message/type-registry.ts'
import { EMPTY } from './acks.ts'
import { PROBLEM_REPORT } from './problem.ts'

/** The message types that every party speaks, whatever its protocols: acknowledgements and problem reports. */
export const coreTypes: readonly CompactType[] = [
  { code: EMPTY_CODE, type: EMPTY },
  { code: PROBLEM_REPORT_CODE, type: PROBLEM_REPORT },
]
