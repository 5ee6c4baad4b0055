import { DidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'
import type { MqttClient } from './client.ts'

export interface MqttSubscription {
  readonly client: MqttClient
  /** Topic filters. */
  readonly filters: readonly string[]
  readonly timeoutMs: number
  readonly timer: Timer
}

/**
 * Subscribes with QoS 1, whatever mqtt.js does by itself: a session may have lost what it believes to have.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED`
 */
export async function subscribe({ client, filters, timeoutMs, timer }: MqttSubscription): Promise<void> {
  if (filters.length === 0) return
  if (filters.some((filter) => filter.startsWith('$share/')) && !mayShare(client)) {
    throw rejected('the broker does not say that it has shared subscriptions, as MQTT 5 can')
  }
  const topics = Object.fromEntries(filters.map((filter) => [filter, { qos: 1 as const }]))
  return new Promise((resolve, reject) => {
    const cancelTimeout = timer(timeoutMs, resolve)
    client.subscribe(Object.assign(topics, { resubscribe: true }), (error, granted) => {
      cancelTimeout()
      // Where there was no answer, which mqtt.js has in the error, the connection is gone, and the next one begins anew.
      const answered = error?.packet !== undefined || typeof error?.code === 'number'
      const refused = error ? answered : granted?.some(({ qos }) => qos !== 1)
      if (refused) reject(rejected('the broker refuses to subscribe an inbox topic with QoS 1'))
      else resolve()
    })
  })
}

export async function unsubscribe({ client, filters, timeoutMs, timer }: MqttSubscription): Promise<void> {
  if (filters.length === 0) return
  return new Promise((resolve) => {
    const cancelTimeout = timer(timeoutMs, resolve)
    client.unsubscribe([...filters], () => {
      cancelTimeout()
      resolve()
    })
  })
}

/** With 3.1.1 nobody can tell: aedes grants such a subscription, and delivers nothing. */
function mayShare({ options, serverProperties }: MqttClient): boolean {
  return options.protocolVersion === 5 && serverProperties?.sharedSubscriptionAvailable !== false
}

const rejected = (message: string) => new DidCommError('ERR_TRANSPORT_REJECTED', message)
