import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import { coreBuilds } from '../../tools/core-builds.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The build of the core that the tests of a project run over (vitest.config.ts). */
    readonly coreBuild: 'base' | 'simd'
  }
}

const fileOf = (name: string): string =>
  readFileSync(coreBuilds.find((build) => build.name === name)?.wasmFile ?? '', 'base64')

afterEach(() => vi.unstubAllGlobals())

describe('the core', () => {
  it('is the build that this project is to run over', () => {
    expect(chooseCore()).toBe(fileOf(inject('coreBuild')))
  })

  it('is the one without SIMD where the host has none', () => {
    vi.stubGlobal('WebAssembly', { validate: () => false })
    expect(chooseCore()).toBe(fileOf('base'))
  })

  it('asks the host with a module that only SIMD makes valid', () => {
    const probes: Uint8Array[] = []
    vi.stubGlobal('WebAssembly', { validate: (bytes: Uint8Array) => probes.push(bytes) > 0 })
    chooseCore()
    // Base tests never ask. 0xfd is the prefix of SIMD: without it the module is one of version 1.0.
    for (const probe of probes) expect(probe.indexOf(0xfd)).toBeGreaterThan(0)
    expect(probes).toHaveLength(inject('coreBuild') === 'simd' ? 1 : 0)
  })
})
