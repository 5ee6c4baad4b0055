import { expect, it } from 'vitest'
import { reconnect } from '../protocols/reconnect.ts'

it('a thousand connections, one after the other, leave nothing behind, and nothing is lost or comes twice', async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length
  const before = sockets()
  await reconnect(1000)
  // Those that are open: the recipient's and the sender's, at both ends and on either side of the wire, and what listens.
  expect(sockets() - before).toBeLessThan(12)
})
