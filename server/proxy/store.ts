/** Whose a workspace token is, in one statement: whatever ended the run's right to spend makes the row disappear. */
import { pool, prepared } from '#server/db/client.ts'

export type RunRow = {
  runId: string
  chatId: string
  teamId: string
  projectId: string
  harness: string
  provider: string
  dialect: string
  credentialId: string
  credentialVersion: number
  /** By which the chat reaches the credential, the nearest first. */
  scope: 'project' | 'user' | 'platform'
  /** Whose prompt is under way, else who started the chat. */
  spenderId: string
  /** Why the provider refused the credential; null while it works. */
  brokenCode: string | null
  /** Another one after every change of what its credential says beside the version: the address, the models. */
  credentialState: string
  /** Another one after every change of what the team or the instance says of models. */
  rulesState: string
}

/**
 * The run has not ended, its lease holds, its node may work; the chat's creator, who pays,
 * still belongs to the team; the credential is the version that was pinned and still
 * attached where this chat may use it; and what is personal there serves its owner's prompt,
 * or is shared.
 */
const LIVE_RUN = `
  select r.id as "runId", r."chatId", c."teamId", c."projectId", r.harness, r.provider, r.dialect,
         r."credentialId", r."credentialVersion", a.scope, k."brokenCode",
         coalesce(h."activeBy", c."createdBy") as "spenderId",
         md5(row(k.provider, k."baseUrl", k.dialect, k.models, k."loginRevision", g."listedAt")::text) as "credentialState",
         md5(row(y."setAt", u.rules, u."setAt")::text) as "rulesState"
  from run r
  join chat c on c.id = r."chatId" and c."archivedAt" is null
  join chat_head h on h."chatId" = c.id and h.epoch = r.epoch and h."nodeId" = r."nodeId" and h."leaseUntil" > now()
  join node n on n.id = r."nodeId" and n."disabledAt" is null
  join project p on p.id = c."projectId" and p."archivedAt" is null
  join member m on m."teamId" = c."teamId" and m."userId" = c."createdBy" and m.role <> 'viewer'
  join credential k on k.id = r."credentialId" and k.version = r."credentialVersion" and k."revokedAt" is null and k.kind = 'api-key'
  join lateral (
    select t.scope::text as scope, t."isShared" from attachment t join configuration f on f.id = t."configurationId"
    where f."credentialId" = k.id and t.harness = r.harness and t."isEnabled"
      and (t."projectId" = c."projectId" or (t."userId" = c."createdBy" and t."teamId" = c."teamId") or t.scope = 'platform')
    order by t.scope limit 1
  ) a on true
  left join model_listing g on g."credentialId" = k.id and g.version = k.version
  left join model_policy y on y."teamId" = c."teamId"
  join lateral (
    select count(*) as rules, sum(extract(epoch from "setAt")) as "setAt" from model_rule where "scopeKey" in (c."teamId", 'platform')
  ) u on true
  where r."endedAt" is null and r.provider is not null and r.dialect is not null
    and (a.scope <> 'user' or a."isShared" or coalesce(h."activeBy", c."createdBy") = c."createdBy")`

const BY_TOKEN = prepared('live-run-by-token', `${LIVE_RUN} and r."wstokenHash" = $1`)
const BY_ID = prepared('live-runs-by-id', `${LIVE_RUN} and r.id = any($1::uuid[])`)

export async function findLiveRun(wstokenHash: Buffer): Promise<RunRow | null> {
  const { rows } = await pool().query<RunRow>(BY_TOKEN([wstokenHash]))
  return rows[0] ?? null
}

/** Of these runs, those that may still spend, by id. */
export async function findLiveRuns(runIds: readonly string[]): Promise<ReadonlyMap<string, RunRow>> {
  const { rows } = await pool().query<RunRow>(BY_ID([runIds]))
  return new Map(rows.map((row) => [row.runId, row]))
}
