import { describe, expect, it } from 'vitest'
import type { CoseLeniency } from '../../../runtime/envelope/cose/index.ts'
import { ownVectors, sharedFiles } from '../../vectors.ts'
import { type Example, openExample } from './examples.ts'

// The examples of the COSE working group, whole structures, negative ones included.

const folders = [
  'X25519-tests',
  'aes-ccm-examples',
  'aes-gcm-examples',
  'chacha-poly-examples',
  'eddsa-examples',
  'encrypted-tests',
  'enveloped-tests',
  'hkdf-hmac-sha-examples',
  'sign1-tests',
]

/** What is not read, and why. Each of them must be refused, and not be misread. */
const skipped: readonly (readonly [RegExp, string])[] = [
  [/^aes-ccm-(enc-)?0[3478]\.json$/, 'AES-CCM with a nonce of 7 bytes is not in the core'],
  [/^aes-gcm-(enc-)?02\.json$/, 'AES with 192 bits is not in the core'],
  [/^aes-gcm-05\.json$/, 'a partial IV needs a context that no format here has'],
  [/^eddsa-(sig-)?02\.json$/, 'Ed448 is not in the core'],
  [/^hmac-sha-512-/, 'HKDF with SHA-512 is not in the core'],
  [/^hmac-sha-256-0[34]\.json$/, 'COSE_Mac is no envelope'],
]
const reasonFor = (name: string): string | undefined => skipped.find(([pattern]) => pattern.test(name))?.[1]

/** What an example needs to be let pass. Nothing of it is allowed by default. */
const needs: readonly (readonly [RegExp, readonly CoseLeniency[]])[] = [
  [/x25519-|p256-(ss-)?(wrap|hkdf)-|hmac-sha-256-(0\d|1[0-3])|Appendix_C_3_[12]/, ['map-order']],
  [/(enc|env)-pass-01|sign1-tests\/sign-pass-01/, ['unprotected-alg']],
  [/(enc|env)-pass-03/, ['unprotected-alg', 'untagged']],
  [/sign-pass-03/, ['untagged']],
]

/** How the negative examples fail: before anything is decrypted or verified, where they can. */
const unsupported = 'ERR_ENVELOPE_UNSUPPORTED'
function codeOf(name: string, example: Example): string {
  const isSigned = example.input.sign ?? example.input.sign0
  if (/-fail-0[134]\.json$/.test(name)) return unsupported
  return isSigned ? 'ERR_ENVELOPE_SIGNATURE' : 'ERR_ENVELOPE_DECRYPT'
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function examine(path: string, example: Example): void {
  const name = nameOf(path)
  const reason = reasonFor(name)
  if (reason) {
    it(`${path} is refused: ${reason}`, async () => {
      const everything: CoseLeniency[] = ['map-order', 'unprotected-alg', 'untagged']
      await expect(openExample(example, everything)).rejects.toThrow()
    })
    return
  }
  const allow = needs.find(([pattern]) => pattern.test(path))?.[1] ?? []
  if (example.fail) {
    const code = codeOf(name, example)
    it(`${path} fails with ${code}`, async () => {
      await expect(openExample(example, allow)).rejects.toMatchObject({ code })
    })
    return
  }
  it(`${path} opens${allow.length > 0 ? `, with ${allow.join(' and ')} let pass` : ''}`, async () => {
    expect(await openExample(example, allow)).toBe(example.input.plaintext)
    for (const leniency of allow) {
      const others = allow.filter((other) => other !== leniency)
      await expect(openExample(example, others), leniency).rejects.toMatchObject({ code: 'ERR_ENVELOPE_MALFORMED' })
    }
  })
}

describe.each(folders)('the COSE examples of %s', (folder) => {
  const examples = sharedFiles<Example>(`cose/${folder}`)
  it.skipIf(examples.length > 0)('are not here', () => {})
  for (const [name, example] of examples) examine(`${folder}/${name}`, example)
})

describe('the COSE examples of this repository', () => {
  const { examples } = ownVectors<{ examples: Record<string, Example> }>('cose-examples.json')
  for (const [path, example] of Object.entries(examples)) examine(path, example)
})
