/**
 * `gatehouse rotate-key`: a new version of the master key, and every credential under it. Beside a running server the
 * server does the work and this tells how far it is; without one it is done here. To interrupt it harms nothing.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { readFlags } from '#bin/commands/arguments.ts'
import { openOwnDatabase } from '#bin/commands/own-database.ts'
import { writeAnchor } from '#server/audit/anchor.ts'
import { fingerprintEntry, masterKeyFile } from '#server/connections/master-key.ts'
import { countFormer } from '#server/connections/rewrap-store.ts'
import { retireFormerVersions, rewrapAll, rotateMasterKey } from '#server/connections/rotation.ts'
import { masterKeys } from '#server/connections/vault.ts'
import { env, type Env } from '#server/env.ts'
import { serverOf } from '#server/home.ts'
import { StartError } from '#server/start-error.ts'

const LOOK_EVERY_MS = 500
/** A server looks every two seconds; one that moves nothing for so long has something else to tell, in its log. */
const PATIENCE_MS = 60_000

export async function rotateKey(args: string[]): Promise<number> {
  readFlags(args, {})
  const own = env()
  if (own.masterKey !== null) throw new StartError(howToRotateVariable())
  const close = await openOwnDatabase(own)
  try {
    const version = await rotateMasterKey(own)
    console.log(`Version ${version} of the master key is in ${masterKeyFile(own.home)} and seals from now on. Make a backup of that file.`)
    const left = serverOf(own.home) === null ? await rewrapHere(own) : await watchServer()
    await writeAnchor(own.home)
    if (left === 0) return 0
    console.log(
      `${countOf(left)} cannot be read with any version. The former versions are kept until these are reconnected or disconnected.`,
    )
    return 1
  } finally {
    await close()
  }
}

const countOf = (credentials: number) => (credentials === 1 ? '1 credential' : `${credentials} credentials`)

async function rewrapHere(own: Env): Promise<number> {
  const so = await rewrapAll({ onProgress: ({ moved, left }) => console.log(`${countOf(moved)} done, ${left} to go.`) })
  // With a database of our own nobody else can be about to write; servers on another one are given their time.
  const isAlone = own.databaseUrl === null
  if (so.left === 0 && isAlone && (await retireFormerVersions({ home: own.home, graceMs: 0 })))
    console.log('Every credential is under it, and the former versions are retired.')
  else if (so.left === 0) console.log('Every credential is under it. The next server that runs retires the former versions.')
  return so.left
}

async function watchServer(): Promise<number> {
  const { current } = masterKeys()
  let before = -1
  for (let quietMs = 0; quietMs < PATIENCE_MS; quietMs += LOOK_EVERY_MS) {
    const { secrets } = await countFormer(current)
    if (secrets === 0) {
      console.log('Every credential is under it. The running server retires the former versions within a minute.')
      return 0
    }
    if (secrets !== before) {
      console.log(`${countOf(secrets)} to go.`)
      before = secrets
      quietMs = 0
    }
    await pause(LOOK_EVERY_MS)
  }
  return before
}

const howToRotateVariable = () => {
  const { current, fingerprintKey } = masterKeys()
  const next = current + 1
  return `The master key comes from GATEHOUSE_MASTER_KEY, which this command cannot change. To rotate it:
  1. Make a key: openssl rand -base64 32
  2. Set GATEHOUSE_MASTER_KEY on every server to the keys with their versions, the new one last: ${next - 1}:FORMER,${next}:NEW
  3. Restart the servers. They rewrap every credential in the background and say in their log when they are done.
  4. Take the former one out and restart. What follows the new one keeps fingerprints of secrets comparable, and is secret too:
     ${next}:NEW,${fingerprintEntry(fingerprintKey)}
Everybody signs in again after each change of the variable.`
}
