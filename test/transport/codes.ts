import { isDidCommError } from '../../runtime/errors.ts'

/** The code with which `work` fails, or what else becomes of it. */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => (isDidCommError(error) ? error.code : `no DidCommError: ${error}`),
  )
}
