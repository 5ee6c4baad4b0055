import { authenticationKeys, keyAgreementKeys } from '../did/keys.ts'
import type { EnvelopeContext } from './envelope.ts'
import type { KeyWorld } from './keys.ts'

/** Has keys looked up in DID documents: the only place that reads documents for envelopes. */
export function documentKeys<World extends Pick<EnvelopeContext, 'crypto' | 'resolve' | 'secrets'>>(
  world: World,
): World & KeyWorld {
  return {
    ...world,
    async keysOf(did, relationship) {
      const document = await world.resolve(did)
      return relationship === 'keyAgreement' ? keyAgreementKeys(document) : authenticationKeys(document)
    },
  }
}
