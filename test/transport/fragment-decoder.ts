import { createHash } from 'node:crypto'

/**
 * A second reading of docs/fragments.md, for honest senders only, that shares nothing with the first one: what packets say, in whatever order they come.
 */
export function joinedFragments(packets: readonly string[]): string[] {
  const messages: string[] = []
  const pieces: Record<string, string[]> = {}
  const lengths: Record<string, number> = {}
  for (const packet of packets) {
    if (!/^3[0-9a-f]/.test(packet)) {
      messages.push(packet)
      continue
    }
    if (packet.startsWith('32')) {
      messages.push(packet.slice(2))
      continue
    }
    const [, head = '', tag = '', field = '', payload = ''] =
      /^(3[01])([0-9a-f]{8})((?:[89a-f].)*[0-7].)((?:..)+)$/.exec(packet) ?? []
    const groups = (field.match(/../g) ?? []).map((byte) =>
      (Number.parseInt(byte, 16) % 128).toString(2).padStart(7, '0'),
    )
    const number = Number.parseInt(groups.reverse().join(''), 2)
    if (head === '30') lengths[tag] = 2 * number
    pieces[tag] ??= []
    pieces[tag][head === '30' ? 0 : number] = payload
    const message = Array.from(pieces[tag], (piece) => piece ?? '').join('')
    if (message.length !== lengths[tag]) continue
    const hash = createHash('sha256').update(Buffer.from(message, 'hex')).digest('hex')
    if (!hash.startsWith(tag)) throw new Error(`the tag of ${hash} is not ${tag}`)
    messages.push(message)
    delete pieces[tag]
  }
  return messages
}
