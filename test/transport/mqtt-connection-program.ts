// A program with a connection to the broker that is its first argument, with the password of alice that is its second; it says when
// that is there, and runs until it is killed.
import { mqttConnection } from '../../transports/mqtt/connect.ts'
import { sha256 } from './sha256.ts'

const [url = '', password = ''] = process.argv.slice(2)
const did = 'did:example:alice'
const connection = mqttConnection({ url, did, sha256, willDelayMs: 0, username: 'alice', password })
await connection.start(async () => 'accepted')
process.stdout.write('connected\n')
