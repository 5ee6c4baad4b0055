import { expect, test } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import { didPeer, keepLongForm, memoryLongForms } from '../../runtime/did/index.ts'
import { didPeer4Identity } from '../../runtime/identity.ts'
import { seededBytes } from '../envelope/world.ts'

const randomBytes = seededBytes('long forms')
const party = () => didPeer4Identity(crypto, randomBytes(32), [])

test('strangers who send more long forms than are remembered do not push out a contact', async () => {
  const [contact, acquaintance] = [party(), party()]
  const contacts = memoryLongForms(1)
  const { resolve } = didPeer(crypto, { maxLongForms: 2, contacts })
  expect(await keepLongForm(crypto, contacts, contact.did)).toBe(contact.shortDid)
  await resolve(acquaintance.did)
  for (let i = 0; i < 3; i++) await resolve(party().did)
  const document = await resolve(contact.shortDid)
  expect([document.id, document.alsoKnownAs]).toStrictEqual([contact.shortDid, [contact.did]])
  await expect(resolve(acquaintance.shortDid)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
})

test('a contact that was deleted does not resolve any more', async () => {
  const [contact, contacts] = [party(), memoryLongForms(1)]
  await keepLongForm(crypto, contacts, contact.did)
  await contacts.delete(contact.shortDid)
  const { resolve } = didPeer(crypto, { contacts })
  await expect(resolve(contact.shortDid)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
})

test('a long form with a wrong hash, and a short form, are not kept', async () => {
  const [one, contacts] = [party(), memoryLongForms(1)]
  const wrong = one.shortDid + party().did.slice(one.shortDid.length)
  for (const did of [wrong, one.shortDid, 'did:example:alice']) {
    await expect(keepLongForm(crypto, contacts, did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  }
  expect(await contacts.get(one.shortDid)).toBeUndefined()
})

test('a store that returns the long form of another contact is not believed', async () => {
  const [one, other] = [party(), party()]
  const { resolve } = didPeer(crypto, { contacts: { get: async () => other.did } })
  await expect(resolve(one.shortDid)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
})

test('a full store refuses one contact more and keeps those that it has', async () => {
  const [one, other, contacts] = [party(), party(), memoryLongForms(1)]
  await keepLongForm(crypto, contacts, one.did)
  await keepLongForm(crypto, contacts, one.did)
  await expect(keepLongForm(crypto, contacts, other.did)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
  expect(await contacts.get(one.shortDid)).toBe(one.did)
  expect(() => memoryLongForms(0)).toThrow(RangeError)
})
