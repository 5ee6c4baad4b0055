import { test } from 'vitest'
import { fuzz } from './random.ts'
import { httpTarget, wsTarget } from './sockets.ts'

/** Real servers that strangers send anything: nothing escapes, and an honest packet arrives after all of it. */

const seed = process.env['SEED'] ?? 'sockets 1'

test.each([
  ['a WebSocket', wsTarget],
  ['an HTTP server', httpTarget],
])('%s takes what is whole, and serves the next one', async (_, make) => {
  const target = await make()
  await fuzz(target, seed, 400)
  await target.end()
})
