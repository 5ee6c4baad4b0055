import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contactBook, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, secretKeyToJwk } from 'didcomm-mote/crypto'
import { didKey, secretKeyToMultikey } from 'didcomm-mote/did'
import { forwardType, pack, packSigned, wrapForward } from 'didcomm-mote/envelope'
import { packCbor } from 'didcomm-mote/envelope/cbor'
import { typeRegistry } from 'didcomm-mote/message'
import { report, reportType } from 'didcomm-mote/protocols/telemetry'
import { world } from 'didcomm-mote/world'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspect, inspectHelp } from '../../../gateway/command/inspect.ts'
import { ansiPaint, noPaint } from '../../../gateway/command/print.ts'
import { changedBytes } from '../../fuzz/mutate.ts'
import { randomOf } from '../../fuzz/random.ts'
import { ownVectors } from '../../vectors.ts'

const identity = (seed: number) => didKeyIdentity(crypto, new Uint8Array(32).fill(seed))
const alice = identity(1)
const bob = identity(2)
const mediator = identity(3)
const resolve = firstOf(didKey(crypto))

async function contextOf({ secretKeys }: typeof alice) {
  const contacts = contactBook(crypto, resolve)
  await contacts.add({ did: alice.did })
  const secrets = memorySecrets(crypto, secretKeys)
  const { randomBytes } = world()
  return { crypto, secrets, resolve, randomBytes, types: typeRegistry([reportType]), knownKids: contacts.knownKids }
}

const draft = report([{ n: 'temperature', u: 'Cel', v: 21.5 }])
const message = { ...draft, id: 'm-1', from: alice.did, to: [bob.did], body: draft.body ?? {} }
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

let folder = ''
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const secretsOf = ({ secretKeys }: typeof alice) =>
  JSON.stringify({ keys: secretKeys.map((key) => secretKeyToJwk(key, crypto)) })

async function run(...args: string[]) {
  return inspect(args, noPaint)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('an envelope without secrets', () => {
  it('in CBOR is explained to the byte', async () => {
    const [vector] = ownVectors<{ vectors: { envelope: string }[] }>('own/compact.json').vectors
    const { output, exitCode } = await run(vector?.envelope ?? '')
    expect(exitCode).toBe(0)
    expect(output.split('\n')).toEqual([
      '    at  bytes',
      '     0    104  encrypted message (COSE_Encrypt0)',
      '     2     15    protected',
      '     4      3      alg  42: HPKE-4: X25519, HKDF-SHA256, ChaCha20Poly1305',
      '     7     10      psk_id  3d9785ef0c39e65b, a short id',
      '            2      structure',
      '    17     46    unprotected',
      '    18     10      kid  22aad3f1aaa0b0be, a short id',
      '    28     35      ek  8cb83e79ecd3841ebf486e98e297afd566b0275952418cde42e2bd822ba9f47b',
      '            1      structure',
      expect.stringContaining('    63     41    ciphertext  23 bytes encrypted, and a tag of 16: 596763a6'),
      '            2    structure',
    ])
  })

  it('in the README is explained as it says', async () => {
    const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
    const [, given = '', shown] = /^\$ npx didcomm-mote inspect (\w+)\n([\s\S]*?)\n```/m.exec(text) ?? []
    expect((await run(given)).output).toBe(shown)
  })

  it('of didcomm/v2+cbor names what is in its headers', async () => {
    const { bytes } = await packCbor(message, { to: bob.did, from: alice.did }, await contextOf(alice))
    const { output } = await run(base64(bytes))
    expect(output).toContain('typ  application/didcomm-encrypted+cbor')
    expect(output).toMatch(/ciphertext {2}\d+ bytes encrypted, and a tag of 32: /)
    expect(output).toMatch(new RegExp(`PartyU identity {2}${alice.did}#`))
    expect(output).toMatch(/ crv {2}4$/m)
    expect(output).toContain('ciphertext  a wrapped key: ')
  })

  it('in JSON is explained with its headers', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, await contextOf(alice))
    const { output, exitCode } = await run(Buffer.from(bytes).toString())
    expect(exitCode).toBe(0)
    expect(output).toMatch(new RegExp(`^ *${bytes.length}  encrypted message \\(JWE\\)$`, 'm'))
    expect(output).toMatch(/ {6}alg {2}ECDH-1PU\+A256KW$/m)
    expect(output).toMatch(new RegExp(` apu {2}${alice.did}#`))
    expect(output).toMatch(/ epk {2}an ephemeral key on X25519$/m)
    expect(output).toMatch(new RegExp(` kid {2}${bob.did}#`))
    expect(output).toMatch(/ encrypted_key {2}72 bytes: /)
    expect(output).not.toContain('opened')
  })

  it('signed shows the message that is in it', async () => {
    const { bytes } = await packSigned(message, { from: alice.did }, await contextOf(alice))
    const { output } = await run(base64(bytes))
    expect(output).toContain('signed message (JWS)')
    expect(output).toContain('plaintext message')
    expect(output).toContain('Cel')
  })

  it('is the same from a file, from text in a file, from the standard input and from the command line', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did, encoding: 'compact' }, await contextOf(alice))
    const hex = Buffer.from(bytes).toString('hex')
    const { output } = await run(hex)
    const wrapped = hex.replace(/.{40}/g, '$&\n')
    for (const given of [
      file('binary', bytes),
      file('hex', wrapped),
      file('base64', `${base64(bytes)}\n`),
      base64(bytes),
    ]) {
      expect((await run(given)).output).toBe(output)
    }
    expect((await inspect(['-'], noPaint, () => bytes)).output).toBe(output)
  })

  it('is JSON where that is asked for', async () => {
    const { output } = await run('--json', '821a0001e240a16174f94d60')
    expect(JSON.parse(output)).toMatchObject({
      envelope: { name: 'plaintext message', bytes: 12, parts: [{}, { name: 'body' }] },
    })
  })

  it('cannot steer the terminal', async () => {
    const evil = { id: '1', type: 'https://example.org/p/1.0/m', body: { '\x1b[2J': '\x07\u202eevil\u2028\n' } }
    const { output } = await run(JSON.stringify(evil))
    expect(output).not.toMatch(/[^\P{C}\n]|\p{Zl}/u)
    expect(output).toContain('\\u{1b}[2J  \\u{7}\\u{202e}evil\\u{2028}\\u{a}')
  })

  it('is in colour where that is wanted', async () => {
    expect((await inspect(['8101'], ansiPaint)).output).toContain('\x1b[1m')
  })
})

describe('an envelope with secrets', () => {
  it.each(['json', 'compact'] as const)('in %s is opened, and what is proven is said', async (encoding) => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did, encoding }, await contextOf(alice))
    const secrets = file('bob.json', secretsOf(bob))
    const { output, exitCode } = await run('--secrets', secrets, '--contact', alice.did, base64(bytes))
    expect(exitCode).toBe(0)
    expect(output).toContain('  layers: authcrypt\n')
    expect(output).toContain(`  sender: ${alice.did}\n`)
    expect(output).toContain(`  recipient: ${bob.did}\n`)
    expect(output).toMatch(/"v": 21\.5/)
    for (const { d } of JSON.parse(secretsOf(bob)).keys) expect(output).not.toContain(d)
  })

  it('in didcomm/v2+cbor is opened as well', async () => {
    const { bytes } = await packCbor(message, { to: bob.did, from: alice.did }, await contextOf(alice))
    const { output, exitCode } = await run('--secrets', file('bob.json', secretsOf(bob)), base64(bytes))
    expect(exitCode).toBe(0)
    expect(output).toContain(`  layers: authcrypt\n  sender: ${alice.did}\n`)
    expect(output).toMatch(/"v": 21\.5/)
  })

  it('takes Multikeys as well, and one key alone', async () => {
    const { bytes } = await pack(message, { to: bob.did }, await contextOf(alice))
    const multikeys = bob.secretKeys.map((key) => secretKeyToMultikey(key, crypto))
    const { output } = await run('--secrets', file('multikeys', JSON.stringify(multikeys)), base64(bytes))
    expect(output).toContain('  layers: anoncrypt\n  sender: not proven\n')
    const agreement = multikeys.find((_, i) => bob.secretKeys[i]?.curve === 'X25519')
    expect((await run('--secrets', file('one', JSON.stringify(agreement)), base64(bytes))).exitCode).toBe(0)
  })

  it('for a mediator is opened, and so is what it is to forward', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, await contextOf(alice))
    const [kid = ''] = mediator.secretKeys.filter(({ curve }) => curve === 'X25519').map((key) => key.kid)
    const wrapped = await wrapForward(bytes, { next: bob.did, routingKeys: [kid] }, await contextOf(alice))
    const keys = [...mediator.secretKeys, ...bob.secretKeys].map((key) => secretKeyToJwk(key, crypto))
    const { output, exitCode } = await run('--secrets', file('both', JSON.stringify(keys)), base64(wrapped.bytes))
    expect(exitCode).toBe(0)
    expect(output).toContain(forwardType)
    expect(output.split('to be forwarded:')[1]).toMatch(/layers: authcrypt[\s\S]*"v": 21\.5/)
    const alone = await run('--secrets', file('mediator', secretsOf(mediator)), base64(wrapped.bytes))
    expect(alone).toMatchObject({ exitCode: 0, output: expect.stringContaining('not opened: ERR_RECIPIENT_UNKNOWN') })
  })

  it('that are not those of its recipient is explained, and says that it stays closed', async () => {
    const { bytes } = await pack(message, { to: bob.did }, await contextOf(alice))
    const { output, exitCode } = await run('--secrets', file('alice.json', secretsOf(alice)), base64(bytes))
    expect(exitCode).toBe(1)
    expect(output).toContain('encrypted message (JWE)')
    expect(output).toContain('not opened: ERR_RECIPIENT_UNKNOWN')
  })

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"keys":[{"kid":"did:example:1#1","kty":"OKP","crv":"X25519","d":"c2VjcmV0"}]}',
    'c2VjcmV0',
  ])('that are none (%s) fails without quoting them', async (content) => {
    const { output, errors, exitCode } = await run('--secrets', file('none', content), '8101')
    expect({ output, exitCode }).toEqual({ output: '', exitCode: 1 })
    expect(errors).toBe('the secrets are no JWK set, and no list of JWKs or Multikeys')
  })

  it('and a contact that cannot be resolved fails', async () => {
    const secrets = file('bob.json', secretsOf(bob))
    const { errors, exitCode } = await run('--secrets', secrets, '--contact', 'did:web:example.com', '8101')
    expect(exitCode).toBe(1)
    expect(errors).toContain('the contact cannot be resolved')
  })
})

describe('what is no envelope', () => {
  it.each([
    ['d08343', 'the end of the input at offset 3'],
    ['d0830000', 'at offset'],
    ['{"a":1,"a":2}', 'twice'],
    ['{"a":', 'ERR_BYTES_MALFORMED'],
    ['818181818181818181818181818181818181', 'nested too deep at offset 17'],
    ['zz z', 'this is no file, no JSON, no hexadecimal and no base64'],
  ])('%s fails, and says why', async (given, reason) => {
    const { output, errors, exitCode } = await run(given)
    expect({ output, exitCode }).toEqual({ output: '', exitCode: 1 })
    expect(errors).toContain(reason)
  })

  it('such as a folder, an empty file and a file that is too large fails', async () => {
    expect(await run(folder)).toMatchObject({ exitCode: 1, errors: expect.stringContaining('folder') })
    expect(await run(file('empty', ''))).toMatchObject({ exitCode: 1, errors: 'the file is empty' })
    expect(await run(file('large', new Uint8Array(5 << 20)))).toMatchObject({ exitCode: 1 })
    expect(await run('--secrets', join(folder, 'missing'), '8101')).toMatchObject({
      exitCode: 1,
      errors: expect.stringContaining('ENOENT'),
    })
  })

  it('never crashes it', async () => {
    const { vectors } = ownVectors<{ vectors: { envelope: string }[] }>('own/compact.json')
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, await contextOf(alice))
    const signed = await packSigned(message, { from: alice.did }, await contextOf(alice))
    const seeds = [...vectors.map(({ envelope }) => Buffer.from(envelope, 'hex')), bytes, signed.bytes]
    const ends = new Set<number>()
    for (let round = 0; round < 1500; round++) {
      const random = randomOf(`inspect ${round}`)
      const given =
        round % 10 === 0 ? random.bytes(random.below(80)) : changedBytes(random.pick(seeds), random, random.pick(seeds))
      const { output, errors, exitCode } = await inspect(['-'], noPaint, () => given)
      expect(output === '' ? errors : output, `round ${round}`).not.toBe('')
      ends.add(exitCode)
    }
    expect([...ends].sort()).toEqual([0, 1])
  })
})

describe('its usage', () => {
  it('is told where it is asked for, and where it is wrong', async () => {
    expect(await run('--help')).toEqual({ output: inspectHelp, errors: '', exitCode: 0 })
    for (const args of [[], ['a', 'b'], ['--none', 'a'], ['--secrets']]) {
      expect(await run(...args)).toMatchObject({
        output: '',
        exitCode: 2,
        errors: expect.stringContaining(inspectHelp),
      })
    }
  })
})
