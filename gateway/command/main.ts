#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { inspect } from './inspect.ts'
import { ansiPaint, noPaint } from './print.ts'

const help = `didcomm-mote COMMAND

  inspect   explains an envelope, byte by byte
  --version prints the version

didcomm-mote COMMAND --help tells more.`

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === 'inspect') {
    const hasColour = process.stdout.isTTY && !process.env['NO_COLOR']
    const { output, errors, exitCode } = await inspect(args, hasColour ? ansiPaint : noPaint)
    if (output !== '') process.stdout.write(`${output}\n`)
    if (errors !== '') process.stderr.write(`${errors}\n`)
    return exitCode
  }
  if (command === '--version') {
    const { version } = JSON.parse(readFileSync(manifestUrl(), 'utf8')) as { version: string }
    process.stdout.write(`${version}\n`)
    return 0
  }
  const isAsked = command === '--help' || command === undefined
  ;(isAsked ? process.stdout : process.stderr).write(`${help}\n`)
  return isAsked ? 0 : 2
}

/** Next to `dist/` where it is installed, and next to `gateway/` where it is developed. */
function manifestUrl(): URL {
  const up = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json'
  return new URL(up, import.meta.url)
}

process.exitCode = await run(process.argv.slice(2))
