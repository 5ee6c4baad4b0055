import { openStore } from 'didcomm-mote/gateway'

// Writes without end, and prints the number of each write once it is confirmed. `store.test.ts` kills it.
const { outbox, mailbox, seen } = openStore(process.argv[2] ?? '')
for (let i = 1; ; i++) {
  await seen.remember(`k${i}`, i)
  await mailbox.put('did:example:a', `k${i}`, new Uint8Array(10))
  await outbox.enqueue(`k${i}`, 'http://a/', new Uint8Array(1000).fill(i))
  process.stdout.write(`${i}\n`)
}
