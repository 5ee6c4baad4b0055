import { expectDistinct } from '../envelope/addressing.ts'
import { isDidCommError } from '../errors.ts'
import type { Draft } from '../message/message.ts'
import type { Agent, SendOptions } from './agent.ts'

/** Whom a message did not reach, and why. */
export interface Unsent {
  readonly to: string
  readonly cause: unknown
}

/**
 * Sends one message to several DIDs: for each an envelope of its own (DIDComm v2.1, "Message Encryption"), on the ways of that DID. The header `to`
 * names them all. One that cannot be reached does not keep the message from the others.
 *
 * @param draft with its `id`, by which those who get it can speak of it to each other
 * @returns whom it did not reach; send it to them again with the same draft, and all DIDs as `audience`
 * @throws TypeError where a DID is there twice, or none is
 */
export async function sendToEach(
  agent: Pick<Agent, 'send'>,
  draft: Draft & { readonly id: string },
  options: Omit<SendOptions, 'to' | 'audience'> & { readonly to: readonly string[] },
): Promise<Unsent[]> {
  const { to: audience } = options
  expectDistinct(audience)
  const unsent = await Promise.all(
    audience.map(async (to): Promise<Unsent[]> => {
      try {
        await agent.send(draft, { ...options, to, audience })
        return []
      } catch (cause) {
        if (!isDidCommError(cause)) throw cause
        return [{ to, cause }]
      }
    }),
  )
  return unsent.flat()
}
