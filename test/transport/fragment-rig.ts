import type { Receipt, Receive } from 'didcomm-mote'
import { encodeHex } from 'didcomm-mote/bytes'
import { sha256 } from 'didcomm-mote/crypto'
import { fragment } from 'didcomm-mote/transports/fragmenting'
import { turn } from './clock.ts'

/** Bytes that count from `start`. */
export const numbered = (lengthBytes: number, start = 0): Uint8Array =>
  Uint8Array.from({ length: lengthBytes }, (_, index) => start + index)
/** The packets that carry a message. */
export const cut = (message: Uint8Array, maxPacketBytes = 51): Uint8Array[] => [
  ...fragment(message, maxPacketBytes, sha256),
]
export const never: Receive = async () => 'refused'
/** Lets everything that is ready run, and what comes of it. */
export const settleDown = async (): Promise<void> => {
  for (let turns = 0; turns < 20; turns += 1) await turn()
}

/** Keeps what it is given, and says what it is told to say. */
export function keeper(...answers: (Receipt | Error)[]): { got: string[]; receive: Receive } {
  const got: string[] = []
  const receive: Receive = async ({ bytes }) => {
    got.push(encodeHex(bytes))
    const answer = answers.shift() ?? 'accepted'
    if (answer instanceof Error) throw answer
    return answer
  }
  return { got, receive }
}
