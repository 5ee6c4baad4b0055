// Straight-line arithmetic as lists of statements, so that independent computations can be woven into one another.

/** A computation without branches, as AssemblyScript. Its parts run in this order. */
export interface Kernel {
  /** Reads the operands and prepares multiples of them. */
  readonly before: readonly string[]
  /** The sums of products, a statement or two for each. */
  readonly columns: readonly string[]
  /** Carries: afterwards the results are in locals. */
  readonly after: readonly string[]
}

/** All statements of a kernel in order. */
export function statements({ before, columns, after }: Kernel): string[] {
  return [...before, ...columns, ...after]
}

/**
 * Merges lists of statements that do not depend on one another. Each keeps its order and advances in proportion to its length.
 *
 * Why: the units for vectors and for integers work side by side only if their instructions are near each other, and a compiler
 * does not move them far. V8 does reorder what has no effects: columns that are stored when they are summed stay where they are.
 */
export function weave(...lists: readonly (readonly string[])[]): string[] {
  const queues = lists.map((list) => ({ list, next: 0, done: 0, total: list.join('').length }))
  const woven: string[] = []
  for (;;) {
    let first: (typeof queues)[number] | undefined
    let firstProgress = Number.POSITIVE_INFINITY
    for (const queue of queues) {
      const statement = queue.list[queue.next]
      if (statement === undefined) continue
      const progress = (queue.done + statement.length / 2) / queue.total
      if (progress < firstProgress) [first, firstProgress] = [queue, progress]
    }
    const statement = first?.list[first.next]
    if (!first || statement === undefined) return woven
    woven.push(statement)
    first.next++
    first.done += statement.length
  }
}
