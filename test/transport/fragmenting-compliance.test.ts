import { transportCompliance } from './compliance.ts'
import { inFragments } from './pairs/fragments.ts'
import { memoryPair } from './pairs/memory.ts'
import { aedesPair } from './pairs/mqtt.ts'

transportCompliance('memory in fragments', async () => inFragments(await memoryPair(0, 64), { maxMessageBytes: 5_000 }))
transportCompliance('mqtt in fragments, over aedes', async () =>
  inFragments(await aedesPair(), { maxPacketBytes: 200, maxMessageBytes: 3_000 }),
)
