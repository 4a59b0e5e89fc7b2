/**
 * `gatehouse backup`, `gatehouse restore` and `gatehouse restored`: the whole database in one file, taken beside a running server or without
 * one. The master key is not in it: a file that holds both would open every secret.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { demand, readFlags } from '#bin/commands/arguments.ts'
import { readLines, writeLines } from '#bin/commands/backup-file.ts'
import { openOwnDatabase } from '#bin/commands/own-database.ts'
import { renewAllLogs } from '#server/daemons/log-renewal.ts'
import { inTransaction } from '#server/db/client.ts'
import { dumpDatabase, loadDatabase } from '#server/db/dump.ts'
import { env, type Env } from '#server/env.ts'
import { serverOf } from '#server/home.ts'
import { StartError } from '#server/start-error.ts'

const anchorOf = (home: string) => join(home, 'audit.anchor')
const readAnchor = (home: string) => (existsSync(anchorOf(home)) ? readFileSync(anchorOf(home), 'utf8') : null)

export async function backUp(args: string[]): Promise<number> {
  const flags = readFlags(args, { file: { type: 'string' } })
  const own = env()
  const file = resolve(demand(flags.file, 'file'))
  if (existsSync(file)) throw new StartError(`${file} is there already: name another file.`)
  const close = await openOwnDatabase(own)
  try {
    const rows = await writeBackup(own, file)
    console.log(`${file} holds ${rows} rows. ${keyWords(own)} Working directories of chats are not in it either.`)
    return 0
  } finally {
    await close()
  }
}

const keyWords = ({ home, masterKey }: Env) =>
  `It does not hold the master key: keep ${masterKey === null ? join(home, 'master.key') : 'GATEHOUSE_MASTER_KEY'} in another place, since no stored secret opens without it.`

/** Whole or not at all, and readable by its owner alone. */
async function writeBackup({ home }: Env, file: string): Promise<number> {
  const draft = `${file}.partial`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const { write, close } = writeLines(draft)
    // The anchor is read before the rows, so that it is never ahead of them.
    const rows = await dumpDatabase({ anchor: readAnchor(home), write })
    await close()
    renameSync(draft, file)
    return rows
  } catch (error) {
    rmSync(draft, { force: true })
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new StartError(`${file} cannot be written: ${(error as Error).message}`)
  }
}

export async function restore(args: string[]): Promise<number> {
  const flags = readFlags(args, { file: { type: 'string' } })
  const own = env()
  const file = resolve(demand(flags.file, 'file'))
  if (!existsSync(file)) throw new StartError(`There is no file ${file}.`)
  const running = serverOf(own.home)
  if (running !== null) throw new StartError(`A Gatehouse server (process ${running}) uses ${own.home}: stop it first.`)
  const close = await openOwnDatabase(own)
  try {
    const { rows, anchor } = await loadDatabase(readLines(file), renewAllLogs)
    if (anchor !== null) writeFileSync(anchorOf(own.home), anchor, { mode: 0o600 })
    console.log(
      `Restored ${rows} rows. Put the master key that sealed its secrets into ${join(own.home, 'master.key')}, unless it is there already.`,
    )
    return 0
  } finally {
    await close()
  }
}

/** For whoever puts the database back by means of its own: browsers and nodes must not go on from what it no longer holds. */
export async function restored(args: string[]): Promise<number> {
  readFlags(args, {})
  const close = await openOwnDatabase(env())
  try {
    await inTransaction(renewAllLogs)
    console.log('Every chat has a new history: browsers read it anew, and nodes let go of what they ran.')
    return 0
  } finally {
    await close()
  }
}
