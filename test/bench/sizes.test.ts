import { readFileSync } from 'node:fs'
import { encodeCbor } from 'didcomm-mote/bytes'
import { unpack, unwrapForward } from 'didcomm-mote/envelope'
import { REPORT } from 'didcomm-mote/protocols/telemetry'
import { beforeAll, describe, expect, it } from 'vitest'
import { fillPlaces } from '../../bench/markdown.ts'
import { envelopes } from '../../bench/sizes/envelopes.ts'
import { links } from '../../bench/sizes/links.ts'
import {
  bodyOf,
  bodySizes,
  type PackedEnvelope,
  packEverything,
  rowOf,
  type SizeRow,
} from '../../bench/sizes/measure.ts'
import { methods } from '../../bench/sizes/methods.ts'
import { sizeBlocks } from '../../bench/sizes/tables.ts'

let packed: PackedEnvelope[] = []
let rows: SizeRow[] = []
beforeAll(async () => {
  packed = await packEverything()
  rows = packed.map(rowOf)
}, 60_000)

const bytesOf = (envelope: string, did = 'did:key', bodyBytes = 20): number =>
  rows.find((row) => row.envelope === envelope && row.did === did && row.bodyBytes === bodyBytes)?.totalBytes ?? 0

describe('the sizes of envelopes', () => {
  it('are there for every envelope, DID method and body', () => {
    expect(rows).toHaveLength(envelopes.length * methods.length * bodySizes.length)
    const keys = rows.map(({ envelope, did, bodyBytes }) => `${envelope} | ${did} | ${bodyBytes}`)
    expect(new Set(keys).size).toBe(rows.length)
  })

  it('are of bodies that take as many bytes as they say', () => {
    for (const size of bodySizes) expect(encodeCbor(new Map(Object.entries(bodyOf(size)))).length).toBe(size)
  })

  it('are of envelopes that open to the message', async () => {
    for (const { envelope, did, bodyBytes, bytes, scene } of packed) {
      const open = envelope.open ?? unpack
      let { message } = await open(bytes, scene.context)
      if (envelope.name.endsWith('forward')) {
        const { next, payloads } = unwrapForward(message)
        expect(next).toBe(scene.gateway.did)
        message = (await unpack(payloads[0] ?? bytes, scene.context)).message
      }
      expect(message, `${envelope.name} ${did} ${bodyBytes}`).toMatchObject({ type: REPORT, body: bodyOf(bodyBytes) })
    }
  }, 60_000)

  it('of compact envelopes stay what they are', () => {
    expect(bytesOf('compact authcrypt, short ids')).toBe(103)
    expect(bytesOf('compact anoncrypt, short id')).toBe(93)
    expect(bytesOf('compact signed, to nobody, short id')).toBeLessThanOrEqual(107)
    const short = rows.filter(({ envelope, bodyBytes }) => envelope.includes('authcrypt, short') && bodyBytes === 20)
    expect(new Set(short.map(({ totalBytes }) => totalBytes)).size).toBe(1)
  })

  it('are those of the document', () => {
    const file = new URL('../../bench/README.md', import.meta.url)
    const text = readFileSync(file, 'utf8')
    // Otherwise: npm run bench:sizes -- --write
    expect(fillPlaces(text, sizeBlocks(rows), 'sizes')).toBe(text)
    for (const name of Object.keys(sizeBlocks(rows))) expect(text).toContain(`<!-- sizes:${name} -->`)
  })
})

describe('the frames of an envelope', () => {
  const framesOf = (name: string, bytes: number) => links.find((link) => link.name === name)?.frames(bytes)

  it.each([
    ['BLE, MTU 23', 19, 1],
    ['BLE, MTU 23', 20, 2],
    ['BLE, MTU 23', 37, 2],
    ['BLE, MTU 23', 38, 3],
    ['BLE, MTU 23', 150, 8],
    ['BLE, MTU 23', 151, 9],
    ['BLE, MTU 185', 181, 1],
    ['BLE, MTU 185', 182, 2],
    ['BLE, MTU 247', 243, 1],
    ['BLE, MTU 247', 244, 2],
    ['BLE, MTU 247', 484, 2],
    ['BLE, MTU 247', 485, 3],
    ['LoRaWAN DR0', 51, 1],
    ['LoRaWAN DR0', 52, 2],
    ['802.15.4', 81, 1],
    ['802.15.4', 82, 2],
  ])('on %s, of %i bytes, are %i', (name, bytes, frames) => {
    expect(framesOf(name, bytes)).toBe(frames)
  })
})
