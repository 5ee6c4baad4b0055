import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkConstantTime, checkControls, secretsFor, traceControls } from '../../tools/check-constant-time.ts'
import { type Case, cases } from '../../tools/constant-time-cases.ts'
import { controlModule, leaks, sound } from '../../tools/constant-time-controls.ts'
import { coreBuilds } from '../../tools/core-builds.ts'
import { type Instruction, readBody, readModule } from '../../tools/wasm-module.ts'
import { type Site, traceModule } from '../../tools/wasm-trace.ts'

const core = new Uint8Array(readFileSync(new URL('../../build/core.wasm', import.meta.url)))

/** The same module with an export under another name of the same length. */
function renamed(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(core)
  bytes.write(to, bytes.indexOf(from))
  return bytes
}

describe('the controls of the constant-time check', () => {
  let caught: Map<string, string | undefined>
  beforeAll(() => {
    caught = traceControls()
  })

  it.each(Object.entries(leaks))('catch %s at its %s', (name, what) => {
    expect(caught.get(name)).toBe(what)
  })

  it.each(sound)('do not blame %s', (name) => {
    expect(caught.has(name)).toBe(true)
    expect(caught.get(name)).toBeUndefined()
  })

  it('are all that the module of controls exports, and pass', () => {
    expect([...caught.keys()].sort()).toEqual([...Object.keys(leaks), ...sound].sort())
    expect(checkControls().failures).toEqual([])
  })
})

describe('the constant-time check', () => {
  it.each(coreBuilds)('passes the build $name that ships, and says how much it saw', ({ wasmFile }) => {
    const { failures, notes = [] } = checkConstantTime(readFileSync(wasmFile), { secrets: 8 })
    expect(failures).toEqual([])
    expect(notes).toHaveLength(cases.length)
    expect(notes.find((note) => note.startsWith('X25519 shared'))).toMatch(/8 secrets, \d{2,3},\d{3} events/)
  })

  it('says where code of the core that is not constant-time parts', () => {
    const verification: Case = {
      name: 'verification',
      secretBytes: 32,
      prepare(crypto, secret) {
        const signature = crypto.ed25519.sign(secret, secret)
        const publicKey = crypto.ed25519.getPublicKey(secret)
        return () => (crypto.ed25519.verify(signature, secret, publicKey) ? signature : undefined)
      },
    }
    const { failures } = checkConstantTime(core, { secrets: 8, cases: [verification] })
    expect(failures[0]).toMatch(/^verification: the trace depends on the secret, first at event \d+, at a .* byte 0x/)
    expect(failures[1]).toMatch(/^verification: the trace of the first use depends/)
  })

  it('finds a leak that one secret in many shows', () => {
    const rare: Case = {
      name: 'rare',
      secretBytes: 32,
      prepare: (crypto, secret) => () =>
        crypto.sha256(secret.every((byte) => byte === 0xff) ? secret.subarray(1) : secret),
    }
    const { failures } = checkConstantTime(core, { secrets: 8, cases: [rare] })
    expect(failures[0]).toMatch(/^rare: the trace depends on the secret/)
  })

  it('fails where the secret does not reach the result', () => {
    const deaf: Case = { name: 'deaf', secretBytes: 32, prepare: (crypto) => () => crypto.sha256(new Uint8Array(3)) }
    expect(checkConstantTime(core, { secrets: 8, cases: [deaf] }).failures).toContain(
      'deaf: the result does not depend on the secret',
    )
  })

  it('fails where an export is neither driven nor listed as public, and where one is listed that is not there', () => {
    const { failures } = checkConstantTime(renamed('ed25519VerifyEnd', 'ed25519VerifyNew'), { secrets: 2 })
    expect(failures).toEqual([
      expect.stringMatching(/^ed25519VerifyNew is in no case and not in publicExports/),
      expect.stringMatching(/^ed25519VerifyEnd is in publicExports, and no export/),
    ])
  })

  it('uses secrets that are the same at each run, all different, and begin with the extremes', () => {
    const secrets = secretsFor('name', 32, 40).map((secret) => Buffer.from(secret).toString('hex'))
    expect(new Set(secrets).size).toBe(40)
    expect(secrets.slice(0, 2)).toEqual(['00'.repeat(32), 'ff'.repeat(32)])
    expect(secretsFor('name', 32, 40).map((secret) => Buffer.from(secret).toString('hex'))).toEqual(secrets)
  })
})

describe('a traced module', () => {
  /** A module of one function of no type of its own, with these instructions. */
  const withCode = (...code: number[]): Uint8Array =>
    Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
      ...[10, code.length + 4, 1, code.length + 2, 0, ...code, 0x0b],
    )

  it('is refused where an instruction is not known: nothing is passed over', () => {
    expect(traceModule(withCode(0x01)).sites).toEqual([])
    expect(() => traceModule(withCode(0x12, 0))).toThrow(/opcode 0x12 cannot be traced/)
    expect(() => traceModule(withCode(0x11, 0, 0))).toThrow(/opcode 0x11 cannot be traced/)
    expect(() => traceModule(withCode(0xfc, 12, 0, 0))).toThrow(/opcode 0xfc00c cannot be traced/)
    expect(() => traceModule(withCode(0xfe, 0))).toThrow(/opcode 0xfe cannot be traced/)
  })

  it.each([
    ...coreBuilds.map(({ name, wasmFile }) => ({ name, wasm: () => readFileSync(wasmFile) })),
    { name: 'control', wasm: controlModule },
  ])('has a site for each branch, select and access of the $name module, with its place', ({ wasm }) => {
    const bytes = new Uint8Array(wasm())
    const { sites } = traceModule(bytes)
    const instructions = readModule(bytes).bodies.flatMap((body) => readBody(body).instructions)
    const expected: Record<Site['what'], number[]> = {
      branch: [0x04, 0x0d, 0x0e],
      select: [0x1b, 0x1c],
      address: Array.from({ length: 0x3f - 0x28 }, (_, i) => 0x28 + i).concat(0xfd),
      'bulk access': [0xfc],
      comparison: Array.from({ length: 0x5b - 0x45 }, (_, i) => 0x45 + i).concat(0xfd),
    }
    const isTraced = ({ opcode, align }: Instruction) =>
      align !== undefined || [...expected.branch, ...expected.select, 0xfc00b].includes(opcode)
    expect(sites.filter(({ what }) => what !== 'comparison')).toHaveLength(instructions.filter(isTraced).length)
    for (const { what, offset } of sites) expect(expected[what]).toContain(bytes[offset])
  })

  it('is refused where it imports something', () => {
    const imports = [2, 7, 1, 1, 0x61, 1, 0x62, 0, 0]
    const bytes = withCode(0x01)
    expect(() => traceModule(Uint8Array.of(...bytes.subarray(0, 14), ...imports, ...bytes.subarray(14)))).toThrow(
      /imports/,
    )
  })
})
