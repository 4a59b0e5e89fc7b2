/**
 * Whether what the database holds keeps the promises of the log, by its own word: rows are held against heads, leases, commands
 * and what lies beside the log. For `gatehouse check-log`, and once a day for the server that is first.
 * What only several parties can tell (agents, browsers) `npm run chaos` checks.
 */
import type { ChatId } from '#core/ids.ts'
import { repeatedly } from '#server/chats/rewriting.ts'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { logFaults } from '#server/metrics.ts'

const CHATS_AT_ONCE = 100
const LOOK_EVERY_MS = 900_000
const MAX_TOLD = 20

export type LogFault = { chatId: ChatId; rule: keyof typeof rules; what: string }

/** Each selects `"chatId"` and `what` of the chats $1, in one statement: what is appended meanwhile is in all of it or in none. */
const rules = {
  'seq is contiguous, up to the head': `
    select e."chatId", format('after %s comes %s-%s', before, "seqFrom", seq) as what
    from (select *, lag(seq, 1, 0::bigint) over (partition by "chatId" order by seq) as before from chat_event where "chatId" = any($1)) e
    where "seqFrom" <> before + 1 or "seqFrom" > seq
    union all
    select h."chatId", format('the head says %s, the last row %s', h.head, coalesce(max(e.seq), 0))
    from chat_head h left join chat_event e on e."chatId" = h."chatId" where h."chatId" = any($1)
    group by h."chatId" having h.head <> coalesce(max(e.seq), 0)`,

  // A merged row stands for as many producer numbers as for numbers of the log; up to the floor nothing is said of them.
  'each producer number is stored once, in order': `
    with numbered as (
      select e."chatId", e.epoch, e.seq, e.pseq - (e.seq - e."seqFrom") as first, e.pseq as last,
             lag(e.pseq) over (partition by e."chatId", e.epoch order by e.seq) as before
      from chat_event e join chat_head h on h."chatId" = e."chatId"
      where e."chatId" = any($1) and e.epoch is not null and e.seq > h.floor)
    select n."chatId", format('at %s, epoch %s: %s is followed by %s', n.seq, n.epoch, coalesce(n.before, 0), n.first) as what
    from numbered n join chat_head h on h."chatId" = n."chatId"
    where n.first <> coalesce(n.before, 0) + 1 and not (n.before is null and h.floor > 0)
    union all
    select f."chatId", format('epoch %s ended at %s, the log has %s', f.epoch, f.final, coalesce(l.last, 0))
    from (select "chatId", epoch, "finalPseq" as final from lease_log where "chatId" = any($1)
          union all select "chatId", epoch, pseq from chat_head where "chatId" = any($1)) f
    join chat_head h on h."chatId" = f."chatId"
    left join (select "chatId", epoch, max(last) as last from numbered group by 1, 2) l on l."chatId" = f."chatId" and l.epoch = f.epoch
    where f.final <> coalesce(l.last, 0) and not (l.last is null and h.floor > 0)`,

  'epochs never go back': `
    select "chatId", format('at %s: epoch %s after %s', seq, epoch, before) as what
    from (select *, lag(epoch) over (partition by "chatId" order by seq) as before
          from chat_event where "chatId" = any($1) and epoch is not null) e
    where epoch < before`,

  'what a fenced daemon held is beside the log, and not in it': `
    select o."chatId", format('epoch %s, %s is in both', o.epoch, o.pseq) as what
    from orphan_event o join lease_log l on l."chatId" = o."chatId" and l.epoch = o.epoch
    where o."chatId" = any($1) and o.pseq <= l."finalPseq"`,

  'a prompt is in the log once': `
    select "chatId", format('%s is requested %s times', payload->>'turnId', count(*)) as what
    from chat_event where "chatId" = any($1) and type = 'turn.requested' group by "chatId", payload->>'turnId' having count(*) > 1`,

  'one turn runs at a time, and it is the one that the head names': `
    select h."chatId", format('the head names %s, taken are %s', coalesce(h."activeTurn"::text, 'none'),
                              coalesce(string_agg(k.id::text, ', '), 'none')) as what
    from chat_head h left join command k on k."chatId" = h."chatId" and k.kind = 'prompt' and k.state = 'accepted'
    where h."chatId" = any($1) group by h."chatId"
    having count(k.id) > 1 or max(k.id::text) is distinct from h."activeTurn"::text`,

  'the head counts the questions that are open': `
    select h."chatId", format('the head counts %s, open are %s', h."waitingFor", count(q."requestId")) as what
    from chat_head h left join permission_question q on q."chatId" = h."chatId" and q."isOpen"
    where h."chatId" = any($1) group by h."chatId" having h."waitingFor" <> count(q."requestId")`,

  'what is rewritten lies behind the head': `
    select "chatId", format('compacted to %s, folded to %s, of %s', "compactedTo", floor, head) as what
    from chat_head where "chatId" = any($1) and ("compactedTo" > head or floor > "compactedTo")`,
} as const

/** Of all chats, some at a time. */
export async function* findLogFaults(): AsyncGenerator<LogFault> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await pool().query<{ chatId: ChatId }>(
      'select "chatId" from chat_head where "chatId" > $1 order by "chatId" limit $2',
      [after, CHATS_AT_ONCE],
    )
    const chats = rows.map((row) => row.chatId)
    if (chats.length === 0) return
    for (const [rule, sql] of Object.entries(rules)) {
      const found = await pool().query<{ chatId: ChatId; what: string }>(sql, [chats])
      for (const each of found.rows) yield { ...each, rule: rule as LogFault['rule'] }
    }
    after = chats.at(-1)!
  }
}

/** Once a day, whichever server is first, and also after a start when the last time is longer ago. */
export const checkLogsDaily = (): (() => Promise<void>) =>
  repeatedly(checkLogsIfDue, { everyMs: LOOK_EVERY_MS, failure: 'The logs could not be checked yet' })

export async function checkLogsIfDue(): Promise<void> {
  const { rowCount } = await pool().query(
    `insert into daily_work (name, "startedAt") values ('log-check', now())
     on conflict (name) do update set "startedAt" = now() where daily_work."startedAt" < now() - interval '1 day'`,
  )
  if (rowCount === 0) return
  const counts = new Map<string, number>(Object.keys(rules).map((rule) => [rule, 0]))
  let told = 0
  for await (const fault of findLogFaults()) {
    counts.set(fault.rule, counts.get(fault.rule)! + 1)
    if ((told += 1) <= MAX_TOLD) log.error(fault, 'A log breaks a promise: see "gatehouse check-log"')
  }
  for (const [rule, count] of counts) logFaults.set({ rule }, count)
  log.info({ faults: told }, 'The logs of all chats were checked')
}
