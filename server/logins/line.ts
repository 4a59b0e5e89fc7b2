/**
 * Who waits for a login waits here, in this process, and only the first of a line takes a database connection to wait
 * with for the other processes: ten runs on one login must not take the pool from everybody else.
 */
const ENDS_MAX = 4

const lines = new Map<string, Promise<void>>()
let open = 0
const waiting: (() => void)[] = []

/** One at a time for each key, and at most four keys at a time. */
export function inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
  const mine = (lines.get(key) ?? Promise.resolve()).then(() => atMostFour(work))
  const over = mine.then(
    () => {},
    () => {},
  )
  lines.set(key, over)
  void over.then(() => {
    if (lines.get(key) === over) lines.delete(key)
  })
  return mine
}

async function atMostFour<T>(work: () => Promise<T>): Promise<T> {
  if (open >= ENDS_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
  else open += 1
  try {
    return await work()
  } finally {
    // The place goes to the next one, or is free.
    const next = waiting.shift()
    if (next) next()
    else open -= 1
  }
}
