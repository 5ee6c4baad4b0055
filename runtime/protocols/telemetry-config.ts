import { ProblemError } from '../agent/problem.ts'
import type { Protocol } from '../agent/protocol.ts'
import { canonicalDid } from '../did/index.ts'
import { DidCommError } from '../errors.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import { CONFIG_CODE, CONFIG_STATE_CODE } from '../message/type-codes.ts'
import type { CompactType } from '../message/type-registry.ts'

export const CONFIG = 'https://didcomm.org/telemetry/1.0/config'
export const CONFIG_STATE = 'https://didcomm.org/telemetry/1.0/config-state'

/** The message types of configuration, for both sides. */
export const configTypes: readonly CompactType[] = [
  { code: CONFIG_CODE, type: CONFIG },
  { code: CONFIG_STATE_CODE, type: CONFIG_STATE },
]

const MAX_PARAMETERS = 64
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/

/** What a parameter can be. */
export type Parameter = string | number | boolean | null

/** What is in force on a device. */
export interface Configuration {
  /** 0 as long as nobody has set anything. */
  readonly version: number
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** Asks what is in force. */
export function askConfig(): Draft {
  return { type: CONFIG, body: {} }
}

/**
 * Wants parameters to be in force, as version `version`: one more than the last that is known. It may be sent again
 * until it is answered. Parameters that are not named stay as they are.
 */
export function config({ version, parameters }: Configuration): Draft {
  return { type: CONFIG, body: { version, set: { ...parameters } } }
}

/**
 * Reads what a device says is in force: the answer to `config` and `askConfig`. Where its version is higher than the one that was
 * asked for, somebody else was faster.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function readConfigState(body: JsonObject): Configuration {
  return { version: readVersion(body['version']), parameters: readParameters(body['parameters']) }
}

export interface ConfigurableOptions {
  /** What is in force. */
  readonly state: () => Configuration | Promise<Configuration>
  /** Whether `sender`, a DID in canonical form, may read, or set these parameters. */
  readonly mayConfigure: (sender: string, set: Configuration['parameters'] | undefined) => boolean
  /** Tells what is wrong with a parameter: a short sentence, or nothing. Called for every one before any is in force. */
  readonly refuses: (name: string, value: Parameter) => string | undefined
  /** Brings all of it into force and keeps it over restarts, or throws and changes nothing. */
  readonly apply: (next: Configuration) => void | Promise<void>
}

/**
 * The device's side: all parameters of a message come into force, or none. A version that is not newer than the one in force changes nothing, so that a
 * message which comes twice, late, or out of order does no harm. The answer is always what is in force.
 */
export function configurable({ state, mayConfigure, refuses, apply }: ConfigurableOptions): Protocol {
  /** Changes one after the other: the second is compared with what the first has brought. */
  let queue: Promise<unknown> = Promise.resolve()

  async function changed(version: number, set: Configuration['parameters']): Promise<Configuration> {
    const current = await state()
    if (version <= current.version) return current
    for (const [name, value] of Object.entries(set)) {
      const reason = refuses(name, value)
      if (reason !== undefined) throw new ProblemError('e.p.req.bad-parameter', '{1}: {2}', [name, reason])
    }
    const next = { version, parameters: { ...current.parameters, ...set } }
    await apply(next)
    return next
  }

  return {
    types: configTypes,
    handlers: {
      [CONFIG]: async ({ message, sender }) => {
        if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a configuration of nobody')
        const { version, set } = message.body
        const parameters = set === undefined ? undefined : readParameters(set)
        const wanted = parameters && { version: readVersion(version), parameters }
        if (!mayConfigure(canonicalDid(sender), parameters)) {
          throw new ProblemError('e.p.trust.not-allowed', 'Not for you')
        }
        const change = queue.then(() => (wanted ? changed(wanted.version, wanted.parameters) : state()))
        queue = change.catch(() => undefined)
        const inForce = await change
        return { type: CONFIG_STATE, body: { version: inForce.version, parameters: { ...inForce.parameters } } }
      },
    },
  }
}

function readVersion(value: Json | undefined): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed('"version" expected an integer from 0')
  return value as number
}

function readParameters(value: Json | undefined): Record<string, Parameter> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('parameters are no object')
  const entries = Object.entries(value)
  if (entries.length > MAX_PARAMETERS) throw malformed(`more than ${MAX_PARAMETERS} parameters`)
  const read: Record<string, Parameter> = {}
  for (const [name, parameter] of entries) {
    if (!NAME.test(name) || parameter === undefined || (typeof parameter === 'object' && parameter !== null)) {
      throw malformed('a parameter with another name or value than allowed')
    }
    read[name] = parameter
  }
  return read
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
