/** The file of a backup, as lines: packed on the way in and out. What goes wrong with it is one sentence. From: `backup.ts`. */
import { createReadStream, createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { StartError } from '#server/start-error.ts'

type Written = { write(line: string): Promise<void>; close(): Promise<void> }

/** Both reject with a StartError once the file cannot take any more. Nothing is left open then. */
export function writeLines(file: string): Written {
  const zip = createGzip()
  const written = pipeline(zip, createWriteStream(file, { flush: true })).catch((error: Error) => {
    throw new StartError(`${file} cannot be written: ${error.message}`)
  })
  // Told by whichever call comes next.
  written.catch(() => {})
  return {
    write: async (line) => {
      if (zip.destroyed) return written
      if (!zip.write(`${line}\n`)) await Promise.race([once(zip, 'drain').catch(() => written), written])
    },
    close: async () => {
      zip.end()
      await written
    },
  }
}

/** @throws StartError while it is read, for a file that cannot be, or is no whole backup */
export async function* readLines(file: string): AsyncGenerator<string> {
  const unzipped = createGunzip()
  const read = pipeline(createReadStream(file), unzipped)
  read.catch(() => {})
  try {
    for await (const line of createInterface({ input: unzipped, crlfDelay: Number.POSITIVE_INFINITY })) yield line
    await read
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${(error as Error).message}`)
  }
}
