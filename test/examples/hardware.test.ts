import { expect, it } from 'vitest'
import { startProgram } from './programs.ts'

it('agents whose keys cannot be extracted speak to each other', async () => {
  const { code, lines, errors } = await startProgram('hardware.ts').ended()
  expect([
    code,
    errors
      .replace(/^.*Warning.*$/gm, '')
      .replace(/^\(Use .*$/gm, '')
      .trim(),
  ]).toEqual([0, ''])
  expect(lines.slice(0, 2).sort()).toEqual([
    'device: 2 keys, extractable: false',
    'gateway: 2 keys, extractable: false',
  ])
  expect(lines.slice(2)).toEqual([
    'https://didcomm.org/trust-ping/2.0/ping-response from the gateway: true',
    'and to a signed question: https://didcomm.org/trust-ping/2.0/ping-response',
  ])
})
