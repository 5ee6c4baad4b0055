import { expect, it } from 'vitest'
import { startProgram } from './programs.ts'

it('a thermostat heats where it is too cold, and says no more than it was asked for', async () => {
  const { code, lines, errors } = await startProgram('thermostat.ts').ended()
  expect([code, errors.trim()]).toEqual([0, ''])
  expect(lines).toEqual([
    'house: 18.5 degrees',
    'device: heating on',
    'house: actuate-result',
    'house: 21 degrees',
    'device: heating off',
    'house: actuate-result',
  ])
})
