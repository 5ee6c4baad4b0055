// Code in documents and docstrings compiles, or runs, as it stands there; links lead somewhere.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { lineAt, runNode, type Tree } from './check-tree.ts'
import { checkTypes } from './check-types.ts'

/** A piece of code, and where it stands. */
export interface Block {
  readonly file: string
  /** The line of its first line of code, from 1. */
  readonly line: number
  readonly code: string
  readonly run: boolean
}

const fence = /^```ts\b[ \t]*(\w*)[^\n]*\n([\s\S]*?)^```/gm
const marks = new Set(['compile', 'run', 'sketch'])

/** Finds the code of a Markdown file that must compile or run. `ts sketch` is for reading only. */
export function markdownBlocks(file: string, text: string): { blocks: Block[]; failures: string[] } {
  const blocks: Block[] = []
  const failures: string[] = []
  for (const match of text.matchAll(fence)) {
    const [, mark = '', code = ''] = match
    const line = lineAt(text, match.index) + 1
    if (!marks.has(mark)) failures.push(`${file}:${line - 1}: say "ts compile", "ts run" or "ts sketch"`)
    if (mark === 'compile' || mark === 'run') blocks.push({ file, line, code, run: mark === 'run' })
  }
  return { blocks, failures }
}

const example = /^[ \t]*\* @example[^\n]*\n((?:[ \t]*\*(?!\/| @)[^\n]*\n)*)/gm

/** Finds the `@example` blocks of a source file. */
export function docstringBlocks(file: string, text: string): Block[] {
  return [...text.matchAll(example)].map((match) => {
    const lines = (match[1] ?? '').split('\n').map((line) => line.replace(/^[ \t]*\* ?/, ''))
    const code = lines.map((line) => (line.startsWith('```') ? '' : line)).join('\n')
    return { file, line: lineAt(text, match.index) + 1, code, run: false }
  })
}

const blockFile = (block: Block) => `build/docs/${block.file}-${block.line}.ts`

/** Leaves the code at the line it has in its document, so that an error names the right one. */
function writeBlock(root: string, block: Block): void {
  const path = join(root, blockFile(block))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '\n'.repeat(block.line - 1) + block.code)
}

/** `build/docs/README.md-12.ts:14: …` is line 14 of `README.md`. */
const inDocument = (failure: string) => failure.replace(/^build\/docs\/(.+?)-\d+\.ts:/, '$1:')

async function checkBlocks(root: string, blocks: readonly Block[]): Promise<string[]> {
  if (blocks.length === 0) return []
  const folder = join(root, 'build/docs')
  rmSync(folder, { recursive: true, force: true })
  for (const block of blocks) writeBlock(root, block)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: relative(folder, join(root, 'tsconfig.json')), include: ['.'], exclude: [] }),
  )
  const failures = (await checkTypes(root, 'build/docs/tsconfig.json')).map(inDocument)
  return [...failures, ...(await runBlocks(root, blocks))]
}

async function runBlocks(root: string, blocks: readonly Block[]): Promise<string[]> {
  const failures: string[] = []
  for (const block of blocks.filter(({ run }) => run)) {
    const args = ['--import', 'tsx', '--conditions=didcomm-mote-source', blockFile(block)]
    const { ok, output } = await runNode(root, args)
    if (!ok) failures.push(`${block.file}:${block.line}: fails when it runs\n${output}`)
  }
  return failures
}

const withoutFences = (text: string) => text.replace(/^```[\s\S]*?^```/gm, (code) => code.replace(/[^\n]/g, ''))
const withoutCode = (text: string) => withoutFences(text).replace(/`[^`\n]*`/g, '')

/** The anchors of a Markdown file, as GitHub makes them from its headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ +(.*?) *$/gm)].map((match) => match[1] ?? '')
  const anchor = (heading: string) => heading.toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, '')
  return new Set(headings.map((heading) => anchor(heading).replaceAll(' ', '-')))
}

/** Checks the relative links and the pictures of one Markdown file. */
export function checkLinks(tree: Tree, file: string): string[] {
  const text = withoutCode(tree.read(file))
  const failures: string[] = []
  for (const match of text.matchAll(/\]\(([^)\s]+)[^)]*\)|\b(?:src|href)="([^"]+)"/g)) {
    const link = match[1] ?? match[2] ?? ''
    if (/^[a-z][a-z\d+.-]*:/i.test(link)) continue
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : join(dirname(file), path)
    const place = `${file}:${lineAt(text, match.index)}`
    if (!existsSync(join(tree.root, target))) failures.push(`${place}: ${link} is not there`)
    else if (anchor && target.endsWith('.md') && !anchorsOf(tree.read(target)).has(anchor)) {
      failures.push(`${place}: ${target} has no heading for #${anchor}`)
    }
  }
  return failures
}

/** Checks README.md, the documents, and the docstrings of what is published. */
export async function checkDocs(tree: Tree): Promise<string[]> {
  const documents = tree.files.filter((file) => file.endsWith('.md'))
  const checked = documents.filter((file) => file === 'README.md' || file.startsWith('docs/'))
  const sources = tree.files.filter((file) => /^(?:runtime|transports|gateway)\/.*\.ts$/.test(file))
  const inMarkdown = checked.map((file) => markdownBlocks(file, tree.read(file)))
  const blocks = [
    ...inMarkdown.flatMap((found) => found.blocks),
    ...sources.flatMap((file) => docstringBlocks(file, tree.read(file))),
  ]
  return [
    ...inMarkdown.flatMap((found) => found.failures),
    ...documents.flatMap((file) => checkLinks(tree, file)),
    ...(await checkBlocks(tree.root, blocks)),
  ]
}
