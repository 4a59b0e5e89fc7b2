/**
 * Rotation of the master key: a version is added by the command line, the running server
 * takes it up (`master-key.ts`), rewraps every row in the background in small batches, and
 * retires the former versions once nothing needs them. A kill at any moment leaves rows that
 * open with the old key and rows that open with the new one; the next start goes on.
 */
import { statSync } from 'node:fs'
import { setImmediate as breathe } from 'node:timers/promises'
import { record } from '#server/audit/service.ts'
import { addVersion, dropFormerVersions, masterKeyFile } from '#server/connections/master-key.ts'
import * as store from '#server/connections/rewrap-store.ts'
import { masterKeys, vault, type Place } from '#server/connections/vault.ts'
import { inTransaction } from '#server/db/client.ts'
import { log } from '#server/log.ts'

const BATCH = 50
const LOOK_EVERY_MS = 2_000
/** A secret that was sealed just before the new version came is in its row by then. */
const GRACE_MS = 30_000

const placeOf = ({ table, id, teamId }: store.SealedRow): Place => ({ table, rowId: id, teamId, field: 'sealed' })

export type Rewrapped = { moved: number; unreadable: number; left: number }

/** Adds a version to the key file; it seals from now on, in every process of this home. */
export async function rotateMasterKey({ home }: { home: string }): Promise<number> {
  return inTransaction(async (tx) => {
    await store.lockMasterKey(tx)
    const version = addVersion(home)
    const subject = { kind: 'key', id: String(version) } as const
    await record(tx, { teamId: null, actorId: null, act: 'key.rotated', subject, facts: { version } })
    return version
  })
}

/** One pass over everything under a former version. `goOn` false ends it after the row at hand. */
export async function rewrapAll({
  goOn = () => true,
  onProgress = () => {},
  batch = BATCH,
}: { goOn?: () => boolean; onProgress?: (so: Rewrapped) => unknown; batch?: number } = {}): Promise<Rewrapped> {
  const { current } = masterKeys()
  const so = { moved: 0, unreadable: 0, left: (await store.countFormer(current)).secrets }
  for (let afterKey = ''; goOn();) {
    const rows = await store.findFormer({ current, afterKey, limit: batch })
    if (rows.length === 0) break
    for (const row of rows) {
      if (!goOn()) return so
      const next = vault().rewrap(placeOf(row), row)
      if (next === null) so.unreadable += 1
      else if (await store.swapSealed(row, next)) so.moved += 1
      await breathe()
    }
    afterKey = rows.at(-1)!.key
    so.left = (await store.countFormer(current)).secrets
    onProgress({ ...so })
  }
  return so
}

/**
 * Drops the former versions if nothing needs them any more. A row that no key opens keeps them: whoever lost a key may
 * find it, and then these rows say which.
 */
export async function retireFormerVersions({ home, graceMs }: { home: string; graceMs: number }): Promise<boolean> {
  const { current, byVersion } = masterKeys()
  if (byVersion.size === 1 || Date.now() - statSync(masterKeyFile(home)).mtimeMs < graceMs) return false
  return inTransaction(async (tx) => {
    await store.lockMasterKey(tx)
    if (!(await store.holdWriters(tx))) return false
    const { secrets, answers } = await store.countFormer(current, tx)
    if (secrets + answers > 0 || masterKeys().current !== current) return false
    const former = [...byVersion.keys()].filter((version) => version !== current)
    for (const version of former) {
      const subject = { kind: 'key', id: String(version) } as const
      await record(tx, { teamId: null, actorId: null, act: 'key.retired', subject, facts: { version } })
    }
    dropFormerVersions(home)
    log.info({ retired: former, current }, 'Retired former versions of the master key')
    return true
  })
}

/** Looks after rotations for as long as the server runs. Returns what stops it, after the row at hand. */
export function startRotation({ home, masterKey }: { home: string; masterKey: string | null }): () => Promise<void> {
  let isStopping = false
  let told = ''
  const look = async () => {
    const { current, byVersion } = masterKeys()
    if (byVersion.size === 1) return
    const so = await rewrapAll({
      goOn: () => !isStopping,
      onProgress: (now) => now.moved > 0 && log.info({ ...now, current }, 'Rewrapping credentials'),
    })
    if (so.unreadable > 0 && told !== `${current} ${so.unreadable}`) {
      told = `${current} ${so.unreadable}`
      log.warn({ unreadable: so.unreadable }, 'Credentials that no master key opens keep its former versions: reconnect or disconnect them')
    }
    if (so.left === 0 && masterKey === null && !isStopping) await retireFormerVersions({ home, graceMs: GRACE_MS })
    if (so.left === 0 && masterKey !== null && told !== `${current} done`) {
      told = `${current} done`
      log.info({ current }, 'Every credential is under the current version: the former ones can be taken out of GATEHOUSE_MASTER_KEY')
    }
  }
  let isBusy = true
  const begin = (job: () => Promise<void>) => {
    isBusy = true
    return job()
      .catch((error: unknown) => log.error({ err: error }, 'The rotation of the master key could not go on'))
      .finally(() => (isBusy = false))
  }
  let work = begin(warnOfUnreadable)
  const timer = setInterval(() => {
    if (!isBusy) work = begin(look)
  }, LOOK_EVERY_MS)
  return async () => {
    isStopping = true
    clearInterval(timer)
    await work
  }
}

/** With another key than the one that sealed them the server starts all the same, and people are told at each connection. */
async function warnOfUnreadable(): Promise<void> {
  const unreadable = await countUnreadable()
  if (unreadable === 0) return
  log.warn(
    { unreadable, of: await store.countSecrets() },
    'Stored credentials cannot be read with this master key: bring the right one back, or reconnect them',
  )
}

async function countUnreadable(): Promise<number> {
  let unreadable = 0
  for (let afterKey = ''; ;) {
    const rows = await store.findSealed({ afterKey, limit: 500 })
    if (rows.length === 0) return unreadable
    unreadable += rows.filter((row) => vault().rewrap(placeOf(row), row) === null).length
    afterKey = rows.at(-1)!.key
    await breathe()
  }
}
