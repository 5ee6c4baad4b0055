// A program with a connection to the broker that is its first argument; it runs until it is killed.
import { mqttConnection } from '../../transports/mqtt-connect.ts'
import { sha256 } from './sha256.ts'

const [url = ''] = process.argv.slice(2)
const connection = mqttConnection({ url, did: 'did:example:alice', sha256, willDelayMs: 0 })
await connection.start(async () => 'accepted')
