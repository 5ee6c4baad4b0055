// `npm run bench:web`: writes build/bench.html; with `--port N` offers it to phones in the same network, too.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundlePage } from './bundle.ts'

const file = fileURLToPath(new URL('../../build/bench.html', import.meta.url))

function portOf(args: readonly string[]): number | undefined {
  const { values } = parseArgs({ args: [...args], options: { port: { type: 'string' } } })
  if (values.port === undefined) return undefined
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`--port expected a port, got "${values.port}"`)
  return port
}

async function main(): Promise<void> {
  const port = portOf(process.argv.slice(2))
  const html = await bundlePage()
  mkdirSync(fileURLToPath(new URL('../../build', import.meta.url)), { recursive: true })
  writeFileSync(file, html)
  console.log(`wrote ${file}, ${Math.round(html.length / 1024)} KiB: open it in a browser`)
  if (port === undefined) return
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(html)
  })
  server.listen(port, () => console.log(`and on port ${port} of this machine, until you press Ctrl-C`))
}

try {
  await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}
