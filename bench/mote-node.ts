// What this package does in Node, its transports included.
import type { Implementation } from './implementation.ts'
import { type CoreFile, moteImplementations } from './mote.ts'
import { transportMakers } from './mote-transports.ts'

export function moteInNode(cores: readonly CoreFile[]): Implementation[] {
  const [first, ...others] = moteImplementations(cores)
  return first ? [{ ...first, makers: { ...first.makers, ...transportMakers() } }, ...others] : others
}
