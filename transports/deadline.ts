import type { Timer } from '../runtime/world.ts'

/** Waits for `task`, and no longer than `limitMs`; tells whether it has ended. It may go on after that. */
export async function endsWithin(task: Promise<unknown>, limitMs: number, timer: Timer): Promise<boolean> {
  let cancel: () => void = () => undefined
  const late = new Promise<boolean>((resolve) => {
    cancel = timer(limitMs, () => resolve(false))
  })
  try {
    return await Promise.race([task.then(() => true), late])
  } finally {
    cancel()
  }
}
