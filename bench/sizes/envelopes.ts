// Every envelope of the table of sizes, a line each.
import {
  compactWith,
  type EnvelopeContext,
  type Packed,
  pack,
  packPlaintext,
  packPlaintextCompact,
  packSigned,
  packSignedCompact,
  plaintext,
  several,
  signed,
  wrapForward,
} from 'didcomm-mote/envelope'
import { packCbor, packPlaintextCbor, packSignedCbor, unpackCbor } from 'didcomm-mote/envelope/cbor'
import type { Message, Packable } from 'didcomm-mote/message'
import type { Parties } from './methods.ts'

/** What an envelope is packed of. */
export interface Scene extends Parties {
  /** The message as it is without an `id`, which compact envelopes derive; without `from` and `to`, which they imply. */
  readonly draft: Packable & Pick<Message, 'body'>
  readonly id: string
  readonly context: EnvelopeContext
}

export interface Envelope {
  readonly name: string
  readonly pack: (scene: Scene) => Promise<Packed> | Packed
  /** Opens it as its recipient. Absent: as `unpack`. */
  readonly open?: typeof unpackCbor
}

const everyPart = compactWith([plaintext(), signed(), several()])

/** The message as encodings want it that derive nothing. */
function whole({ draft, id, sensor, gateway }: Scene, from: string | undefined = sensor.did): Message {
  return { ...draft, id, ...(from !== undefined && { from }), to: [gateway.did] }
}

function anonymous(scene: Scene): Message {
  const { from: _, ...message } = whole(scene)
  return message
}

const authcryptJson = (scene: Scene): Promise<Packed> =>
  pack(whole(scene), { from: scene.sensor.did, to: scene.gateway.did }, scene.context)

async function forwarded(scene: Scene): Promise<Packed> {
  const { bytes } = await authcryptJson(scene)
  return wrapForward(bytes, { next: scene.gateway.did, routingKeys: [scene.mediator.did] }, scene.context)
}

type Ids = 'short' | 'long'

const compactTo = (scene: Scene, ids: Ids, from?: string): Promise<Packed> =>
  pack(scene.draft, { to: scene.gateway.did, ...(from && { from }), encoding: 'compact', ids }, scene.context)

const compactSigned = ({ draft, sensor, gateway, context }: Scene, ids: Ids): Promise<Packed> =>
  packSignedCompact({ ...draft, to: [gateway.did] }, { from: sensor.signer, ids }, context)

export const envelopes: readonly Envelope[] = [
  { name: 'JSON plaintext', pack: (scene) => packPlaintext(whole(scene)) },
  {
    name: 'JSON signed',
    pack: (scene) => packSigned(whole(scene, scene.sensor.signer), { from: scene.sensor.signer }, scene.context),
  },
  { name: 'JSON anoncrypt', pack: (scene) => pack(anonymous(scene), { to: scene.gateway.did }, scene.context) },
  {
    name: 'JSON anoncrypt of signed',
    pack: (scene) =>
      pack(whole(scene, scene.sensor.signer), { sign: scene.sensor.signer, to: scene.gateway.did }, scene.context),
  },
  { name: 'JSON authcrypt', pack: authcryptJson },
  { name: 'JSON authcrypt, one forward', pack: forwarded },
  {
    name: 'CBOR (v2+cbor) plaintext',
    pack: (scene) => packPlaintextCbor(whole(scene)),
    open: unpackCbor,
  },
  {
    name: 'CBOR (v2+cbor) signed',
    pack: (scene) => packSignedCbor(whole(scene, scene.sensor.signer), { from: scene.sensor.signer }, scene.context),
    open: unpackCbor,
  },
  {
    name: 'CBOR (v2+cbor) anoncrypt',
    pack: (scene) => packCbor(anonymous(scene), { to: scene.gateway.did }, scene.context),
    open: unpackCbor,
  },
  {
    name: 'CBOR (v2+cbor) authcrypt',
    pack: (scene) => packCbor(whole(scene), { from: scene.sensor.did, to: scene.gateway.did }, scene.context),
    open: unpackCbor,
  },
  { name: 'compact plaintext', pack: ({ draft, context }) => packPlaintextCompact(draft, context) },
  {
    name: 'compact plaintext, from and to',
    pack: ({ draft, sensor, gateway, context }) =>
      packPlaintextCompact({ ...draft, from: sensor.did, to: [gateway.did] }, context),
  },
  {
    name: 'compact signed, to nobody, short id',
    pack: ({ draft, sensor, context }) => packSignedCompact(draft, { from: sensor.signer }, context),
  },
  { name: 'compact signed, short id', pack: (scene) => compactSigned(scene, 'short') },
  { name: 'compact signed, long id', pack: (scene) => compactSigned(scene, 'long') },
  { name: 'compact anoncrypt, short id', pack: (scene) => compactTo(scene, 'short') },
  { name: 'compact anoncrypt, long id', pack: (scene) => compactTo(scene, 'long') },
  { name: 'compact authcrypt, short ids', pack: (scene) => compactTo(scene, 'short', scene.sensor.did) },
  { name: 'compact authcrypt, long ids', pack: (scene) => compactTo(scene, 'long', scene.sensor.did) },
  {
    name: 'compact anoncrypt of signed, short ids',
    pack: ({ draft, sensor, gateway, context }) =>
      everyPart.pack(draft, { sign: sensor.signer, to: gateway.did }, context),
  },
  {
    name: 'compact authcrypt for two, short ids',
    pack: ({ draft, sensor, gateway, cloud, context }) =>
      everyPart.pack(draft, { from: sensor.did, to: [gateway.did, cloud.did] }, context),
  },
]
