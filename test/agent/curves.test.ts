import { contactBook, createAgent, didKeyIdentityOn, firstOf, type Unpacked } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { p256, p384, p521, withCurves } from 'didcomm-mote/crypto/curves'
import { didKey } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { expect, test, vi } from 'vitest'

const extended = withCurves(crypto, p256, p384, p521)
const resolve = firstOf(didKey(extended))

for (const curve of [p256, p384, p521]) {
  test(`two agents whose only keys are on ${curve.curve} ping each other [E5, E6]`, async () => {
    const network = memoryNetwork()
    const contacts = contactBook(extended, resolve)
    const agentNamed = async (name: string) => {
      const { randomBytes } = world()
      const { did, secretKeys } = didKeyIdentityOn(extended, curve.curve, curve.generateSecretKey(randomBytes))
      const agent = createAgent({
        ...world(),
        did,
        crypto: extended,
        secrets: memorySecrets(extended, secretKeys),
        resolve,
        envelopes: [json(), compact()],
        transports: [network.transport(name)],
        protocols: [trustPing()],
        contacts,
      })
      await contacts.add({ did, uri: `memory:${name}` })
      await agent.start()
      return { agent, did }
    }
    const [alice, bob] = [await agentNamed('alice'), await agentNamed('bob')]
    try {
      const answers: Unpacked[] = []
      alice.agent.on(PING_RESPONSE, (received) => void answers.push(received) as undefined)
      const id = await alice.agent.send(ping(), { to: bob.did })
      await vi.waitFor(() => expect(answers).toHaveLength(1))
      expect(answers[0]).toMatchObject({ message: { thid: id }, sender: bob.did, encrypted: true, encoding: 'json' })
      // A compact envelope is on X25519.
      const compactly = alice.agent.send(ping(), { to: bob.did, encoding: 'compact' })
      await expect(compactly).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
    } finally {
      await alice.agent.close()
      await bob.agent.close()
    }
  })
}
