import { DidCommError, memoryOutbox, type Outbox } from 'didcomm-mote'
import { outboxWorker } from 'didcomm-mote/gateway'
import { expect, it, vi } from 'vitest'

it('an outage takes one look at what waits, however much that is', async () => {
  const inner = memoryOutbox()
  for (let i = 0; i < 1000; i++) await inner.enqueue(`k${i}`, 'http://a/', Uint8Array.of(1))
  const due = vi.fn<Outbox['due']>(inner.due)
  const delaysMs: number[] = []
  const worker = outboxWorker({
    outbox: { ...inner, due },
    now: () => 0,
    random: () => 0.5,
    timer: (delayMs) => {
      delaysMs.push(delayMs)
      return () => undefined
    },
    send: async () => {
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'away')
    },
  })
  worker.start()
  await vi.waitFor(() => expect(delaysMs).toHaveLength(1))
  expect(delaysMs).toEqual([250])
  expect(due).toHaveBeenCalledTimes(1)
  await worker.close()
})
