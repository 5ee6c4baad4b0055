import { transportCompliance } from './compliance.ts'
import { mountedWsPair, wsPair } from './pairs/ws.ts'

transportCompliance('ws', wsPair)
transportCompliance('ws in a server of the caller', mountedWsPair)
