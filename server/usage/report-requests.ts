/** Requests one by one, as a report's span and filter narrow them: for the page and for files. Covered as in `report-store.ts`. */
import { csvLine } from '#core/csv.ts'
import { filterable, PRIVATE, type Dimension, type Filterable } from '#core/usage/dimensions.ts'
import { cacheShare, type UsageSums } from '#core/usage/sums.ts'
import { isSeenBy } from '#server/access/chat-privacy.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { pool } from '#server/db/client.ts'
import { namesOf, sumBy, type Asked } from '#server/usage/report-store.ts'

export type RequestRow = {
  usageRecordId: string
  startedAt: string
  projectId: string
  projectName: string | null
  /** Null where the reader may not read the chat; so are who prompted, the model and the credential. */
  chatId: string | null
  chatTitle: string | null
  userName: string | null
  model: string | null
  credentialName: string | null
  harness: string
  provider: string
  outcome: string
  status: number | null
  pricing: 'priced' | 'unpriced' | 'subscription'
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  reasoningTokens: number
  costMicros: number | null
  firstByteMs: number | null
  durationMs: number | null
}

const covered = (column: string) => `case when c.id is null then '${PRIVATE}' else ${column} end`
const columns: Readonly<Record<Filterable, string>> = {
  project: 'u."projectId"',
  member: covered(`coalesce(u."userId", '')`),
  harness: 'u.harness',
  provider: 'u.provider',
  model: covered(`coalesce(u.model, '')`),
  chat: covered('u."chatId"::text'),
  credential: covered('u."credentialId"'),
}

export type RequestPage = { requests: RequestRow[]; nextCursor: string | null }

/** The newest first. `cursor` is the `nextCursor` of the page before; what is none of those begins at the newest. */
export async function findRequests(
  scope: TeamScope,
  { from, to, filter }: Asked,
  { cursor, limit }: { cursor: string | null; limit: number },
): Promise<RequestPage> {
  const [at, id] = /^(\d{4}-\d\d-\d\dT[\d:.]{12}Z)_([\da-f-]{36})$/.exec(cursor ?? '')?.slice(1) ?? [null, null]
  const values: unknown[] = [scope.teamId, scope.userId, from, to, at, id]
  const narrowed = filterable.flatMap((each) => {
    const value = filter[each]
    if (value === undefined) return []
    const place = `$${values.push(value)}`
    // In the words of its index; the rest is covered like any other.
    const byIndex = each === 'chat' && /^[\da-f-]{36}$/.test(value) ? ` and u."chatId" = ${place}::text::uuid` : ''
    return [`and ${columns[each]} = ${place}${byIndex}`]
  })
  const { rows } = await pool().query(
    `select u.id as "usageRecordId", u."startedAt", u."projectId", p.name as "projectName", case when c.id is not null then w.name end as "userName",
            c.id as "chatId", c.title as "chatTitle", case when c.id is not null then u.model end as model,
            case when c.id is not null then k.name end as "credentialName", u.harness, u.provider, u.outcome::text, u.status,
            case when u."costMicros" is not null then 'priced' when u.via = 'login' then 'subscription' else 'unpriced' end as pricing,
            u."inputTokens", u."outputTokens", u."cacheReadTokens", u."cacheWriteTokens", u."reasoningTokens",
            u."costMicros"::float8 as "costMicros", u."firstByteMs", u."durationMs"
     from usage_record u
     left join chat c on c.id = u."chatId" and ${isSeenBy('$2')}
     left join project p on p.id = u."projectId"
     left join "user" w on w.id = u."userId"
     left join credential k on k.id = u."credentialId"
     where u."teamId" = $1 and u."startedAt" >= $3::date::timestamp at time zone 'UTC' and u."startedAt" < ($4::date + 1)::timestamp at time zone 'UTC'
       and ($5::timestamptz is null or (u."startedAt", u.id) < ($5::timestamptz, $6::uuid)) ${narrowed.join(' ')}
     order by u."startedAt" desc, u.id desc limit ${limit + 1}`,
    values,
  )
  const requests = rows.slice(0, limit).map((row): RequestRow => ({ ...row, startedAt: row.startedAt.toISOString() }))
  const last = requests.at(-1)
  return { requests, nextCursor: rows.length > limit && last ? `${last.startedAt}_${last.usageRecordId}` : null }
}

type FilePage = { contents: string; nextCursor: string | null }

const dollars = (micros: number | null): string | null => (micros === null ? null : (micros / 1_000_000).toFixed(6))

const REQUEST_HEADINGS = [
  'startedAt',
  'project',
  'member',
  'chat',
  'chatId',
  'harness',
  'provider',
  'model',
  'credential',
  'outcome',
  'status',
]
const TOKEN_HEADINGS = ['inputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens']

/** Lines of CSV, the newest request first; pages are joined as they are, and the first one has the headings. */
export async function exportRequests(scope: TeamScope, asked: Asked, page: { cursor: string | null; limit: number }): Promise<FilePage> {
  const { requests, nextCursor } = await findRequests(scope, asked, page)
  const headings = [...REQUEST_HEADINGS, ...TOKEN_HEADINGS, 'pricing', 'costUsd', 'firstByteMs', 'durationMs', 'usageRecordId']
  return { contents: (page.cursor === null ? csvLine(headings) : '') + requests.map(toLine).join(''), nextCursor }
}

function toLine(row: RequestRow): string {
  return csvLine([
    row.startedAt,
    row.projectName,
    row.chatId === null ? PRIVATE : row.userName,
    row.chatId === null ? PRIVATE : row.chatTitle,
    row.chatId,
    row.harness,
    row.provider,
    row.chatId === null ? PRIVATE : row.model,
    row.chatId === null ? PRIVATE : row.credentialName,
    row.outcome,
    row.status,
    row.inputTokens,
    row.cacheReadTokens,
    row.cacheWriteTokens,
    row.outputTokens,
    row.reasoningTokens,
    row.pricing,
    dollars(row.costMicros),
    row.firstByteMs,
    row.durationMs,
    row.usageRecordId,
  ])
}

/** More groups than a team has chats. */
const MOST_GROUPS = 100_000

/** The table of a report, with every row it has. */
export async function exportSums(scope: TeamScope, asked: Asked, by: Dimension): Promise<FilePage> {
  const { rows } = await sumBy(scope, asked, { by, before: null, limit: MOST_GROUPS })
  const names = await namesOf(
    scope,
    by,
    rows.map((row) => row.key),
  )
  const headings = [
    by,
    `${by}Id`,
    'requests',
    ...TOKEN_HEADINGS,
    'cacheShare',
    'costUsd',
    'unpricedRequests',
    'subscriptionTurns',
    'lostRequests',
  ]
  const line = (row: UsageSums & { key: string }) => {
    const share = cacheShare(row)
    const tokens = [row.inputTokens, row.cacheReadTokens, row.cacheWriteTokens, row.outputTokens, row.reasoningTokens]
    // Where nothing has a price, no number says what it cost.
    const cost = row.costMicros === 0 && row.unpricedRequests + row.subscriptionTurns > 0 ? null : dollars(row.costMicros)
    const apart = [row.unpricedRequests, row.subscriptionTurns, row.lostRequests]
    return csvLine([names[row.key] ?? row.key, row.key, row.requests, ...tokens, share === null ? null : share.toFixed(4), cost, ...apart])
  }
  return { contents: csvLine(headings) + rows.map(line).join(''), nextCursor: null }
}
