import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError } from '../errors.ts'
import { documentOfKey } from './did-key.ts'
import { resolveDidPeer2 } from './did-peer-2.ts'
import { resolveDidPeer4 } from './did-peer-4.ts'
import { canonicalDid, isDid } from './did-url.ts'
import type { DidDocument, DidMethod } from './document.ts'
import type { LongFormStore } from './long-forms.ts'
import { LruMap } from './lru.ts'

const PREFIX = 'did:peer:'

export interface DidPeerOptions {
  /**
   * How many long forms of did:peer:4 are remembered for their short forms; the one not used for the longest time goes
   * first. Each takes about 1 KiB, 8 KiB at most. Default: 1,024.
   */
  maxLongForms?: number
  /** The long forms of known contacts, which are never forgotten for those of strangers. Default: none. */
  contacts?: Pick<LongFormStore, 'get'>
}

/**
 * The did:peer method: DIDs that hold their own document, of the kinds (numalgo) 0, 2 and 4. The short form of a
 * did:peer:4 resolves once its long form was resolved here, until it is forgotten: peers then send the long form again.
 * That of a contact in `contacts` always resolves.
 */
export function didPeer(crypto: Crypto, { maxLongForms = 1024, contacts }: DidPeerOptions = {}): DidMethod {
  const longForms = new LruMap<string>(maxLongForms)

  async function resolvePeer4(did: string): Promise<DidDocument> {
    const short = canonicalDid(did)
    if (short !== did) {
      const document = resolveDidPeer4(crypto, did, 'long')
      longForms.set(short, did)
      return document
    }
    if (!/^did:peer:4zQm[1-9A-HJ-NP-Za-km-z]{44}$/.test(did)) throw malformed('the text is not a did:peer:4')
    const long = longForms.get(did) ?? (await contacts?.get(did))
    if (!long)
      throw new DidCommError('ERR_DID_NOT_FOUND', 'the long form of this did:peer:4 was not seen, or is forgotten')
    // What comes from a store may be anything, also another contact's.
    if (canonicalDid(long) !== did) throw malformed('the stored long form is that of another DID')
    return resolveDidPeer4(crypto, long, 'short')
  }

  return {
    method: 'peer',
    async resolve(did) {
      if (!did.startsWith(PREFIX) || !isDid(did)) throw malformed('the text is not a did:peer')
      switch (did.charAt(PREFIX.length)) {
        case '0':
          return documentOfKey(crypto, did, did.slice(PREFIX.length + 1))
        case '2':
          return resolveDidPeer2(crypto, did)
        case '4':
          return resolvePeer4(did)
        case '1':
        case '3':
          throw new DidCommError('ERR_DID_NOT_FOUND', 'this kind of did:peer does not hold its document')
        default:
          throw malformed('the text is not a did:peer of a known kind')
      }
    },
  }
}

function malformed(message: string): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message)
}
