// Titles of tests that say at their end what they hold, in square brackets: `… fails with a code [E14, C2]`.

export interface TaggedTitle {
  readonly title: string
  /** What is between the brackets. */
  readonly tags: string
}

/**
 * Finds them in the text of a file: first arguments of calls. One of `test.each`, or of a loop, counts once, as it is written.
 *
 * @param tags a regular expression for what may be between the brackets
 */
export function taggedTitles(text: string, tags: RegExp): TaggedTitle[] {
  const call = new RegExp(`\\(\\s*(['"\`])((?:\\\\.|(?!\\1)[^\\\\\\n])*?) \\[(${tags.source})\\]\\1\\s*,`, 'g')
  return [...text.matchAll(call)].map(([, , title = '', found = '']) => ({
    title: title.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll('\\', ''),
    tags: found,
  }))
}
