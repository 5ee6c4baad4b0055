import { type TopicPattern, topicProblem } from './topic.ts'

/**
 * Makes an inbox that several clients share (MQTT 5 §4.8.2): each packet goes to one of those that name the same group. It needs MQTT 5, a
 * `clientId` of its own for each that stays the same, and one store for all of what was seen (`docs/mqtt.md`).
 *
 * @param inbox a topic, or a set of topics as from `topicTemplate`
 * @throws TypeError for what is no topic, and a group with "/" or wildcards
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { inboxTopic, sharedInbox } from 'didcomm-mote/transports/mqtt'
 *
 * const inbox = sharedInbox('workers', inboxTopic('did:example:gateway', sha256))
 */
export function sharedInbox(group: string, inbox: string | TopicPattern): TopicPattern {
  if (topicProblem(group) || group.includes('/')) throw new TypeError('"group" expected no "/", "+" and "#"')
  const problem = typeof inbox === 'string' ? topicProblem(inbox) : undefined
  if (problem) throw new TypeError(`"inbox" is "${inbox}", which ${problem}`)
  const { filter, matches } =
    typeof inbox === 'string' ? { filter: inbox, matches: (topic: string) => topic === inbox } : inbox
  return { filter: `$share/${group}/${filter}`, matches }
}
