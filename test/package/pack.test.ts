import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importName, sourcesOf } from '../../tools/check-package.ts'
import { findHost, runInChromium } from './hosts.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const manifestText = readFileSync(join(repository, 'package.json'), 'utf8')
const manifest = JSON.parse(manifestText) as {
  version: string
  dependencies?: object
  peerDependencies: object
}
const dependencies = Object.keys(manifest.dependencies ?? {})

const names = [...sourcesOf(manifestText).keys()].map(importName)

const hosts = {
  chromium: findHost('chromium', 'CHROMIUM'),
  deno: findHost('deno', 'DENO'),
  bun: findHost('bun', 'BUN'),
}

const cryptoModule = 'didcomm-mote/dist/runtime/crypto/index.js'
/** Uses `crypto`, and ends with `result`. */
const cryptoProgram = `
  const { x25519, ed25519, chacha20poly1305, sha256 } = crypto
  const secretKey = new Uint8Array(32).fill(9)
  const message = new Uint8Array(100_000).fill(7)
  const signature = ed25519.sign(message, secretKey)
  const sealed = chacha20poly1305.seal(secretKey, new Uint8Array(12), message)
  const opened = chacha20poly1305.open(secretKey, new Uint8Array(12), sealed)
  const result = [
    x25519.getSharedSecret(secretKey, x25519.getPublicKey(secretKey)).length === 32,
    ed25519.verify(signature, message, ed25519.getPublicKey(secretKey)),
    opened.every((byte) => byte === 7),
    [...sha256(new Uint8Array(0))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  ].join(' ')
`
const cryptoResult = 'true true true e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** The largest is the build of the core with SIMD, as text. */
const maxFileBytes = 150_000
const topLevel = ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']

describe('the published package', () => {
  let project = ''
  let files: string[] = []
  const installed = (file: string) => join(project, 'node_modules/didcomm-mote', file)

  function npm(cwd: string, ...args: string[]): void {
    // What `npm test` hands down in the environment must not steer the npm of another project.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)/i.test(name)))
    execFileSync('npm', args, { cwd, env, stdio: 'pipe' })
  }

  /** Runs the program with a host that is given nothing but the path of a module. */
  function runFromFiles(host: string, ...options: string[]): string {
    const program = `import { crypto } from './node_modules/${cryptoModule}'${cryptoProgram}console.log(result)`
    writeFileSync(join(project, 'host.mjs'), program)
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1' }
    return execFileSync(host, [...options, 'host.mjs'], { cwd: project, env, encoding: 'utf8' }).trim()
  }

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'didcomm-mote-'))
    npm(repository, 'pack', '--pack-destination', project)
    const tarball = readdirSync(project).find((file) => file.endsWith('.tgz'))
    const fromHere = dependencies.map((name) => [name, `file:${join(repository, 'node_modules', name)}`])
    const wanted = { 'didcomm-mote': `file:./${tarball}`, ...Object.fromEntries(fromHere) }
    const consumer = { private: true, type: 'module', dependencies: wanted }
    writeFileSync(join(project, 'package.json'), JSON.stringify(consumer))
    npm(project, 'install', '--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund')
    files = readdirSync(installed(''), { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(installed(file)).isFile(),
    )
  }, 180_000)

  afterAll(() => rmSync(project, { recursive: true, force: true }))

  it('installs with its dependencies alone', () => {
    const packages = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))
    const scopes = dependencies.map((name) => name.split('/')[0])
    expect(packages.sort()).toEqual([...new Set([...scopes, 'didcomm-mote'])].sort())
  })

  it('holds no sources, no tests and nothing large', () => {
    expect(files.length).toBeGreaterThan(5)
    expect(
      [...new Set(files.map((file) => file.split('/')[0]))].filter((name) => !topLevel.includes(name ?? '')),
    ).toEqual([])
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|(?:^|\/)(?:test|assembly|examples)\//.test(file))).toEqual([])
    expect(files.filter((file) => statSync(installed(file)).size > maxFileBytes)).toEqual([])
  })

  it('names JavaScript in every relative import, of code and of types', () => {
    const code = files.filter((file) => /\.(?:js|d\.ts)$/.test(file))
    for (const file of code) expect(readFileSync(installed(file), 'utf8'), file).not.toMatch(/['"]\.[^'"]*\.ts['"]/)
    const untyped = code.filter((file) => file.endsWith('.js') && !files.includes(file.replace(/\.js$/, '.d.ts')))
    expect(untyped).toEqual([])
  })

  it('imports every subpath, and where that fails an optional peer is all that is missing', () => {
    const program = `
      const results = {}
      for (const name of ${JSON.stringify(names)}) {
        try {
          results[name] = Object.keys(await import(name)).length
        } catch (error) {
          results[name] = error.message
        }
      }
      console.log(JSON.stringify(results))`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: project,
      encoding: 'utf8',
    })
    const results = Object.entries(JSON.parse(output) as Record<string, number | string>)
    expect(results.map(([name]) => name)).toEqual(names)
    const peers = Object.keys(manifest.peerDependencies)
    const peered = ['gateway', 'crypto/curves', 'crypto/passphrase', 'transports/mqtt-connect', 'transports/ws']
    const withPeers = peered.map((subpath) => `didcomm-mote/${subpath}`)
    for (const [name, result] of results) {
      const peer = /^Cannot find package '([^']+)'/.exec(String(result))?.[1]
      if (peer && withPeers.includes(name)) expect(peers).toContain(peer)
      else expect(result, name).toBeGreaterThan(0)
    }
  })

  it('has a command that explains envelopes', () => {
    const command = join(project, 'node_modules/.bin/didcomm-mote')
    const inspect = (...args: string[]) => spawnSync(command, args, { cwd: project, encoding: 'utf8' })
    expect(inspect('inspect', '8101')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('plaintext message'),
    })
    expect(inspect('inspect', 'd0')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('offset 1'),
    })
    expect(inspect('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n` })
    expect(inspect('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('inspect') })
    expect(inspect('other')).toMatchObject({ status: 2, stdout: '' })
  })

  it.each(['core.wasm', 'core-simd.wasm'])('gives %s as a file, too', (file) => {
    const program = `console.log(import.meta.resolve('didcomm-mote/${file}'))`
    const url = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: project,
      encoding: 'utf8',
    })
    expect(readFileSync(new URL(url.trim()))).toEqual(readFileSync(join(repository, 'build', file)))
  })

  it.skipIf(!hosts.deno)('has a crypto that runs in Deno, from its files', () => {
    expect(runFromFiles(hosts.deno ?? '', 'run', '--no-prompt', '--no-remote', '--no-npm')).toBe(cryptoResult)
  })

  it.skipIf(!hosts.bun)('has a crypto that runs in Bun, from its files', () => {
    expect(runFromFiles(hosts.bun ?? '', 'run')).toBe(cryptoResult)
  })

  it('has a crypto that runs in a worker of Node', async () => {
    const program = `
      import { crypto } from 'didcomm-mote/crypto'
      import { parentPort } from 'node:worker_threads'
      ${cryptoProgram}
      parentPort.postMessage(result)`
    writeFileSync(join(project, 'worker.mjs'), program)
    const worker = new Worker(join(project, 'worker.mjs'), { execArgv: [] })
    expect(await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))).toBe(cryptoResult)
  })

  it.skipIf(!hosts.chromium)(
    'has a crypto that runs on a page and in a worker of a browser, from its files',
    async () => {
      const page = `<!doctype html><title>crypto</title><script type="module">
      const post = (body) => fetch('/result', { method: 'POST', body })
      onerror = (message) => post('error: ' + message)
      import { crypto } from '/${cryptoModule}'
      ${cryptoProgram}
      const source = \`import { crypto } from '\${location.origin}/${cryptoModule}'
        ${cryptoProgram}
        postMessage(result)\`
      const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
      const worker = new Worker(url, { type: 'module' })
      worker.onerror = ({ message }) => post('error: ' + message)
      worker.onmessage = ({ data }) => post(result + '\\n' + data)
    </script>`
      const folder = join(project, 'node_modules')
      expect(await runInChromium(hosts.chromium ?? '', folder, page)).toBe(`${cryptoResult}\n${cryptoResult}`)
    },
    60_000,
  )

  it.each([
    ['a device, without types of any host', (name: string) => !/\/(?:transports|gateway)/.test(name), []],
    ['a program on Node', () => true, ['node']],
  ])('compiles in %s', (_, wanted, types) => {
    const used = names.filter(wanted)
    const imports = used.map((name, index) => `import * as n${index} from '${name}'`)
    writeFileSync(
      join(project, 'consumer.ts'),
      [...imports, `export const all: object[] = [${used.map((__, index) => `n${index}`).join(', ')}]`].join('\n'),
    )
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['ES2022'],
      strict: true,
      noEmit: true,
      types,
      typeRoots: [join(repository, 'node_modules/@types')],
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
    const tsc = join(repository, 'node_modules/typescript/bin/tsc')
    expect(() =>
      execFileSync(process.execPath, [tsc, '--pretty', 'false'], { cwd: project, encoding: 'utf8' }),
    ).not.toThrow()
  })
})
