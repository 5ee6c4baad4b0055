import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checkConstantTime } from '../../tools/check-constant-time.ts'

it('no branch, select or address of the core depends on one of 1000 secrets', () => {
  const core = new Uint8Array(readFileSync(new URL('../../build/core.wasm', import.meta.url)))
  expect(checkConstantTime(core, { secrets: 1000 }).failures).toEqual([])
})
