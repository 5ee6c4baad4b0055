import { headers, hostile } from './hostile.ts'
import type { Random } from './random.ts'

/** Changes by chance: of texts and bytes as such, and of JSON by its structure, with the base64url and the JSON that lie in its texts. */

type Node = unknown
type Container = Record<string, Node> | Node[]

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const isContainer = (node: Node): node is Container => typeof node === 'object' && node !== null

/** JSON that lies in base64url, if a text is that. */
function jsonIn(text: string): Container | undefined {
  if (!text.startsWith('e') && !text.startsWith('W')) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return isContainer(value) ? value : undefined
  } catch {
    return undefined
  }
}

const encoded = (value: Node): string => Buffer.from(JSON.stringify(value) ?? 'null').toString('base64url')

/** All places in a tree: a container, and the name of something in it. */
function placesOf(root: Container): [Container, string][] {
  const places: [Container, string][] = []
  const pending: Container[] = [root]
  for (let at = 0; at < pending.length && places.length < 500; at++) {
    const container = pending[at] as Container
    for (const [name, value] of Object.entries(container)) {
      places.push([container, name])
      if (isContainer(value)) pending.push(value)
    }
  }
  return places
}

function read(container: Container, name: string): Node {
  // What every object inherits is no JSON.
  return Object.hasOwn(container, name) ? (container as Record<string, Node>)[name] : null
}

function write(container: Container, name: string, value: Node): void {
  // JSON has no lists with members.
  if (Array.isArray(container) && !/^\d+$/.test(name)) return
  // A copy: what is written may be changed as well, or be changed into a part of itself.
  const own = isContainer(value) ? structuredClone(value) : value
  // A plain assignment of this one would set the prototype.
  Object.defineProperty(container, name, { value: own, enumerable: true, configurable: true, writable: true })
}

function remove(container: Container, name: string): void {
  if (Array.isArray(container)) container.splice(Number(name), 1)
  else delete container[name]
}

/** One bit of what base64url stands for. */
function flippedBit(text: string, _: number, random: Random): string {
  const bytes = Buffer.from(text, 'base64url')
  const index = random.below(bytes.length + 1)
  bytes[index] = (bytes[index] ?? 0) ^ (1 << random.below(8))
  return bytes.toString('base64url')
}

type TextChange = (text: string, at: number, random: Random, other: string) => string

const oddCharacters = ['.', ':', '#', '~', '/', '"', '\\', '{', 'é', '𐍈', '\ud800', ' ']
const oddEnds = ['=', '==', 'A', '\n', ' ', '.', '#key-1', '?x', '\u0000', '%41', '\ud800']

const textChanges: readonly TextChange[] = [
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(at),
  (text, at, random) => text.slice(0, at) + ALPHABET.charAt(random.below(64)) + text.slice(at + 1),
  (text, at, random) => text.slice(0, at) + text.slice(at + random.below(6)),
  (text, at, random) => text.slice(0, at) + text.slice(Math.max(0, at - random.below(24))),
  (text, at, _, other) => text.slice(0, at) + other.slice(Math.min(at, other.length)),
  // The same bytes, where the last character has bits that no byte has.
  (text) => text.replace(/[\w-]$/, (last) => ALPHABET.charAt(ALPHABET.indexOf(last) ^ 1)),
  (text, _, random) => text + random.pick(oddEnds),
  flippedBit,
  flippedBit,
  flippedBit,
  (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  (text) => text.toUpperCase(),
  (text, at, random) => text.slice(0, at) + random.pick(oddCharacters) + text.slice(at),
]

/** Changes a text that stands for something: a piece of it, its base64url, or the JSON within. */
export function changedText(text: string, random: Random, other = ''): string {
  const within = jsonIn(text)
  if (within && random.below(3) > 0) return encoded(changedJson(within, random, jsonIn(other)))
  return random.pick(textChanges)(text, random.below(text.length + 1), random, other)
}

/** A copy of an object with about every other member hostile, or a list of what is. */
export function withHostile<T extends object>(root: T, random: Random): T {
  const copy = structuredClone(root)
  for (const name of Object.keys(copy)) {
    const value = random.pick(hostile)
    if (random.below(2) === 0) continue
    write(copy as Container, name, random.below(3) === 0 ? [value, random.pick(hostile)] : value)
  }
  return copy
}

/** Changes one to three places of a copy of `root`; some of what it takes comes from `other`. */
export function changedJson<T extends Container>(root: T, random: Random, other: Container = root): T {
  const copy = structuredClone(root)
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count--) changePlace(copy, random, other)
  return copy
}

type PlaceChange = (place: {
  root: Container
  container: Container
  name: string
  random: Random
  other: Container
}) => void

const placeChanges: readonly PlaceChange[] = [
  ({ container, name, random }) => write(container, name, random.pick(hostile)),
  ({ container, name }) => remove(container, name),
  ({ container, name, random }) =>
    write(
      container,
      random.pick(['__proto__', 'constructor', 'toString', 'unprotected', 'aad']),
      read(container, name),
    ),
  ({ root, container, name, random, other }) => {
    const [from, at] = random.pick(placesOf(other).concat([[root, name]]))
    write(container, random.below(2) === 0 ? name : at, read(from, at))
  },
  ({ container, random }) => {
    const header = random.pick(Object.keys(headers))
    write(container, header, random.pick(headers[header] ?? []))
  },
  ({ container, random }) => repeat(container, random),
  ({ root }) => flatten(root),
  changeValue,
  changeValue,
  changeValue,
]

function changePlace(root: Container, random: Random, other: Container): void {
  const places = placesOf(root)
  const [container, name] = places.length === 0 ? ([root, 'x'] as const) : random.pick(places)
  random.pick(placeChanges)({ root, container, name, random, other })
}

/** Changes what is there into something like it. */
function changeValue({ container, name, random, other }: Parameters<PlaceChange>[0]): void {
  const value = read(container, name)
  if (Array.isArray(value)) repeat(value, random)
  else if (typeof value === 'string') write(container, name, changedText(value, random, textAt(other, name)))
  else if (typeof value === 'number') write(container, name, value + random.pick([1, -1, 0.5, 1e15]))
  else write(container, name, random.pick(hostile))
}

/** A text of the same name elsewhere. */
function textAt(other: Container, name: string): string {
  const found = placesOf(other).find(([container, at]) => at === name && typeof read(container, at) === 'string')
  return found ? String(read(...found)) : ''
}

/** Gives a list one more of its entries, or far too many, or another order. */
function repeat(list: Container, random: Random): void {
  if (!Array.isArray(list) || list.length === 0) return
  const entry = structuredClone(random.pick(list))
  const count = random.pick([0, 1, 1, 9, 70])
  for (let i = 0; i < count; i++) list.push(entry)
  if (count === 0) list.reverse()
}

/** Writes an envelope of the general form in the flattened one, or beside it. */
function flatten(root: Container): void {
  const { recipients, signatures } = root as { recipients?: Node; signatures?: Node }
  const [first] = Array.isArray(recipients) ? recipients : Array.isArray(signatures) ? signatures : []
  if (!isContainer(first)) return
  Object.assign(root, first)
  remove(root, Array.isArray(recipients) ? 'recipients' : 'signatures')
}

/** JSON text that no serializer writes. */
export function changedJsonText(text: string, random: Random, other: string): string {
  const open = text.indexOf('{') + 1
  const [at, depth] = [random.below(text.length + 1), random.pick([3, 30, 3000])]
  const raw: readonly (() => string)[] = [
    () => `${text.slice(0, open)}"__proto__":{"type":"x"},${text.slice(open)}`,
    () => `${text.slice(0, -1)},"ciphertext":"AA"}`,
    () => text.replace(/"([a-z]+)":/, '"$1":null,"$1":'),
    () =>
      text.replace(
        /"([a-z])([a-z]*)":/g,
        (_, first: string, rest: string) => `"\\u00${first.charCodeAt(0).toString(16)}${rest}":`,
      ),
    () => text.replace(/"[^"]*"/, `1${'0'.repeat(depth)}`),
    () => text.replace(/:"[^"]*"/, `:${'['.repeat(depth)}${']'.repeat(depth)}`),
    () => text.replace(/":"/, '":"\\ud800'),
    () => text.replace(/"/g, "'"),
    () => `\ufeff${text}`,
    () => ` ${text}`,
    () => text + text,
    () => text.slice(0, at) + other.slice(random.below(other.length + 1)),
    () => changedText(text, random, other),
  ]
  return random.pick(raw)()
}

/** Changes bytes: bits, a piece of others, or their end. */
export function changedBytes(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  switch (random.below(4)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return Uint8Array.of(...bytes.subarray(0, at), ...other.subarray(Math.min(at, other.length)))
    case 2:
      return Uint8Array.of(...bytes.subarray(0, at), ...random.bytes(random.below(9)), ...bytes.subarray(at))
    default: {
      const changed = bytes.slice()
      for (let count = 1 + random.below(3); count > 0; count--) {
        const index = random.below(bytes.length)
        changed[index] = (changed[index] ?? 0) ^ (1 << random.below(8))
      }
      return changed
    }
  }
}
