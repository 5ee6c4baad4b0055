import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether openssl is here, to make certificates with. Says so where it is not. */
export const hasOpenssl = (() => {
  const found = spawnSync('openssl', ['version']).status === 0
  if (!found) process.stderr.write('skipped: TLS, for want of openssl\n')
  return found
})()

/** A certificate and its key, as files and as PEM. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** A certificate authority that is made for one run and trusted by nobody else. */
export interface Authority extends Certificate {
  /** Makes a certificate for a loopback server, or a client; its key is encrypted where there is a passphrase. */
  issue(commonName: string, passphrase?: string): Certificate
  remove(): void
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', cwd: folder })
  const read = (certFile: string, keyFile: string): Certificate => ({
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  writeFileSync(file('extensions'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  return {
    ...read(file('ca.pem'), file('ca.key')),
    issue(commonName, passphrase) {
      const [key, request, cert] = [`${commonName}.key`, `${commonName}.csr`, `${commonName}.pem`]
      const protection = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]
      openssl('req', ...newKey, ...protection, '-subj', `/CN=${commonName}`, '-keyout', key, '-out', request)
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      openssl('x509', '-req', '-in', request, ...signer, '-extfile', 'extensions', '-out', cert)
      return read(file(cert), file(key))
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
