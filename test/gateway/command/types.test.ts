import { describe, expect, it } from 'vitest'
import { explain } from '../../../gateway/command/explain/index.ts'
import { knownTypes } from '../../../gateway/command/types.ts'
import * as codes from '../../../runtime/message/type-codes.ts'

const { FIRST_APPLICATION_CODE, ...published } = codes

describe('the numbers of message types', () => {
  it.each(Object.entries(published))('%s is known where envelopes are explained', (_, code) => {
    const { type } = knownTypes.byCode(code) ?? expect.fail(`no type with the number ${code}`)
    expect(explain(Uint8Array.of(0x82, ...(code < 24 ? [code] : [0x18, code]), 0xa0)).parts?.[0]?.text).toBe(
      `${code}: ${type}`,
    )
  })

  it('of applications are not', () => {
    expect(knownTypes.byCode(FIRST_APPLICATION_CODE)).toBeUndefined()
  })
})
