import { agentName } from '../agent-name.ts'

/** What is said on the state topic of an agent: a hint, as good as the access rules of the broker. */
export interface PeerState {
  readonly online: boolean
  /** Grows from one connection of the agent to the next; 0 to 2^53 − 1. */
  readonly birth: number
}

/** `online ` or `offline `, and a number of up to 16 digits. */
const maxStateBytes = 24
const stateForm = /^(online|offline) (0|[1-9]\d{0,15})$/

/** Returns the topic on which an agent's state is retained: `dc1/<aid>/state`, with `aid` as for `inboxTopic`. */
export function stateTopic(did: string, sha256: (bytes: Uint8Array) => Uint8Array): string {
  return `dc1/${agentName(did, sha256)}/state`
}

/** Writes a state as it is published, as in `online 1763900000000`. */
export function formatState({ online, birth }: PeerState): string {
  return `${online ? 'online' : 'offline'} ${birth}`
}

/** Reads a state; `undefined` for anything that `formatState` does not write. */
export function parseState(payload: Uint8Array): PeerState | undefined {
  if (payload.length > maxStateBytes) return undefined
  const [, word, digits] = stateForm.exec(String.fromCharCode(...payload)) ?? []
  const birth = Number(digits)
  return Number.isSafeInteger(birth) ? { online: word === 'online', birth } : undefined
}

/**
 * Tells whether a state says more than the last one of the same agent. A larger birth number does. Of the same number only the
 * end does, once: so the last will of an old connection cannot silence a newer one, and a late copy of a birth cannot wake up what has ended.
 */
export function isNewerState(next: PeerState, last: PeerState | undefined): boolean {
  if (last === undefined || next.birth > last.birth) return true
  return next.birth === last.birth && last.online && !next.online
}
