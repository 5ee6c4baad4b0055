import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatState, isNewerState, type PeerState, parseState, stateTopic } from '../../transports/mqtt/state.ts'
import { sha256 } from './sha256.ts'

interface Vectors {
  topic: { did: string; topic: string }
  payloads: { text: string; hex: string; state: PeerState | null }[]
  sequences: { comment: string; got: string[]; taken: string[] }[]
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../vectors/own/mqtt-state.json', import.meta.url), 'utf8'))
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** What a watcher takes of what it gets. */
function taken(got: readonly string[]): PeerState[] {
  const states: PeerState[] = []
  for (const text of got) {
    const state = parseState(bytesOf(text))
    if (state && isNewerState(state, states.at(-1))) states.push(state)
  }
  return states
}

describe('a state', () => {
  it('has a topic beside the inbox', () => {
    expect(stateTopic(vectors.topic.did, sha256)).toBe(vectors.topic.topic)
  })

  it.each(vectors.payloads)('is read from "$text" as the vector says', ({ text, hex, state }) => {
    expect(Buffer.from(text).toString('hex')).toBe(hex)
    expect(parseState(Buffer.from(hex, 'hex'))).toEqual(state ?? undefined)
    if (state) expect(formatState(state)).toBe(text)
  })

  it('is never read from other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const state = parseState(bytes)
        expect(state && formatState(state)).toBe(state && Buffer.from(bytes).toString('latin1'))
      }),
    )
    expect(parseState(new Uint8Array(1_000_000).fill(0x39))).toBe(undefined)
  })

  it.each(vectors.sequences)('is taken by the birth number: $comment', ({ got, taken: wanted }) => {
    expect(taken(got).map(formatState)).toEqual(wanted)
  })

  it('is in the end that of the last birth, in whatever order and how often states come', () => {
    const lives = fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 8 }).chain((births) =>
      fc
        .tuple(
          fc.array(fc.tuple(fc.constantFrom(...births), fc.boolean()), { maxLength: 20 }),
          fc.boolean(),
          fc.constant(Math.max(...births)),
        )
        .chain(([others, hasEnded, last]) => {
          const states = others.filter(([birth, online]) => birth !== last || online || hasEnded)
          const all = [...states, [last, true] as const, ...(hasEnded ? [[last, false] as const] : [])]
          return fc.tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.constant({ last, hasEnded }))
        }),
    )
    fc.assert(
      fc.property(lives, ([states, { last, hasEnded }]) => {
        const texts = states.map(([birth, online]) => formatState({ birth, online }))
        expect(taken(texts).at(-1)).toEqual({ birth: last, online: !hasEnded })
      }),
    )
  })
})
