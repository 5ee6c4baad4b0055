import { transportCompliance } from './compliance.ts'
import { httpPair, mountedHttpPair } from './pairs/http.ts'

transportCompliance('http', httpPair)
transportCompliance('http in a server of the caller', mountedHttpPair)
