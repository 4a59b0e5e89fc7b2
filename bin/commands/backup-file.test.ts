import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readLines, writeLines } from '#bin/commands/backup-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-backup-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'backup')
const lines = Array.from({ length: 5_000 }, (_, number) => `line ${number} ${Math.sin(number)}`)
const write = async (to: string) => {
  const { write, close } = writeLines(to)
  for (const line of lines) await write(line)
  await close()
}
const read = async (from: string) => {
  const got: string[] = []
  for await (const line of readLines(from)) got.push(line)
  return got
}

it('gives back the lines that it took', async () => {
  await write(file)
  expect(await read(file)).toEqual(lines)
})

it('says in a sentence that a file cannot be written: a full disk, a folder', async () => {
  for (const [to, why] of [
    ['/dev/full', 'ENOSPC'],
    [folder, 'EISDIR'],
    [join(folder, 'nowhere', 'backup'), 'ENOENT'],
  ] as const)
    await expect(write(to)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(`^${to} cannot be written: ${why}`),
    })
})

it('says in a sentence that a file cannot be read: a folder, half of one, something else', async () => {
  const refused = (from: string, why: string) =>
    expect(read(from)).rejects.toMatchObject({ name: 'StartError', message: expect.stringMatching(`^${from} cannot be read: ${why}`) })
  await refused(folder, 'EISDIR')
  await refused(join(folder, 'nowhere'), 'ENOENT')
  await write(file)
  writeFileSync(file, readFileSync(file).subarray(0, 20_000))
  await refused(file, 'unexpected end of file')
  writeFileSync(file, 'no backup')
  await refused(file, 'incorrect header check')
})
