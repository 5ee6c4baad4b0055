import { describe, expect, it } from 'vitest'
import type { Implementation, Work } from '../../bench/implementation.ts'
import { moteInNode } from '../../bench/mote-node.ts'
import { coreFiles, peersInNode } from '../../bench/node-peers.ts'
import { operations } from '../../bench/operations.ts'
import { loadPeers } from '../../bench/peers.ts'
import { missingFrom } from '../../bench/run.ts'
import { summarize } from '../../bench/statistics.ts'
import { closeAll, matches, prepare, rowOf, runTrial, trialsOf } from '../../bench/suite.ts'

const ours = moteInNode(coreFiles())
const peers = await loadPeers(peersInNode)
const everyone = [...ours, ...peers.implementations]
const hash = (size: number) => ({ op: 'sha256', size, per: 1, chosen: [] })

/** Hashes, but for the first bit. */
const wrong: Implementation = {
  name: 'wrong',
  makers: { sha256: (input) => () => ours[0]?.makers['sha256'] && input.message.slice(0, 32).fill(0) },
}

describe('the suite', () => {
  it('has every operation in this package', () => {
    expect(missingFrom(ours[0])).toEqual([])
  })

  it('has Node, WebCrypto and noble even where no peer is installed', () => {
    const names = everyone.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['node:crypto', 'webcrypto', '@noble', 'didcomm-mote/base']))
  })

  it('has a size for each trial but for those without a message', () => {
    const trials = trialsOf(operations, everyone, /./)
    expect(trials.filter(({ size }) => size === null).map(({ op }) => op)).toEqual([
      'x25519',
      'x25519-base',
      'ed25519-keypair',
      'hkdf-sha256',
      'startup-compile',
      'startup-instantiate',
      'startup-first-call',
    ])
    expect(new Set(trials.filter(({ op }) => op === 'sha256').map(({ size }) => size))).toEqual(
      new Set([16, 64, 256, 1024, 16_384, 1_048_576]),
    )
  })

  const small = trialsOf(operations, everyone, /./).filter(({ size }) => (size ?? 0) <= 256)
  it.each(small)('finds that all agree on $op $size', async (trial) => {
    const works = await prepare(trial, everyone)
    expect([...works.keys()]).toEqual(trial.chosen)
    await closeAll(works)
  })

  it('has every transport in Node', () => {
    const transports = operations.map(({ op }) => op).filter((op) => op.startsWith('transport-'))
    const isThere = (op: string) => ours[0]?.makers[op] !== undefined
    // MQTT 5 needs mosquitto.
    expect(transports.filter((op) => !isThere(op) && !op.startsWith('transport-mqtt5-'))).toEqual([])
  })

  it('times each send, waits for what has not arrived, and closes what was opened', async () => {
    const events: string[] = []
    let [sent, arrived] = [0, 0]
    const work: Work = {
      async: true,
      call: async () => {
        sent += 1
        setImmediate(() => {
          arrived += 1
        })
      },
      settle: async () => {
        while (arrived < sent) await new Promise((resolve) => setImmediate(resolve))
      },
      latencies: () => [1000, 2000, 3000],
      value: () => {
        events.push('compared')
        return true
      },
      close: async () => events.push('closed'),
    }
    const carrier = { name: 'didcomm-mote', makers: { carry: () => work } }
    const trial = { op: 'carry', size: 100, per: 1, chosen: ['didcomm-mote'] }
    const [row] = await runTrial(trial, [carrier, { name: 'other', makers: { carry: () => work } }], 'didcomm-mote', 5)
    expect(arrived).toBe(sent)
    expect(row).toMatchObject({ p50Ns: 2000, p99Ns: 3000 })
    expect(events).toEqual(['compared', 'compared', 'closed', 'closed'])
  })

  it('stops where one disagrees, and says who', async () => {
    await expect(prepare(hash(64), [...ours, wrong])).rejects.toThrow(
      /sha256 64: results differ\n.*didcomm-mote[\s\S]*wrong: 32 bytes, 0000/,
    )
  })

  it('stops where one fails, and says who', async () => {
    const failing = { name: 'failing', makers: { sha256: () => () => null } }
    await expect(prepare(hash(64), [...ours, failing])).rejects.toThrow('sha256 64: failing fails')
  })

  it('leaves out a peer that cannot be loaded, with a note', async () => {
    const absent = {
      old: () => Promise.reject(new Error('needs SIMD\nmore')),
      gone: () => Promise.reject(new Error("Cannot find package 'gone' imported from somewhere")),
      lost: () => Promise.reject(new Error("Cannot find package 'lost' imported from somewhere")),
    }
    expect(await loadPeers(absent)).toEqual({
      implementations: [],
      notes: ['not installed: gone, lost', 'old is left out: needs SIMD'],
    })
  })
})

describe('--only', () => {
  it.each([
    ['^sha256$', true],
    ['^64$', true],
    ['@noble', true],
    ['^sha256 64 @noble$', true],
    ['^sha256 6 ', false],
    ['node', false],
  ])('with %s matches sha256 64 @noble: %s', (pattern, expected) => {
    expect(matches(new RegExp(pattern), 'sha256', 64, '@noble')).toBe(expected)
  })

  it('matches by operation and implementation where there is no size', () => {
    expect(matches(/^x25519 @noble$/, 'x25519', null, '@noble')).toBe(true)
  })
})

describe('rowOf', () => {
  const summary = summarize([1000, 1010, 1020, 1030])

  it('gives throughput by the minimum, and how much slower than the reference it is', () => {
    expect(rowOf({ op: 'sha256', size: 500, per: 1 }, 'peer', summary, 250)).toMatchObject({
      minNs: 1000,
      medianNs: 1015,
      opsPerSecond: 1e6,
      mbPerSecond: 500,
      ratio: 4,
      rounds: 4,
    })
  })

  it('divides by how many things a call does', () => {
    expect(rowOf({ op: 'batch', size: null, per: 10 }, 'ours', summary, undefined)).toMatchObject({
      minNs: 100,
      opsPerSecond: 1e7,
      mbPerSecond: null,
    })
  })
})
