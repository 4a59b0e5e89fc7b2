/** What providers said last that they serve: one row per credential that was asked with. */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'
import { pool } from '#server/db/client.ts'

export type ListedModel = { id: string; name: string | null }

export type Listing = {
  credentialId: string
  models: ListedModel[]
  /** When it answered last; null when it never did. */
  listedAt: Date | null
  /** When it was asked last, and why it did not answer then. */
  askedAt: Date
  failureCode: string | null
}

const Models = z.array(z.object({ id: z.string(), name: z.string().nullable() })).catch([])

type Pinned = { credentialId: string; version: number }

/** The ids alone; null when there is no answer to this version of the credential, or an empty one. */
export async function findListed({ credentialId, version }: Pinned): Promise<readonly string[] | null> {
  const { rows } = await pool().query<{ models: unknown }>(
    'select models from model_listing where "credentialId" = $1 and version = $2 and "listedAt" is not null',
    [credentialId, version],
  )
  const ids = Models.parse(rows[0]?.models).map(({ id }) => id)
  return ids.length > 0 ? ids : null
}

/** Those that still speak of what is in the credential now. */
export async function findListings(credentialIds: readonly string[]): Promise<Map<string, Listing>> {
  const { rows } = await pool().query<Omit<Listing, 'models'> & { models: unknown }>(
    `select l."credentialId", l.models, l."listedAt", l."askedAt", l."failureCode"
     from model_listing l join credential k on k.id = l."credentialId" and k.version = l.version
     where l."credentialId" = any($1)`,
    [credentialIds],
  )
  return new Map(rows.map((row) => [row.credentialId, { ...row, models: Models.parse(row.models) }]))
}

/** A failure leaves what was answered before, unless that was another secret's. */
export async function writeListing(
  { credentialId, version }: Pinned,
  found: { models: readonly ListedModel[] } | { code: FailureCode },
): Promise<void> {
  const [models, code] = 'models' in found ? [JSON.stringify(found.models), null] : [null, found.code]
  await pool().query(
    `insert into model_listing ("credentialId", version, models, "listedAt", "askedAt", "failureCode")
     select k.id, $2, coalesce($3::jsonb, '[]'), case when $3::jsonb is null then null else now() end, now(), $4
     from credential k where k.id = $1 and k.version = $2
     on conflict ("credentialId") do update set
       models = case when $3::jsonb is not null then excluded.models
                     when model_listing.version = excluded.version then model_listing.models else '[]' end,
       "listedAt" = case when $3::jsonb is not null then now()
                         when model_listing.version = excluded.version then model_listing."listedAt" end,
       version = excluded.version, "askedAt" = now(), "failureCode" = excluded."failureCode"`,
    [credentialId, version, models, code],
  )
}
