import type { SecureContextOptions } from 'node:tls'
import type { DidCommError } from '../../runtime/errors.ts'
import type { MqttOptions } from './mqtt.ts'
import type { MqttVersion } from './version.ts'

export interface MqttConnectionOptions extends Omit<MqttOptions, 'client'> {
  /** The broker, as in `mqtts://broker.example:8883`: no user name or password, and no path. */
  readonly url: string
  /** Of the agent. Its inbox, its state and its client id are named by the hash of it. */
  readonly did: string
  /** The hash of the crypto core, or any other SHA-256. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  /** The topics on which packets are received; that of `inboxTopic` where absent, and none for a party that only sends. */
  readonly inboxTopics?: NonNullable<MqttOptions['inboxTopics']>
  /** Further names of the broker, where the endpoints of others have another one than `url`. */
  readonly broker?: string | readonly string[]
  /** Where absent, the first part of the inbox topic that differs: 16 characters. It has to stay the same from run to run. */
  readonly clientId?: string
  readonly username?: string
  /** Sent as it is to `mqtt:`, which is not encrypted. */
  readonly password?: string
  /** For `mqtts:`: own certificate authorities (`ca`), and a client certificate (`cert`, `key`, `passphrase`). */
  readonly tls?: SecureContextOptions
  /** Speaks this version only (4 is 3.1.1). Where absent, 5, or 3.1.1 with a broker that has no 5. */
  readonly protocolVersion?: MqttVersion
  /** How long the broker keeps what arrives while nobody is connected, with MQTT 5; 7 days where absent. */
  readonly sessionExpiryMs?: number
  /** After so long without traffic each side looks whether the other one is there; 60 s where absent. */
  readonly keepAliveMs?: number
  /** Whether to say on the state topic that the agent is connected; it does where absent. */
  readonly state?: boolean
  /** With MQTT 5: how long after the connection was lost the broker waits with the last will; 10 s where absent. */
  readonly willDelayMs?: number
  /**
   * Returns an integer for each connection, larger than those of earlier runs. Where absent the time, `now`. Without a clock
   * something that is kept, such as a million for each start: smaller numbers cost a second connection at each start.
   */
  readonly birthNumber?: () => number
  /** Is told when a connection begins, and when it ends. Must not throw. */
  readonly onConnection?: (connected: boolean) => void
  /**
   * Is told why there is no connection, or a worse one: `ERR_TRANSPORT_UNREACHABLE`, or `ERR_TRANSPORT_REJECTED` where somebody has to
   * change something. It is tried again in both cases, after up to a minute and up to ten. Must not throw.
   */
  readonly onError?: (error: DidCommError) => void
  readonly now?: () => number
  /** Returns a number from 0 to below 1, so that many clients of one broker do not come back in step. */
  readonly random?: () => number
}
