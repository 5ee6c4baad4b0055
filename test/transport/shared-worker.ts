import { mqtt, sharedInbox } from 'didcomm-mote/transports/mqtt'
import { connect } from 'mqtt'

// A worker of a gateway: prints each packet that it takes, and settles it a little later. `mqtt-shared.test.ts` kills it.
const [, , url = '', clientId = ''] = process.argv
const client = connect(url, {
  protocolVersion: 5,
  clean: false,
  clientId,
  properties: { sessionExpiryInterval: 3_600 },
})
const transport = mqtt({ client, inboxTopics: [sharedInbox('workers', 'inbox')] })
await transport.start(async ({ bytes }) => {
  process.stdout.write(`${new TextDecoder().decode(bytes)}\n`)
  await new Promise((resolve) => setTimeout(resolve, 20))
  return 'accepted'
})
process.stdout.write('ready\n')
