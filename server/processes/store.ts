/** Which server processes live, by the database's clock alone. */
import { pool } from '#server/db/client.ts'

/** @returns false when others have given it up */
export async function beat(processId: string): Promise<boolean> {
  const { rowCount } = await pool().query(
    `insert into server_process (id) values ($1)
     on conflict (id) do update set "beatAt" = now() where server_process."diedAt" is null`,
    [processId],
  )
  return rowCount === 1
}

export type DeadProcess = { processId: string; beatAt: Date; wasKnown: boolean }

/** Marks those that have not been heard of for so long, and keeps them for an hour: one may have gone on for a moment. */
export async function findDead({ silentMs }: { silentMs: number }): Promise<DeadProcess[]> {
  await pool().query(`delete from server_process where "diedAt" < now() - interval '1 hour'`)
  const { rows } = await pool().query<DeadProcess>(
    `select id as "processId", "beatAt", "diedAt" is not null as "wasKnown" from server_process
     where "beatAt" < now() - make_interval(secs => $1) order by id`,
    [silentMs / 1_000],
  )
  return rows
}

export async function markDead(processId: string): Promise<void> {
  await pool().query('update server_process set "diedAt" = now() where id = $1 and "diedAt" is null', [processId])
}

export async function removeProcess(processId: string): Promise<void> {
  await pool().query('delete from server_process where id = $1', [processId])
}
