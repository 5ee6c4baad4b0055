// Breaks one thing on one line of AssemblyScript, in each way that a hand could: what a suite must notice.

export interface Mutation {
  /** From the root of the repository. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly before: string
  readonly after: string
}

/** What replaces an operator: never what gives the same where bits do not overlap, as + and | do. */
const operators: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '+',
  '&': '|',
  '|': '&',
  '^': '&',
  '<<': '>>>',
  '>>': '<<',
  '>>>': '<<',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '+=': '-=',
  '-=': '+=',
  '*=': '+=',
  '^=': '&=',
  '|=': '&=',
  '&=': '|=',
  '<<=': '>>>=',
  '>>>=': '<<=',
  '>>=': '<<=',
}

/** The same for what is called: instructions of vectors, and the functions that stand for instructions. */
const calls: Readonly<Record<string, string>> = {
  add: 'sub',
  sub: 'add',
  mul: 'add',
  xor: 'and',
  or: 'and',
  and: 'or',
  andnot: 'and',
  shl: 'shr_u',
  shr_u: 'shl',
  shr_s: 'shl',
  rotl: 'rotr',
  rotr: 'rotl',
  extmul_low_i32x4_u: 'extmul_high_i32x4_u',
  extmul_high_i32x4_u: 'extmul_low_i32x4_u',
  true: 'false',
  false: 'true',
}

/** An operator stands between spaces: Biome writes it so. A generic argument does not. */
const operator = / (<<=|>>>=|>>=|[-+*^|&]=|<<|>>>|>>|<=|>=|==|!=|&&|\|\||[-+*&|^<>]) /g
const call = /\b(add|sub|mul|xor|or|and|andnot|shl|shr_[us]|rot[lr]|extmul_(?:low|high)_i32x4_u|true|false)\b/g
const number = /(?<![\w.])(0x[0-9a-fA-F_]+|[0-9][0-9_]*)(?!\w)/g
const negated = /(?<=[(,=&|] ?)[-~](?=[\w(])/g
/** A call or an assignment that ends where it begins: `wipe(H, 24)`, `h2 &= MASK`. */
const statement = /^\s*(?:[\w.<>]+\(.*\)|\w+ (?:[-+*^|&]|<<|>>>?)?= .*[^,({[])$/

/** The number with its last bit turned, or the next one: a limb is as wide as a rotation is far. */
function neighbour(text: string): string {
  const value = BigInt(text.replaceAll('_', '')) ^ 1n
  return text.startsWith('0x') ? `0x${value.toString(16)}` : value.toString()
}

/** Lists the lines that hold code, with their comments cut off, by their index. */
function codeLines(lines: readonly string[]): (readonly [index: number, code: string])[] {
  let inComment = false
  let inImport = false
  return lines.flatMap((text, index) => {
    const trimmed = text.trim()
    const begins = trimmed.startsWith('/*')
    const hidden = inComment || begins || inImport || /^(import|export \{|\/\/|@)/.test(trimmed)
    inComment = (inComment || begins) && !trimmed.includes('*/')
    inImport = (inImport || /^(import|export) \{/.test(trimmed)) && !trimmed.includes('}')
    return hidden || trimmed === '' ? [] : [[index, text.replace(/ \/\/ .*$/, '')] as const]
  })
}

function isBalanced(text: string): boolean {
  let depth = 0
  for (const character of text) {
    if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
    if (depth < 0) return false
  }
  return depth === 0
}

/** Where a statement begins: behind one that ended, not inside an expression that goes over several lines. */
function beginsStatement(before: string | undefined): boolean {
  return before === undefined || !/[-+*^|&<>=,(?:]$/.test(before.trim())
}

/** Lists every mutation of a file. */
export function mutationsOf(file: string, source: string): Mutation[] {
  const lines = source.split('\n')
  const mutations: Mutation[] = []
  let previous: string | undefined
  for (const [index, code] of codeLines(lines)) {
    const add = (after: string): void => {
      mutations.push({ file, line: index + 1, before: code, after })
    }
    const replaceEach = (pattern: RegExp, replacement: (found: string) => string | undefined): void => {
      for (const match of code.matchAll(pattern)) {
        const found = match[1] ?? match[0]
        const to = replacement(found)
        const at = match.index + match[0].indexOf(found)
        if (to !== undefined) add(code.slice(0, at) + to + code.slice(at + found.length))
      }
    }
    // Room for state: a larger one is as good. What stands in it is another matter.
    const isRoom = /memory\.data\(/.test(code)
    // In a signature `|` and numbers belong to types.
    const isSignature = /^(export )?(function|declare|type)\b/.test(code)
    if (!isRoom && !isSignature) {
      replaceEach(operator, (found) => operators[found])
      replaceEach(call, (found) => calls[found])
      replaceEach(number, neighbour)
      replaceEach(negated, () => '')
      if (statement.test(code) && isBalanced(code) && beginsStatement(previous)) add('')
    }
    previous = code
  }
  return mutations
}

/** The source with a mutation. */
export function mutated(source: string, { line, after }: Mutation): string {
  const lines = source.split('\n')
  lines[line - 1] = after
  return lines.join('\n')
}

/** Draws `count`, from each file in turn, so that long files do not push short ones out. */
export function sampled(mutations: readonly Mutation[], count: number, below: (bound: number) => number): Mutation[] {
  const names = [...new Set(mutations.map(({ file }) => file))]
  const files = names.map((name) => mutations.filter(({ file }) => file === name))
  const chosen: Mutation[] = []
  while (chosen.length < count && files.some((left) => left.length > 0)) {
    for (const left of files) {
      if (left.length > 0 && chosen.length < count) chosen.push(...left.splice(below(left.length), 1))
    }
  }
  return chosen
}
