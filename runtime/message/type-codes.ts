/**
 * The numbers of message types in compact envelopes, all of them in one place (`docs/telemetry.md`, "Numbers"). 1 to 23
 * take one byte, 24 to 255 two, and 256 to 65,535 three. A number is never given to another type.
 */
export const REPORT_CODE = 1
export const PING_CODE = 2
export const PING_RESPONSE_CODE = 3
export const BATCH_CODE = 4
export const SUBSCRIBE_CODE = 5
export const SUBSCRIBED_CODE = 6
export const UNSUBSCRIBE_CODE = 7
export const CONFIG_CODE = 8
export const CONFIG_STATE_CODE = 9
export const ACTUATE_CODE = 10
export const ACTUATE_RESULT_CODE = 11
export const EMPTY_CODE = 12
export const PROBLEM_REPORT_CODE = 13
export const QUERIES_CODE = 24
export const DISCLOSE_CODE = 25

/** From here to 65,535 applications number their own types, by agreement of the two ends. */
export const FIRST_APPLICATION_CODE = 256
