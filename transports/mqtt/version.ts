/** The versions of MQTT that are spoken: 3.1.1 and 5, by the number that stands in CONNECT. */
export type MqttVersion = 4 | 5

/** A broker that has accepted a version may be that often silent before another one is tried. */
const trustedSilences = 3
/**
 * Chooses the version of the next connection. It begins with MQTT 5, goes on with 3.1.1 where the broker refuses 5 or closes the connection
 * without a word, and keeps what has worked.
 */
export class MqttVersions {
  readonly #fixed: MqttVersion | undefined
  #next: MqttVersion
  #accepted: MqttVersion | undefined
  #silences = 0

  constructor(fixed: MqttVersion | undefined) {
    this.#fixed = fixed
    this.#next = fixed ?? 5
  }

  get next(): MqttVersion {
    return this.#next
  }

  /** Tells whether a newer version than the one in use may be tried. */
  get canImprove(): boolean {
    return this.#fixed === undefined && this.#next === 4
  }

  /** Tries the newer version with the next connection. */
  improve(): void {
    if (this.canImprove) this.#become(5)
  }

  accepted(): void {
    this.#silences = 0
    this.#accepted = this.#next
  }

  /** The broker refuses the version. Tells whether it is to be tried at once with another one. */
  refused(): boolean {
    return this.#change()
  }

  /** The broker has closed the connection instead of an answer, as old ones do. The same. */
  silent(): boolean {
    this.#silences += 1
    return this.#silences >= (this.#accepted === this.#next ? trustedSilences : 1) && this.#change()
  }

  #change(): boolean {
    if (this.#fixed !== undefined) return false
    this.#become(this.#next === 5 ? 4 : 5)
    return this.#next === 4
  }

  #become(version: MqttVersion): void {
    this.#next = version
    this.#silences = 0
  }
}
