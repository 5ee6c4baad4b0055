import { openStore } from 'didcomm-mote/gateway'

// Writes without end to an outbox that drops the oldest, and prints the number of each write once it is confirmed.
// `outbox-full.test.ts` kills it.
const { outbox } = openStore(process.argv[2] ?? '', { maxOutboxEntries: 50, whenOutboxFull: 'drop-oldest' })
for (let i = 1; ; i++) {
  await outbox.enqueue(`k${i}`, 'http://a/', new Uint8Array(1000).fill(i))
  process.stdout.write(`${i}\n`)
}
