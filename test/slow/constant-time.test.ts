import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checkConstantTime } from '../../tools/check-constant-time.ts'
import { coreBuilds } from '../../tools/core-builds.ts'

it.each(coreBuilds)(
  'no branch, select or address of the build $name depends on one of 1000 secrets',
  ({ wasmFile }) => {
    expect(checkConstantTime(readFileSync(wasmFile), { secrets: 1000 }).failures).toEqual([])
  },
)
