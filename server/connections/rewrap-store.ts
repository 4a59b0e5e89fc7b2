/** The sealed rows as a rotation of the master key sees them: bytes and version, nothing of what they are. */
import type { PoolClient } from 'pg'
import { pool } from '#server/db/client.ts'
import type { Sealed } from '#server/connections/vault.ts'

/** Where secrets lie that stay: each of these has the columns `id`, `teamId`, `sealed` and `masterVersion`. */
const TABLES = ['credential', 'task_trigger', 'project_mcp_server'] as const

/** `key` is unique among all of them. */
export type SealedRow = {
  key: string
  table: (typeof TABLES)[number]
  id: string
  teamId: string | null
  sealed: Buffer
  masterVersion: number
}

const SEALED = TABLES.map(
  (table) =>
    `select '${table}|' || id as key, '${table}' as "table", id::text, "teamId", sealed, "masterVersion" from ${table} where sealed is not null`,
).join(' union all ')

/** Rows under a former version, by key. */
export async function findFormer({ current, afterKey, limit }: { current: number; afterKey: string; limit: number }): Promise<SealedRow[]> {
  const { rows } = await pool().query<SealedRow>(
    `select * from (${SEALED}) s where "masterVersion" < $1 and key > $2 order by key limit $3`,
    [current, afterKey, limit],
  )
  return rows
}

/** Only what is still as it was read: a secret that was replaced meanwhile stays. Runs notice nothing, the secret being the same. */
export async function swapSealed({ table, id, sealed, masterVersion }: SealedRow, next: Sealed): Promise<boolean> {
  const { rowCount } = await pool().query(
    `update ${table} set sealed = $4, "masterVersion" = $5 where id::text = $1 and "masterVersion" = $2 and sealed = $3`,
    [id, masterVersion, sealed, next.sealed, next.masterVersion],
  )
  return rowCount === 1
}

/** What still needs a former version. An answer in a guided sign-in is gone within minutes and is waited for. */
export async function countFormer(current: number, db: Pick<PoolClient, 'query'> = pool()): Promise<{ secrets: number; answers: number }> {
  const { rows } = await db.query<{ secrets: number; answers: number }>(
    `select (select count(*)::int from (${SEALED}) s where "masterVersion" < $1) as secrets,
       (select count(*)::int from sign_in where "answerMasterVersion" < $1 and answer is not null and "expiresAt" > now()) as answers`,
    [current],
  )
  return rows[0]!
}

export async function countSecrets(): Promise<number> {
  const { rows } = await pool().query<{ count: number }>(`select count(*)::int as count from (${SEALED}) s`)
  return rows[0]!.count
}

/** Every sealed row, in pages. */
export async function findSealed({ afterKey, limit }: { afterKey: string; limit: number }): Promise<SealedRow[]> {
  return findFormer({ current: 2_147_483_647, afterKey, limit })
}

/**
 * Whoever is about to write a sealed row has written it when this is true, and whoever comes waits for the transaction.
 * False when somebody keeps what they wrote uncommitted for longer than a second: nobody shall queue behind us. The
 * transaction can only be rolled back then.
 */
export async function holdWriters(tx: PoolClient): Promise<boolean> {
  await tx.query("set local lock_timeout = '1s'")
  try {
    await tx.query(`lock table ${TABLES.join(', ')} in share mode`)
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
  await tx.query('set local lock_timeout = 0')
  return true
}

const LOCK_NOT_AVAILABLE = '55P03'

/** One rotation, or one retirement, at a time, of whichever process. */
export const lockMasterKey = (tx: PoolClient) => tx.query('select pg_advisory_xact_lock(7261701)')
