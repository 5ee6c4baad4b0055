import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import { agentName } from '../agent-name.ts'

/**
 * Returns the topic on which an agent receives any envelope: `dc1/<aid>/in`, with `aid` the first 16 characters of the
 * lower-case base32 (RFC 4648 §6) of the SHA-256 of its DID. The DID itself stays unseen by the broker.
 *
 * @param sha256 the hash of the crypto core, or any other SHA-256
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { inboxTopic } from 'didcomm-mote/transports/mqtt'
 *
 * const topic = inboxTopic('did:example:alice', sha256) // 'dc1/m5bcagddz6hsc2yb/in'
 */
export function inboxTopic(did: string, sha256: (bytes: Uint8Array) => Uint8Array): string {
  return `dc1/${agentName(did, sha256)}/in`
}

/** A set of topics. */
export interface TopicPattern {
  /** The topic filter that has them all. */
  readonly filter: string
  matches(topic: string): boolean
}

/** The topics on which agents receive by default, and devices below their gateway: `dc1/{aid}/in` and `dc1/{gw}/d/{dev}`. */
export const defaultInboxes: Pick<TopicPattern, 'matches'> = {
  matches: (topic) => /^dc1\/([a-z2-7]{16}\/in|[\w.~-]{1,64}\/d\/[\w.~-]{1,64})$/.test(topic),
}

const maxTopicBytes = 512

/**
 * Tells what is wrong with a topic for publishing or for an inbox, or returns `undefined`. Wildcards would reach others,
 * and `$` begins what belongs to the broker (MQTT 3.1.1 §4.7).
 */
export function topicProblem(topic: string): string | undefined {
  if (topic === '') return 'is empty'
  if (topic.startsWith('$')) return 'begins with "$"'
  if (/[+#]/.test(topic)) return 'has a wildcard'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: MQTT 3.1.1 §1.5.3 lets a receiver refuse them
  if (/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(topic)) return 'has a control character'
  if (/\p{Cs}/u.test(topic)) return 'is not Unicode'
  if (encodeUtf8(topic).length > maxTopicBytes) return `is longer than ${maxTopicBytes} bytes`
  return undefined
}

const uriForm = /^(mqtts?):\/\/(\[[0-9a-f:.]+\]|[^/?#@:[\]]+)(?::(\d{1,5}))?(?:\/([^?#]*))?$/i
const defaultPorts: Record<string, string> = { mqtt: '1883', mqtts: '8883' }

/** An endpoint URI in its parts, or a broker's, which has no topic. */
export interface MqttUri {
  /** Scheme, host and port in the one form in which they compare. */
  readonly broker: string
  readonly topic: string
}

/** Parses `mqtt(s)://host[:port][/topic]`, with the topic percent-encoded as in any URI, or returns `undefined`. */
export function parseMqttUri(uri: string): MqttUri | undefined {
  const match = uriForm.exec(uri)
  if (!match) return undefined
  const [, scheme = '', host = '', port, path = ''] = match
  const lowerScheme = scheme.toLowerCase()
  try {
    const broker = `${lowerScheme}://${host.toLowerCase()}:${port ?? defaultPorts[lowerScheme]}`
    return { broker, topic: decodeURIComponent(path) }
  } catch {
    return undefined
  }
}
