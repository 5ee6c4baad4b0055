import type { Protocol } from '../agent/protocol.ts'
import { isJsonObject } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Attachment, Draft, Json, JsonObject } from '../message/message.ts'

/** https://didcomm.org/user-profile/1.0 */
export const PROFILE = 'https://didcomm.org/user-profile/1.0/profile'
export const REQUEST_PROFILE = 'https://didcomm.org/user-profile/1.0/request-profile'

/** The id of the attachment that holds the picture. */
const PICTURE_ID = 'displayPicture'

/** Who a party says it is. Nothing of it is proven. */
export interface Profile {
  readonly displayName?: string
  readonly displayPicture?: Attachment
  readonly description?: string
}

type Field = keyof Profile
const FIELDS: readonly Field[] = ['displayName', 'displayPicture', 'description']

/** A change of a profile: what is absent stays as it was, `null` is removed. */
export type ProfileChange = { readonly [field in Field]?: Profile[field] | null }

export interface UserProfileOptions {
  /** Our own profile, for this asker; `undefined` where they may not see it. */
  readonly own?: (asker: string) => Profile | undefined | Promise<Profile | undefined>
  /** Learns of another party's profile. */
  readonly onProfile?: (change: ProfileChange, by: string) => void | Promise<void>
}

/** Sends our own profile to who asks for it, and takes in those of others. Only with parties that prove who they are. */
export function userProfile({ own, onProfile }: UserProfileOptions): Protocol {
  async function answer(asker: string, pthid: string, fields: readonly Field[]): Promise<Draft | undefined> {
    const profile = await own?.(asker)
    if (!profile) return undefined
    // The answer begins an instance of the protocol of its own, below that of the question.
    return { ...profileMessage(only(profile, fields)), pthid }
  }

  return {
    handlers: {
      [PROFILE]: async ({ message, sender }) => {
        const by = known(sender)
        const change = readProfile(message.body['profile'], message.attachments ?? [])
        await onProfile?.(change, by)
        return message.body['send_back_yours'] === true ? answer(by, message.id, FIELDS) : undefined
      },
      [REQUEST_PROFILE]: ({ message, sender }) => answer(known(sender), message.id, readQuery(message.body['query'])),
    },
  }
}

/** Makes a message with one's own profile, or what changed of it. */
export function profileMessage(change: ProfileChange, options: { sendBackYours?: boolean } = {}): Draft {
  const { displayPicture: picture, ...texts } = change
  const profile: JsonObject = { ...texts }
  if (picture !== undefined) profile['displayPicture'] = picture && `#${PICTURE_ID}`
  return {
    type: PROFILE,
    body: { profile, ...(options.sendBackYours && { send_back_yours: true }) },
    ...(picture && { attachments: [{ ...picture, id: PICTURE_ID }] }),
  }
}

/** Asks for the profile of another party, or for some fields of it. */
export function requestProfile(fields?: readonly Field[]): Draft {
  return { type: REQUEST_PROFILE, body: fields ? { query: [...fields] } : {} }
}

function only(profile: Profile, fields: readonly Field[]): ProfileChange {
  return Object.fromEntries(Object.entries(profile).filter(([name]) => fields.includes(name as Field)))
}

function readQuery(query: Json | undefined): readonly Field[] {
  if (query === undefined) return FIELDS
  if (!Array.isArray(query)) throw malformed('"query" is no array')
  return FIELDS.filter((field) => query.includes(field))
}

function readProfile(profile: Json | undefined, attachments: readonly Attachment[]): ProfileChange {
  if (!isJsonObject(profile)) throw malformed('"profile" is no object')
  const change: Record<string, string | Attachment | null> = {}
  for (const field of FIELDS) {
    const value = profile[field]
    if (value === undefined) continue
    if (value !== null && typeof value !== 'string') throw malformed(`"${field}" is neither a text nor null`)
    change[field] =
      value === null || value === '' ? null : field === 'displayPicture' ? picture(value, attachments) : value
  }
  return change
}

function picture(reference: string, attachments: readonly Attachment[]): Attachment {
  const attachment = attachments.find(({ id }) => `#${id}` === reference)
  if (!attachment) throw malformed('"displayPicture" names no attachment of the message')
  return attachment
}

function known(sender: string | undefined): string {
  if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a profile is for proven senders')
  return sender
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
