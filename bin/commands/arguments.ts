/** Flags of a command, with a sentence for what is wrong about them. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { StartError } from '#server/start-error.ts'

/** @throws StartError naming the flag */
export function readFlags<T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: false }).values
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message.split('\n')[0]! : String(error))
  }
}

export function demand(value: string | undefined, flag: string): string {
  if (value === undefined || value.trim() === '') throw new StartError(`--${flag} is missing.`)
  return value
}
