import { transportCompliance } from './compliance.ts'
import { memoryPair } from './pairs/memory.ts'

transportCompliance('memory', () => memoryPair())
transportCompliance('memory with latency', () => memoryPair(5))
