import { parseArgs } from 'node:util'

export interface Options {
  readonly only: RegExp
  /** Seconds for all that is measured, about. */
  readonly seconds: number
  readonly json?: string
  readonly compare?: string
  /** A result to print instead of measuring. */
  readonly from?: string
  readonly maxRegressionPercent: number
  readonly reference: string
  readonly help: boolean
}

export const help = `npm run bench -- [options]
Times the primitives of didcomm-mote and of other implementations, in turns within one process.

  --only REGEX            rows whose operation, size or implementation matches, or "operation size implementation":
                          --only sha   --only '^x25519 '   --only 'seal 1024 (didcomm-mote|node)'
  --quick                 the whole suite in less than a minute, with less certainty
  --seconds N             how long all may take, about (default 600; --quick: 25)
  --json FILE             write the result to a file
  --compare FILE          compare with an earlier result; exit code 1 where a row of ours became slower
  --max-regression N      by more than N per cent (default 10)
  --from FILE             take the rows from a result instead of measuring
  --reference NAME        whom the ratios refer to (default didcomm-mote)
  --help                  this text
`

/** What is wrong with the arguments of a command. */
export class UsageError extends Error {}

function numberOf(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(`--${name} expected a number above 0, got "${text}"`)
  }
  return value
}

function patternOf(text: string | undefined): RegExp {
  try {
    return new RegExp(text ?? '')
  } catch (error) {
    throw new UsageError(`--only expected a regular expression: ${(error as Error).message}`)
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        seconds: { type: 'string' },
        json: { type: 'string' },
        compare: { type: 'string' },
        from: { type: 'string' },
        'max-regression': { type: 'string' },
        reference: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options {
  const values = parse(args)
  return {
    only: patternOf(values.only),
    seconds: numberOf('seconds', values.seconds, values.quick ? 25 : 600),
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.compare === undefined ? {} : { compare: values.compare }),
    ...(values.from === undefined ? {} : { from: values.from }),
    maxRegressionPercent: numberOf('max-regression', values['max-regression'], 10),
    reference: values.reference ?? 'didcomm-mote',
    help: values.help === true,
  }
}
