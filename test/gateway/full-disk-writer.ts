import { openStore } from 'didcomm-mote/gateway'

// Writes until some time after the disk takes no more, and prints what came of it. `full-disk.test.ts` bounds its files.
const [, , path = '', maxEntries] = process.argv
const policy = { maxOutboxEntries: Number(maxEntries), whenOutboxFull: 'drop-oldest' } as const
const { outbox, mailbox } = openStore(path, maxEntries ? policy : {})
const outcomes: string[] = []
const note = (outcome: unknown) => void outcomes.push(String(outcome))
for (let i = 1; i <= 40; i++) {
  await outbox.enqueue(`k${i}`, 'http://a/', new Uint8Array(20_000)).then(note, (error) => note(error.code))
}
await mailbox.put('did:example:a', '1', new Uint8Array(20_000)).then(note, (error) => note(error.code))
const stored = outcomes.filter((outcome) => outcome === 'stored').length
const { waiting, dropped } = await outbox.depth()
const keys = (await outbox.due(0, 100)).map(({ key }) => key)
process.stdout.write(`${JSON.stringify({ stored, waiting, dropped, keys, last: outcomes.slice(-2) })}\n`)
process.exit()
