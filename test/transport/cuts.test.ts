import { expect, it } from 'vitest'
import { hasMosquitto, startMosquitto } from './broker.ts'
import { cutKinds, cutRun } from './cut-run.ts'

// The long form is test/slow/cuts.test.ts.
it.each(cutKinds.filter((kind) => kind !== 'MQTT 5' || hasMosquitto))(
  '%s loses and doubles nothing when connections are cut in the middle of a packet',
  async (kind) => {
    const broker = kind === 'MQTT 5' ? await startMosquitto() : undefined
    try {
      const port = broker && { brokerPort: Number(new URL(broker.url).port) }
      expect(await cutRun({ kind, seed: 7, cuts: 30, ...port })).toMatchObject({ lost: 0, duplicated: 0 })
    } finally {
      await broker?.stop()
    }
  },
)
