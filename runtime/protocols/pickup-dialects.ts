/** The versions of the protocol: https://didcomm.org/messagepickup/3.0 and https://didcomm.org/message-pickup/4.0. */
export type PickupVersion = 3 | 4

/** The names of one version. */
export interface Dialect {
  readonly version: PickupVersion
  readonly statusRequest: string
  readonly status: string
  readonly deliveryRequest: string
  readonly delivery: string
  readonly received: string
  readonly liveChange: string
  /** The member of a delivery request that says how many. */
  readonly limit: string
}

function dialect(version: PickupVersion, base: string, limit: string): Dialect {
  return {
    version,
    statusRequest: `${base}/status-request`,
    status: `${base}/status`,
    deliveryRequest: `${base}/delivery-request`,
    delivery: `${base}/delivery`,
    received: `${base}/messages-received`,
    liveChange: `${base}/live-delivery-change`,
    limit,
  }
}

export const dialects: Readonly<Record<PickupVersion, Dialect>> = {
  3: dialect(3, 'https://didcomm.org/messagepickup/3.0', 'limit'),
  4: dialect(4, 'https://didcomm.org/message-pickup/4.0', 'message_count_limit'),
}
