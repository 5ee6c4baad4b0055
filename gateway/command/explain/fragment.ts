import { decodeFragment, type Fragment } from 'didcomm-mote/transports/fragmenting'
import { hexText, type Part } from './part.ts'

const TAG_BYTES = 4

/** Takes a fragment apart (`docs/fragments.md`). */
export function explainFragment(bytes: Uint8Array): Part {
  const decoded = decodeFragment(bytes)
  const parts = 'tag' in decoded ? partsOf(bytes, decoded) : wholeParts(decoded.message)
  return { name: 'fragment', bytes: bytes.length, offset: 0, parts }
}

/** It begins as a fragment would, so it is no envelope: there is nothing more to explain. */
function wholeParts(message: Uint8Array): Part[] {
  return [
    { name: 'head', bytes: 1, offset: 0, text: 'a whole message, which begins as a fragment would' },
    { name: 'payload', bytes: message.length, offset: 1, text: hexText(message) },
  ]
}

function partsOf(bytes: Uint8Array, { tag, number, totalBytes, payload }: Fragment): Part[] {
  const isFirst = totalBytes !== undefined
  const field = isFirst ? { name: 'length', text: `${totalBytes} bytes in all` } : { name: 'number', text: `${number}` }
  const left = isFirst ? `, ${totalBytes - payload.length} bytes are in others` : ''
  const payloadAt = bytes.length - payload.length
  return [
    { name: 'head', bytes: 1, offset: 0, text: isFirst ? 'the first of several' : 'another one' },
    { name: 'tag', bytes: TAG_BYTES, offset: 1, text: `${tag}, which begins the SHA-256 of the message` },
    { ...field, bytes: payloadAt - 1 - TAG_BYTES, offset: 1 + TAG_BYTES },
    { name: 'payload', bytes: payload.length, offset: payloadAt, text: `${hexText(payload)}${left}` },
  ]
}
