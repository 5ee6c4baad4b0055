import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isDidCommError } from 'didcomm-mote'
import { InputError, readInput } from './input.ts'
import { type Inspected, inspected, linesOfInspected } from './inspected.ts'
import { opener } from './open.ts'
import { type Paint, printable } from './print.ts'

export const inspectHelp = `didcomm-mote inspect [options] FILE|HEX|BASE64|JSON|-

Explains an envelope, in JSON or CBOR, or a fragment of one, piece by piece with how many bytes each takes. Nothing is sent anywhere.

  --secrets FILE   opens it: a JWK set, or a list of JWKs or Multikeys; never printed
  --contact DID    a sender that a compact envelope may name by a short id; may be given several times
  --json           prints JSON
  --help           prints this

Exit codes: 0 explained, 1 no envelope or cannot be opened, 2 usage.`

/** What is to be printed, and the exit code. */
export interface Outcome {
  readonly output: string
  readonly errors: string
  readonly exitCode: 0 | 1 | 2
}

interface Settings {
  readonly input: string
  readonly secrets: string | undefined
  readonly contacts: readonly string[]
  readonly asJson: boolean
}

/** Runs `didcomm-mote inspect` with the arguments that follow it. It rejects with what is a defect, and nothing else. */
export async function inspect(args: readonly string[], paint: Paint, stdin?: () => Uint8Array): Promise<Outcome> {
  const settings = settingsOf(args)
  if (settings === 'help') return { output: inspectHelp, errors: '', exitCode: 0 }
  if (typeof settings === 'string') return { output: '', errors: `${settings}\n\n${inspectHelp}`, exitCode: 2 }
  try {
    const bytes = readInput(settings.input, stdin)
    const { secrets, contacts } = settings
    const found = await inspected(
      bytes,
      secrets === undefined ? undefined : await opener(readFileSync(secrets), contacts),
    )
    const output = settings.asJson ? JSON.stringify(found, undefined, 2) : linesOfInspected(found, paint).join('\n')
    return { output, errors: '', exitCode: isOpen(found) ? 0 : 1 }
  } catch (error) {
    return { output: '', errors: printable(reasonOf(error)), exitCode: 1 }
  }
}

/** What is forwarded is for others: that it stays closed is no failure. */
function isOpen({ error }: Inspected): boolean {
  return error === undefined
}

/** The settings, or what is wrong with the arguments. */
function settingsOf(args: readonly string[]): Settings | string {
  const options = {
    secrets: { type: 'string' },
    contact: { type: 'string', multiple: true, default: [] as string[] },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (values.help) return 'help'
    const [input, ...others] = positionals
    if (input === undefined || others.length > 0) return 'inspect expects one envelope'
    return { input, secrets: values.secrets, contacts: values.contact, asJson: values.json }
  } catch (error) {
    return printable((error as Error).message)
  }
}

function reasonOf(error: unknown): string {
  if (isDidCommError(error)) return `this is no envelope: ${error.message} (${error.code})`
  if (error instanceof InputError) return error.message
  // A file that is not there, or may not be read.
  if (error instanceof Error && 'syscall' in error) return error.message
  throw error
}
