import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Tells whether the module was started as a program, and not imported by another. */
export function runs(moduleUrl: string): boolean {
  return process.argv[1] === fileURLToPath(moduleUrl)
}

/** The folder where a program keeps what must survive it: `DATA_DIR`, or `.didcomm-mote/<name>`. */
export function dataDir(name: string): string {
  const folder = process.env['DATA_DIR'] ?? join('.didcomm-mote', name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/**
 * Reads the seed of a program's identity, or makes one at its first start. It lies in a file that only its owner can
 * read; a product would keep it in a key store or a secure element.
 */
export function keptSeed(name: string): Uint8Array {
  const file = join(dataDir(name), `${name}.seed`)
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx' })
  return new Uint8Array(readFileSync(file))
}

/** Takes an MQTT URL apart: the broker, which others may see, and what may be secret, user name and password. */
export function brokerOf(mqttUrl: string): { url: string; username?: string; password?: string } {
  const { protocol, host, username, password } = new URL(mqttUrl)
  return {
    url: `${protocol}//${host}`,
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
}

/** Resolves when the program is asked to stop. */
export function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
