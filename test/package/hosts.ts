import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'

/** Returns the path of a program, or says that what needs it is skipped. `variable` of the environment names another one. */
export function findHost(name: string, variable: string): string | undefined {
  const file = process.env[variable] ?? name
  const { error } = spawnSync(file, ['--version'], { stdio: 'ignore' })
  if (!error) return file
  process.stderr.write(`skipped: ${name} is not on this machine (set ${variable})\n`)
  return undefined
}

const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' }

/** Chromium must not look for hosts of its maker: they are not part of a test, and not everywhere in reach. */
const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Opens `page` beside the files of `folder` in a browser, and resolves with what the page posts to `/result`. */
export async function runInChromium(chromium: string, folder: string, page: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'didcomm-mote-chromium-'))
  let browser: ChildProcess | undefined
  let settle: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined
  const posted = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (request.method === 'POST') {
      let body = ''
      request.on('data', (part: Buffer) => {
        body += part.toString()
      })
      request.on('end', () => settle?.resolve(body))
      response.end()
      return
    }
    try {
      const content = path === '/' ? page : readFileSync(join(folder, path))
      response.setHeader('content-type', types[path === '/' ? 'html' : (path.split('.').pop() ?? '')] ?? 'text/plain')
      response.end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    browser = spawn(chromium, [...chromiumFlags, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], {
      stdio: 'ignore',
      // A group of its own: a browser is many processes, and all of them write to the profile.
      detached: true,
    })
    browser.once('exit', () => settle?.reject(new Error('the browser ended before the page did')))
    return await posted
  } finally {
    browser?.removeAllListeners('exit')
    if (browser?.pid && browser.exitCode === null) {
      const gone = new Promise((resolve) => browser?.once('exit', resolve))
      process.kill(-browser.pid, 'SIGKILL')
      await gone
    }
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
