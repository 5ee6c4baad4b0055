import { LruMap } from '../did/lru.ts'

/** A connection that lasts, as far as others are to know it. */
export interface Link {
  /** The same for all that comes over one connection. */
  readonly link: object
  /** Resolves when it is over, where its transport can tell. */
  readonly ended?: Promise<void> | undefined
}

/** What parties have on connections, one for each party: the newest counts, and all of it goes when its connection ends. */
export class ByConnection<Value extends Link> extends LruMap<Value> {
  readonly #watched = new WeakSet<object>()

  override set(party: string, value: Value): void {
    super.set(party, value)
    const { link, ended } = value
    // Once for each connection: nobody is to pile up callbacks on one that stays.
    if (!ended || this.#watched.has(link)) return
    this.#watched.add(link)
    void ended.then(() => {
      // What is handled late is to be forgotten as well.
      this.#watched.delete(link)
      for (const [other, { link: its }] of this.entries) if (its === link) this.entries.delete(other)
    })
  }

  /** Forgets what a party has, unless another connection has taken the place of `link` meanwhile. */
  drop(party: string, link: object): void {
    if (this.get(party)?.link === link) this.delete(party)
  }

  /** How many parties there are. */
  get size(): number {
    return this.entries.size
  }
}
