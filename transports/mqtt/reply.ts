import type { Packet } from '../../runtime/transport.ts'
import type { MqttProperties, MqttPublish } from './client.ts'
import { type TopicPattern, topicProblem } from './topic.ts'

/** What is sent back with an answer may not be used to carry much. */
const maxCorrelationBytes = 64

export interface MqttReplies {
  /** The topics to which an answer may go. */
  readonly patterns: readonly Pick<TopicPattern, 'matches'>[]
  readonly publish: (topic: string, packet: Packet, properties: MqttProperties) => Promise<void>
}

/**
 * Makes what publishes the one answer to a message to its Response Topic (MQTT 5 §4.10), with its Correlation Data. Anybody who may
 * write to an inbox chooses that topic, so that it must be one of `patterns`; where it is not, there is no such way back.
 */
export function mqttReply(
  { properties = {} }: Pick<MqttPublish, 'properties'>,
  { patterns, publish }: MqttReplies,
): Packet['reply'] {
  const { responseTopic: topic, correlationData } = properties
  if (topic === undefined || topicProblem(topic) || !patterns.some((pattern) => pattern.matches(topic)))
    return undefined
  if (correlationData && correlationData.length > maxCorrelationBytes) return undefined
  let isUsed = false
  return async (packet) => {
    if (isUsed) throw new TypeError('"reply" was called before; a message takes one packet back')
    isUsed = true
    await publish(topic, packet, correlationData ? { correlationData } : {})
  }
}
