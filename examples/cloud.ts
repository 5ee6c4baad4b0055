// A cloud agent: it picks up what its mediator keeps for it, and prints the readings.
//   MEDIATOR_DID=did:peer:2… GATEWAY_DID=did:key:… tsx examples/cloud.ts
import {
  cached,
  createAgent,
  DidCommError,
  didPeer4Identity,
  firstOf,
  type Handler,
  memorySeenStore,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { resolveSenml, type SenmlRecord } from 'didcomm-mote/message'
import { requestMediation, updateRecipients } from 'didcomm-mote/protocols/coordinate-mediation'
import { pickupKeeper } from 'didcomm-mote/protocols/messagepickup'
import { pack, REPORT, telemetry } from 'didcomm-mote/protocols/telemetry'
import { BATCH, batchType } from 'didcomm-mote/protocols/telemetry-batch'
import { http } from 'didcomm-mote/transports/http'
import { world } from 'didcomm-mote/world'
import { keptSeed, runs, stopped } from './program.ts'

/** How often to ask a mediator that has nothing. Over HTTP it cannot push. */
const POLL_MS = 50
/** The longest pause where it is away. */
const RETRY_MS = 500
const TIMEOUT_MS = 10_000

export interface CloudOptions {
  mediatorDid: string
  seed: Uint8Array
  /** Whose reports to take. Absent: anybody's, for anybody can send to this agent over its mediator. */
  gatewayDid?: string | undefined
  /** Learns each reading once, with the id of the sensor's own message. */
  onReport(records: SenmlRecord[], sensorMessageId: string | undefined): void
}

export async function startCloud({ mediatorDid, seed, gatewayDid, onReport }: CloudOptions) {
  const resolve = cached(firstOf(didKey(crypto), didPeer(crypto)), {
    maxEntries: 1000,
    ttlMs: 3_600_000,
    now: Date.now,
  })
  // Whoever resolves the DID finds the mediator as its endpoint.
  const { did, secretKeys } = didPeer4Identity(crypto, seed, [
    { uri: mediatorDid, accept: ['didcomm/v2'], routingKeys: [] },
  ])
  const agent = createAgent({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    envelopes: [json()],
    transports: [http({ allowPrivateAddresses: true })],
    protocols: [telemetry(), { types: [batchType], handlers: {} }],
    seen: memorySeenStore(),
  })
  const take: Handler = ({ message, sender }) => {
    if (sender === undefined || sender !== (gatewayDid ?? sender)) {
      throw new DidCommError('ERR_SENDER_UNKNOWN', 'a report of an unknown gateway')
    }
    onReport(resolveSenml(pack(message.body)), message.pthid)
    return undefined
  }
  for (const type of [REPORT, BATCH]) agent.on(type, take)
  await agent.start()
  await requestMediation(agent, mediatorDid, { timeoutMs: TIMEOUT_MS })
  await updateRecipients(agent, mediatorDid, [{ did, action: 'add' }], { timeoutMs: TIMEOUT_MS })

  const { timer } = world()
  const pauses = { pollMs: POLL_MS, firstPauseMs: RETRY_MS, maxPauseMs: RETRY_MS, timeoutMs: TIMEOUT_MS }
  const keeper = pickupKeeper({ agent, mediatorDid, timer, random: Math.random, ...pauses })
  keeper.start()
  return {
    did,
    agent,
    async close() {
      await keeper.close()
      await agent.close()
    },
  }
}

if (runs(import.meta.url)) {
  const mediatorDid = process.env['MEDIATOR_DID']
  if (!mediatorDid) throw new Error('MEDIATOR_DID is not set: the mediator prints it')
  const onReport = (records: SenmlRecord[]) => {
    console.log(records.map(({ n, v, u }) => `${n} ${v}${u === undefined ? '' : ` ${u}`}`).join('  '))
  }
  // The gateway needs this agent's DID before it can tell its own: without it, everybody is listened to.
  const gatewayDid = process.env['GATEWAY_DID']
  if (!gatewayDid) console.error('GATEWAY_DID is not set: readings of anybody are taken')
  const cloud = await startCloud({ mediatorDid, seed: keptSeed('cloud'), gatewayDid, onReport })
  console.log(`cloud ${cloud.did}`)
  await stopped()
  await cloud.close()
}
