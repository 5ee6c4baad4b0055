import type { LookupAddress } from 'node:dns'
import { expect, test, vi } from 'vitest'
import { publicLookup } from '../../transports/address.ts'

/** What names have here: no test can give a name on the internet several addresses. */
const zone: Readonly<Record<string, LookupAddress[]>> = {
  'both.example': [
    { address: '10.0.0.1', family: 4 },
    { address: '2606:4700::1111', family: 6 },
    { address: '8.8.8.8', family: 4 },
    { address: '::1', family: 6 },
  ],
  'inside.example': [{ address: '192.168.0.1', family: 4 }],
}

vi.mock('node:dns', () => ({
  lookup: (name: string, options: object, callback: (error: Error | null, found: LookupAddress[]) => void) => {
    expect(options).toMatchObject({ all: true })
    const found = zone[name]
    callback(found ? null : Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), found ?? [])
  },
}))

const lookedUp = (name: string, options: object) =>
  new Promise<unknown[]>((resolve) => publicLookup(name, options, (...found) => resolve(found)))

test('of several addresses of a name, a connection gets those that are public', async () => {
  const open = [
    { address: '2606:4700::1111', family: 6 },
    { address: '8.8.8.8', family: 4 },
  ]
  expect(await lookedUp('both.example', { all: true })).toEqual([null, open])
  expect(await lookedUp('both.example', {})).toEqual([null, '2606:4700::1111', 6])
})

test('a name without a public address, or without any, is an error', async () => {
  for (const options of [{}, { all: true }]) {
    const [refusal] = await lookedUp('inside.example', options)
    expect(refusal).toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    const [failure] = await lookedUp('nowhere.example', options)
    expect(failure).toMatchObject({ code: 'ENOTFOUND' })
  }
})
