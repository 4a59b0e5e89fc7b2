/** Options of a benchmark that are numbers: `--chats 20`. */
import { parseArgs } from 'node:util'
import { UsageError } from '#bin/bench/benchmark.ts'

export function readNumbers<T extends Record<string, number>>(args: string[], usual: T): T & { jsonFile: string | null } {
  const names = Object.keys(usual)
  try {
    const { values } = parseArgs({
      args,
      options: Object.fromEntries([...names, 'json'].map((name) => [name, { type: 'string' as const }])),
    })
    const given = names.map((name) => [name, values[name] === undefined ? usual[name] : Number(values[name])] as const)
    const wrong = given.find(([, value]) => !Number.isFinite(value) || value! <= 0)
    if (wrong) throw new UsageError(`--${wrong[0]} takes a number above zero.`)
    return { ...(Object.fromEntries(given) as T), jsonFile: (values['json'] as string | undefined) ?? null }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${(error as Error).message}\nOptions: ${names.map((name) => `--${name} ${usual[name]}`).join(' ')} --json FILE`)
  }
}
