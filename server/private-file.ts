/** A file of the data folder that holds a secret: made once, whole or not at all, and readable by us alone. */
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StartError } from '#server/start-error.ts'

/**
 * What the file holds; the first call makes it.
 * @throws StartError when it can neither be read nor made
 */
export function readOrCreate(file: string, make: () => string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new StartError(`${file} cannot be read: ${(error as Error).message}`)
  }
  create(file, make())
  return readFileSync(file, 'utf8')
}

/** Two processes of a first start may meet here: the file appears whole, and the first one wins. */
function create(file: string, contents: string): void {
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(draft, contents, { mode: 0o600, flush: true })
    chmodSync(draft, 0o600)
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new StartError(`${file} cannot be created: ${(error as Error).message}`)
  } finally {
    rmSync(draft, { force: true })
  }
}
