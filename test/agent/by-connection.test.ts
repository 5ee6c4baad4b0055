import { expect, test } from 'vitest'
import { ByConnection, type Link } from '../../runtime/agent/by-connection.ts'

/** A connection, and what ends it. */
function connection(): { over: Link; end: () => Promise<void> } {
  let resolve: () => void = () => undefined
  const ended = new Promise<void>((done) => {
    resolve = done
  })
  return {
    over: { link: {}, ended },
    async end() {
      resolve()
      await ended
    },
  }
}

test('the newest connection of a party counts, and the end of an older one changes nothing', async () => {
  const parties = new ByConnection<Link>(10)
  const [old, young] = [connection(), connection()]
  parties.set('a', old.over)
  parties.set('b', old.over)
  parties.set('a', young.over)
  await old.end()
  expect([parties.get('a'), parties.get('b'), parties.size]).toEqual([young.over, undefined, 1])
  parties.drop('a', old.over.link)
  expect(parties.size).toBe(1)
  parties.drop('a', young.over.link)
  expect(parties.size).toBe(0)
})

test('what is said late of a connection that is over is forgotten as well', async () => {
  const parties = new ByConnection<Link>(10)
  const { over, end } = connection()
  parties.set('a', over)
  await end()
  parties.set('a', over)
  await over.ended
  expect(parties.size).toBe(0)
})

test('a connection that stays is watched once, however often it is named', () => {
  const parties = new ByConnection<Link>(10)
  let watchers = 0
  // biome-ignore lint/suspicious/noThenProperty: it counts who waits
  const ended = { then: () => (watchers += 1) } as unknown as Promise<void>
  const over = { link: {}, ended }
  for (let round = 0; round < 100; round += 1) {
    parties.set('a', over)
    parties.get('a')
    parties.drop('a', over.link)
  }
  expect(watchers).toBe(1)
})

test('of too many parties the one that was not asked for the longest time is forgotten', () => {
  const parties = new ByConnection<Link>(2)
  for (const party of ['a', 'b']) parties.set(party, { link: {} })
  parties.get('a')
  parties.set('c', { link: {} })
  expect(['a', 'b', 'c'].map((party) => parties.get(party) !== undefined)).toEqual([true, false, true])
})
