import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { agentName, inboxTopic, sharedInbox, topicTemplate, topicTemplates } from '../../transports/mqtt/mqtt.ts'
import { accept, aedesRig, bytesOf } from './aedes-rig.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
const up = topicTemplate(topicTemplates.up)

describe('a template of topics', () => {
  it('makes the topics of docs/mqtt.md', () => {
    const gw = agentName('did:example:gateway', sha256)
    const dev = agentName('did:example:alice', sha256)
    expect(up.fill({ gw, shard: 3, dev })).toBe(`dc1/${gw}/u/3/m5bcagddz6hsc2yb`)
    expect(topicTemplate(topicTemplates.down).fill({ gw, dev })).toBe(`dc1/${gw}/d/m5bcagddz6hsc2yb`)
    const inbox = topicTemplate(topicTemplates.inbox).fill({ aid: dev })
    expect(inbox).toBe(inboxTopic('did:example:alice', sha256))
  })

  it('reads back what it has filled in', () => {
    const values = { gw: 'gw-1', shard: '99999', dev: 'a.b~c_D-9' }
    expect(up.read(up.fill(values))).toEqual(values)
    expect(up.matches(up.fill(values))).toBe(true)
    expect(topicTemplate('fixed/topic').read('fixed/topic')).toEqual({})
  })

  it('has all its topics in one filter', () => {
    expect(up.filter).toBe('dc1/+/u/+/+')
    expect(topicTemplate('dc1/gw/u/3/{dev}').filter).toBe('dc1/gw/u/3/+')
  })

  it.each([
    'dc1/gw/u/3',
    'dc1/gw/u/3/dev/',
    'dc1/gw/u/3/dev/more',
    'dc1/gw/d/3/dev',
    'dc1/gw/u/03/dev',
    'dc1/gw/u/100000/dev',
    'dc1/gw/u/-1/dev',
    'dc1/gw/u/3/',
    'dc1/gw/u/3/..',
    'dc1/gw/u/3/.',
    'dc1/gw/u/3/a b',
    'dc1/gw/u/3/a%20b',
    'dc1/gw/u/3/+',
    'dc1/gw/u/3/#',
    `dc1/gw/u/3/${'x'.repeat(65)}`,
    'DC1/gw/u/3/dev',
    '',
  ])('has not the topic "%s"', (topic) => {
    expect(up.matches(topic)).toBe(false)
    expect(up.read(topic)).toBeUndefined()
  })

  it.each([
    {},
    { gw: 'gw', shard: 1 },
    { gw: 'gw', shard: 1, dev: '' },
    { gw: 'gw', shard: 1.5, dev: 'x' },
    { gw: 'gw', shard: -1, dev: 'x' },
    { gw: 'g/w', shard: 1, dev: 'x' },
    { gw: '+', shard: 1, dev: 'x' },
    { gw: '..', shard: 1, dev: 'x' },
    { gw: 'gw', shard: 1, dev: 'x', more: 'y' },
    JSON.parse('{"gw":"gw","shard":1,"__proto__":"x"}'),
  ])('is not filled with %j', (values) => {
    expect(() => up.fill(values)).toThrow(TypeError)
  })

  it('takes the name of an agent only where it stands for one', () => {
    const inbox = topicTemplate(topicTemplates.inbox)
    for (const aid of ['m5bcagddz6hsc2y', 'm5bcagddz6hsc2yb2', 'M5BCAGDDZ6HSC2YB', 'm5bcagddz6hsc2y1']) {
      expect(() => inbox.fill({ aid })).toThrow(TypeError)
      expect(inbox.matches(`dc1/${aid}/in`)).toBe(false)
    }
  })

  it.each([
    '',
    'a/+',
    'a/#',
    '$SYS/{x}',
    'a{x}',
    'a/{x}b',
    'a/{X}',
    'a/{}',
    '{a}/{a}',
    'a/{constructor}/}',
    'x'.repeat(513),
  ])('is not made of "%s"', (template) => {
    expect(() => topicTemplate(template)).toThrow(TypeError)
  })

  it('makes no topic that is too long', () => {
    const long = topicTemplate(`${'x'.repeat(500)}/{dev}`)
    expect(() => long.fill({ dev: 'y'.repeat(12) })).toThrow(TypeError)
    expect(long.matches(`${'x'.repeat(500)}/${'y'.repeat(12)}`)).toBe(false)
  })

  it('treats places named like parts of an object as any other', () => {
    const odd = topicTemplate('a/{constructor}')
    expect(odd.fill({ constructor: 'x' } as never)).toBe('a/x')
    expect(() => odd.fill({})).toThrow(TypeError)
  })
})

describe('an inbox of many topics', () => {
  const { broker, client, got, keep, open } = aedesRig()

  it('receives on those of its template, and leaves the others alone', async () => {
    const others: string[] = []
    const shared = await client()
    shared.handleMessage = (packet, done) => {
      others.push(packet.topic)
      done()
    }
    await open(keep, { client: shared, inboxTopics: [topicTemplate('dc1/gw/u/3/{dev}'), 'alone'] })
    const sender = await open(accept, { inboxTopics: [] })
    for (const topic of ['dc1/gw/u/3/a', 'dc1/gw/u/4/b', 'dc1/gw/u/3/c%20d', 'alone', 'dc1/gw/u/3/e']) {
      await sender.send(`${broker().url}/${topic}`, { bytes: bytesOf(topic) })
    }
    await eventually(() => got.length === 3 && others.length === 1)
    expect(got).toEqual(['dc1/gw/u/3/a', 'alone', 'dc1/gw/u/3/e'])
    expect(others).toEqual(['dc1/gw/u/3/c d'])
  })

  it('is not shared over a broker that may only say that it does', async () => {
    expect(await codeOf(open(keep, { inboxTopics: [sharedInbox('workers', 'inbox')] }))).toBe('ERR_TRANSPORT_REJECTED')
  })

  it.each([
    ['a/b', 'inbox'],
    ['+', 'inbox'],
    ['', 'inbox'],
    ['workers', 'a/+'],
    ['workers', '$SYS/x'],
  ])('is not shared by the group "%s" with the topic "%s"', (group, topic) => {
    expect(() => sharedInbox(group, topic)).toThrow(TypeError)
  })
})
