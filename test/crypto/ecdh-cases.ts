import { expect } from 'vitest'
import type { EcCurve } from '../../runtime/crypto/index.ts'
import { sharedVectors } from '../vectors.ts'
import { toHex } from './hex.ts'

/** A case of Wycheproof's sets for ECDH with keys as JWKs. */
export interface EcdhCase {
  tcId: number
  comment: string
  public: { crv: string; x: string; y: string }
  private: { d: string }
  shared: string
  result: string
}

/** The cases of a set; `undefined` where the sets are not there. */
export function ecdhCases(file: string): EcdhCase[] | undefined {
  const set = sharedVectors<{ testGroups: { tests: EcdhCase[] }[] }>(`wycheproof/${file}.json`)
  return set?.testGroups.flatMap(({ tests }) => tests)
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'))

export function checkEcdh(test: EcdhCase, curve: EcCurve): void {
  const name = `case ${test.tcId}: ${test.comment}`
  const derive = (): string => {
    if (test.public.crv !== curve.curve) throw new TypeError('another curve')
    const publicKey = curve.fromCoordinates(bytesOf(test.public.x), bytesOf(test.public.y))
    return toHex(curve.getSharedSecret(bytesOf(test.private.d), publicKey))
  }
  if (test.result === 'invalid') expect(derive, name).toThrow()
  else expect(derive(), name).toBe(test.shared)
}
