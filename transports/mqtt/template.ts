import { type TopicPattern, topicProblem } from './topic.ts'

/**
 * The topics of `docs/mqtt.md`. `inbox`: any envelope for an agent. `up` and `down`: the envelopes between a gateway and its devices,
 * where a broker is to hold each device to topics of its own, and workers of the gateway to shards.
 */
export const topicTemplates = {
  inbox: 'dc1/{aid}/in',
  up: 'dc1/{gw}/u/{shard}/{dev}',
  down: 'dc1/{gw}/d/{dev}',
} as const

/** A topic with named places, each a whole level: `dc1/{gw}/d/{dev}`. */
export interface TopicTemplate extends TopicPattern {
  /**
   * Returns the topic with these values in its places.
   *
   * @throws TypeError where a place has no value, or none of its form
   */
  fill(values: Readonly<Record<string, string | number>>): string
  /** Returns what stands in the places of a topic, or `undefined` where it is none of this template. */
  read(topic: string): Record<string, string> | undefined
}

/** An agent's name as from `agentName`, and a small number. */
const forms: Readonly<Record<string, RegExp>> = { aid: /^[a-z2-7]{16}$/, shard: /^(0|[1-9]\d{0,4})$/ }
/** What needs no percent-encoding in a URI (RFC 3986 §2.3), and is no step within its path (§5.2.4). */
const anyForm = /^(?!\.{1,2}$)[\w.~-]{1,64}$/
const place = /^\{([a-z]+)\}$/

/**
 * Makes a template of topics: to name one, to receive on all of them, or to tell whether one is among them. `{aid}` is the name of an
 * agent, `{shard}` a number to 99999, any other place 1 to 64 unreserved characters of URIs.
 *
 * @throws TypeError for a template that makes no topics
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { agentName, topicTemplate, topicTemplates } from 'didcomm-mote/transports/mqtt'
 *
 * const gw = agentName('did:example:gateway', sha256)
 * const dev = agentName('did:example:sensor', sha256)
 * const uplink = topicTemplate(topicTemplates.up).fill({ gw, shard: 3, dev })
 * const inboxOfWorker3 = topicTemplate(`dc1/${gw}/u/3/{dev}`)
 */
export function topicTemplate(template: string): TopicTemplate {
  const levels = template.split('/')
  const names = levels.map((level) => place.exec(level)?.[1])
  const places = names.filter((name) => name !== undefined)
  const shape = levels.map((level, index) => (names[index] === undefined ? level : 'x')).join('/')
  const problem = topicProblem(shape)
  if (problem) throw new TypeError(`"template" is "${template}", which ${problem}`)
  if (/[{}]/.test(shape)) throw new TypeError('"template" expected each {place} to be a level of its own')
  if (new Set(places).size < places.length) throw new TypeError('"template" expected each {place} once')

  function read(topic: string): Record<string, string> | undefined {
    const parts = topic.split('/')
    if (parts.length !== levels.length || topicProblem(topic)) return undefined
    const fits = parts.every((part, index) => suits(names[index], part, levels[index]))
    if (!fits) return undefined
    return Object.fromEntries(
      parts.flatMap((part, index) => (names[index] === undefined ? [] : [[names[index], part]])),
    )
  }

  return {
    filter: levels.map((level, index) => (names[index] === undefined ? level : '+')).join('/'),
    read,
    matches: (topic) => read(topic) !== undefined,
    fill(values) {
      const unknown = Object.keys(values).find((name) => !places.includes(name))
      if (unknown !== undefined) throw new TypeError(`"values" has ${unknown}, which is no place of "${template}"`)
      const topic = levels.map((level, index) => filled(names[index], level, values)).join('/')
      const tooLong = topicProblem(topic)
      if (tooLong) throw new TypeError(`"values" make a topic that ${tooLong}`)
      return topic
    },
  }
}

function suits(name: string | undefined, part: string, level: string | undefined): boolean {
  return name === undefined ? part === level : formOf(name).test(part)
}

function filled(name: string | undefined, level: string, values: Readonly<Record<string, string | number>>): string {
  if (name === undefined) return level
  const value = Object.hasOwn(values, name) ? String(values[name]) : ''
  if (!formOf(name).test(value)) throw new TypeError(`"${name}" expected ${formOf(name)}, got "${value}"`)
  return value
}

function formOf(name: string): RegExp {
  return (Object.hasOwn(forms, name) ? forms[name] : undefined) ?? anyForm
}
