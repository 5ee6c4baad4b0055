// Puts the page, the suite, the peers that are installed and the builds of the core into one HTML file, which asks for nothing else.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { coreFiles, versions } from '../node-peers.ts'

const here = new URL('./', import.meta.url)
const marker = '/* the suite */'

/** A peer that is not installed becomes a module that says so when it is loaded. */
const absentPeers: Plugin = {
  name: 'absent-peers',
  setup(bundle) {
    bundle.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === 'asked' || !/[\\/]bench[\\/]peers[\\/][^\\/]+$/.test(importer)) return undefined
      const found = await bundle.resolve(path, { kind, resolveDir, importer, pluginData: 'asked' })
      return found.errors.length === 0 ? found : { path, namespace: 'absent' }
    })
    bundle.onLoad({ filter: /./, namespace: 'absent' }, ({ path }) => ({
      contents: `module.exports = {}\nthrow new Error(${JSON.stringify(`Cannot find package '${path}'`)})`,
    }))
  },
}

/** @throws Error where the core is not built, or the page does not compile */
export async function bundlePage(): Promise<string> {
  const cores = coreFiles().map(({ name, wasm }) => ({ name, base64: Buffer.from(wasm).toString('base64') }))
  if (cores.length === 0) throw new Error('the core is not built: npm run build:core')
  const { node: _, v8: __, openssl: ___, ...bundled } = versions()
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', here))],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['didcomm-mote-source'],
    define: { BUILT: JSON.stringify({ cores, versions: bundled }) },
    // Packages that look for Node's modules when they are in Node.
    external: ['node:*', 'fs', 'path', 'crypto', 'url'],
    legalComments: 'none',
    logLevel: 'error',
    plugins: [absentPeers],
  })
  const code = outputFiles[0]?.text ?? ''
  const html = readFileSync(new URL('page.html', here), 'utf8')
  // No text of the code may end its element; and it is not a pattern of replace().
  return html.replace(marker, () => code.replaceAll('</script', '<\\/script'))
}
