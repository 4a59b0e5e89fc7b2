/**
 * The rows of logins: a credential that is a program's own login, and the runs that hold it. `version` says which runs
 * go on: it moves when people replace a login, and also when they take it away and bring it back. `loginRevision` says
 * which tokens stand there: it moves when people replace them, and when the broker or the program renews them. So what
 * was made of tokens takes their place by the revision alone, whatever became of the runs meanwhile.
 * Plain SQL, since the lock and the compare-and-swap are the point.
 */
import type { ChatId, NodeId, RunId, TeamId, TurnId } from '#core/ids.ts'
import type { LoginFacts } from '#core/connections/login-facts.ts'
import { pool, type PoolClient } from '#server/db/client.ts'
import type { Sealed } from '#server/connections/vault.ts'

type Db = Pick<PoolClient, 'query'>

export type LoginRow = {
  id: string
  teamId: TeamId | null
  name: string
  format: string
  sealed: Uint8Array
  masterVersion: number
  version: number
  loginRevision: number
  brokenCode: string | null
  /** The vendor's word of whose it is, where it was asked. */
  person: string | null
}

const LOGIN = `select id, "teamId", name, format, sealed, "masterVersion", version, "loginRevision", "brokenCode",
    "loginFacts"->>'person' as person
  from credential where id = $1 and kind = 'auth-file'`

/** Null when it was destroyed. Also one that was disconnected a moment ago: undo brings it back. */
export async function findLogin(db: Db, credentialId: string): Promise<LoginRow | null> {
  const { rows } = await db.query<LoginRow>(LOGIN, [credentialId])
  return rows[0] ?? null
}

/** The same, held against everybody else until the end of the transaction. */
export async function holdLogin(tx: Db, credentialId: string): Promise<LoginRow | null> {
  const { rows } = await tx.query<LoginRow>(`${LOGIN} for update`, [credentialId])
  return rows[0] ?? null
}

/** Before its login and its run, in the order in which whoever starts, moves or removes a chat holds them. */
export async function holdChat(tx: Db, chatId: ChatId): Promise<void> {
  await tx.query('select from chat_head where "chatId" = $1 for share', [chatId])
}

// --- the runs that hold one ------------------------------------------------------------------------------------

export type LoginRun = {
  runId: RunId
  chatId: ChatId
  teamId: TeamId
  harness: string
  credentialId: string
  credentialVersion: number
  /** What the run was given, or was answered with last. */
  loginRevision: number
  /** Whether its daemon has been heard of lately; a server that was away hears of nobody at first. */
  isLeased: boolean
}

/**
 * Whose a sentinel is, by its hash alone; null once anything ended the run's right to the login: the run is over, its
 * chat has gone to another node, the node was removed, the member too, or the login was replaced, disabled, disconnected.
 */
export async function findRunOfSentinel(sentinelHash: Buffer): Promise<LoginRun | null> {
  const { rows } = await pool().query<LoginRun>(
    `select r.id as "runId", r."chatId", c."teamId", r.harness, r."credentialId", r."credentialVersion",
       coalesce(r."loginRevision", 0) as "loginRevision", coalesce(h."leaseUntil" > now(), false) as "isLeased"
     from run r
     join chat c on c.id = r."chatId" and c."archivedAt" is null
     join chat_head h on h."chatId" = c.id and h.epoch = r.epoch and h."nodeId" = r."nodeId"
     join node n on n.id = r."nodeId" and n."disabledAt" is null
     join project p on p.id = c."projectId" and p."archivedAt" is null
     join member m on m."teamId" = c."teamId" and m."userId" = c."createdBy" and m.role <> 'viewer'
     join credential k on k.id = r."credentialId" and k.version = r."credentialVersion" and k."revokedAt" is null and k.kind = 'auth-file'
     where r."sentinelHash" = $1 and r."endedAt" is null and exists (
       select from attachment t join configuration f on f.id = t."configurationId"
       where f."credentialId" = k.id and t.harness = r.harness and t."isEnabled"
         and (t."projectId" = c."projectId" or (t."userId" = c."createdBy" and t."teamId" = c."teamId") or t.scope = 'platform'))`,
    [sentinelHash],
  )
  return rows[0] ?? null
}

/**
 * A run by its daemon's word. Also one that is over: what its program left in the file is the newest there is until
 * somebody else made something of the login, and that its revision says.
 */
export async function findRunOfDaemon(
  nodeId: NodeId,
  { chatId, epoch, runId }: { chatId: ChatId; epoch: number; runId: RunId },
): Promise<Omit<LoginRun, 'isLeased'> | null> {
  const { rows } = await pool().query<Omit<LoginRun, 'isLeased'>>(
    `select r.id as "runId", r."chatId", c."teamId", r.harness, r."credentialId", r."credentialVersion",
       coalesce(r."loginRevision", 0) as "loginRevision"
     from run r join chat c on c.id = r."chatId" join node n on n.id = r."nodeId" and n."disabledAt" is null
     where r.id = $1 and r."chatId" = $2 and r."nodeId" = $3 and r.epoch = $4`,
    [runId, chatId, nodeId, epoch],
  )
  return rows[0] ?? null
}

/**
 * For SQL: whether a run that is over may have made something of its login which its node has still to tell. It ends with
 * that word, and also when other tokens stand in the credential, when the node is removed, or with the chat.
 */
const IS_UNRETURNED = `(r."keepsLogin" and r."endedAt" is not null and r."loginRevision" = k."loginRevision" and n."disabledAt" is null)`

const RUNS_WITH_LOGINS = 'run r join credential k on k.id = r."credentialId" join node n on n.id = r."nodeId"'

/** `isOver`: nothing runs there any more, but what the run made of the login has not come back. */
export type Holder = { chatId: ChatId; nodeId: NodeId; nodeName: string; isWorking: boolean; isOver: boolean }

/** Another chat's run on the same login; any chat's where there is none to leave out. */
export async function findHolder(
  tx: Db,
  { credentialId, chatId }: { credentialId: string; chatId: ChatId | null },
): Promise<Holder | null> {
  const { rows } = await tx.query<Holder>(
    `select r."chatId", r."nodeId", n.name as "nodeName", h."activeTurn" is not null as "isWorking", r."endedAt" is not null as "isOver"
     from ${RUNS_WITH_LOGINS} join chat_head h on h."chatId" = r."chatId"
     where r."credentialId" = $1 and r."chatId" is distinct from $2 and (r."endedAt" is null or ${IS_UNRETURNED})
     order by r."endedAt" desc nulls first limit 1`,
    [credentialId, chatId],
  )
  return rows[0] ?? null
}

/** What has not come back although it could have by now, by credential. */
export async function findUnreturned(credentialIds: readonly string[]): Promise<Map<string, { nodeName: string; since: Date }>> {
  if (credentialIds.length === 0) return new Map()
  const { rows } = await pool().query<{ credentialId: string; nodeName: string; since: Date }>(
    `select distinct on (r."credentialId") r."credentialId", n.name as "nodeName", r."endedAt" as since from ${RUNS_WITH_LOGINS}
     where r."credentialId" = any($1) and ${IS_UNRETURNED} and r."endedAt" < now() - interval '5 seconds'
     order by r."credentialId", r."endedAt"`,
    [[...credentialIds]],
  )
  return new Map(rows.map(({ credentialId, ...held }) => [credentialId, held]))
}

/** Whatever else this node was given of logins is not there any more: lost with its folder, or never written. */
export async function updateReturned(nodeId: NodeId, { except }: { except: readonly ChatId[] }): Promise<void> {
  await pool().query(
    'update run set "keepsLogin" = false where "nodeId" = $1 and "keepsLogin" and "endedAt" is not null and "chatId" <> all($2)',
    [nodeId, [...except]],
  )
}

export async function updateGivenRevision(db: Db, { runId, loginRevision }: { runId: RunId; loginRevision: number }): Promise<void> {
  await db.query('update run set "loginRevision" = $2 where id = $1', [runId, loginRevision])
}

/** What a word about a run's login belongs to in the chat: the turn under way, else the prompt that the run starts for. */
export async function findTurn(chatId: ChatId): Promise<TurnId | null> {
  const { rows } = await pool().query<{ turnId: TurnId | null }>(
    `select coalesce(h."activeTurn", (select k."turnId" from command k
       where k."chatId" = h."chatId" and k.kind = 'prompt' and k.state = 'queued' order by k.ord limit 1)) as "turnId"
     from chat_head h where h."chatId" = $1`,
    [chatId],
  )
  return rows[0]?.turnId ?? null
}

// --- what becomes of one ---------------------------------------------------------------------------------------

export type NextLogin = { id: string; loginRevision: number; sealed: Sealed; facts: LoginFacts; isProven: boolean }

/**
 * Puts the next tokens in the place of the ones that they were made from; false when others stand there by now. One
 * statement, so outside of a transaction it is durable when it returns. Whatever was said of the former tokens is void.
 */
export async function swapLogin(db: Db, { id, loginRevision, sealed, facts, isProven }: NextLogin): Promise<boolean> {
  const { rowCount } = await db.query(
    `update credential set sealed = $3, "masterVersion" = $4, "loginRevision" = "loginRevision" + 1, "loginFacts" = $5,
       verdict = case when $6 then 'accepted' else verdict end, "verdictAt" = case when $6 then now() else "verdictAt" end,
       "brokenAt" = case when "brokenCode" like 'login.%' or $6 then null else "brokenAt" end,
       "brokenCode" = case when "brokenCode" like 'login.%' or $6 then null else "brokenCode" end
     where id = $1 and "loginRevision" = $2`,
    [id, loginRevision, sealed.sealed, sealed.masterVersion, JSON.stringify(facts), isProven],
  )
  return rowCount === 1
}

/** Whose these tokens are, by their vendor's word. */
export async function updatePerson(
  db: Db,
  { id, loginRevision, person }: { id: string; loginRevision: number; person: string },
): Promise<void> {
  await db.query(
    `update credential set "loginFacts" = jsonb_set("loginFacts", '{person}', to_jsonb($3::text))
     where id = $1 and "loginRevision" = $2 and jsonb_typeof("loginFacts") = 'object'`,
    [id, loginRevision, person],
  )
}

export type LoginFailing = { id: string; loginRevision: number; code: string; verdict: string | null; isBroken: boolean }

/** What its vendor, or its own program, said of these very tokens; nothing once others stand there. */
export async function updateFailing(db: Db, { id, loginRevision, code, verdict, isBroken }: LoginFailing): Promise<boolean> {
  const { rowCount } = await db.query(
    `update credential set "lastErrorCode" = $3, "lastErrorAt" = now(),
       verdict = coalesce($4, verdict), "verdictAt" = case when $4::text is null then "verdictAt" else now() end,
       "brokenCode" = case when $5 then $3 else "brokenCode" end, "brokenAt" = case when $5 then now() else "brokenAt" end
     where id = $1 and "loginRevision" = $2`,
    [id, loginRevision, code, verdict, isBroken],
  )
  return rowCount === 1
}

/**
 * Longer than a vendor may take to answer (`upstream.ts`). A holder who waits for the database as well may take longer:
 * whoever waits for it so long is told to try again.
 */
const LOCK_WAIT_MS = 45_000

/**
 * One at a time for each login, over all server processes: the lock is PostgreSQL's, and goes with the connection when
 * its process dies. It blocks nobody who reads or replaces the credential, and no transaction is open meanwhile, so that
 * what `work` writes is durable at once.
 */
export async function underLock<T>(credentialId: string, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool().connect()
  const key = `login/${credentialId}`
  let broken: Error | true | undefined
  try {
    await client.query('begin')
    await client.query(`set local lock_timeout = ${LOCK_WAIT_MS}`)
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [key])
    await client.query('commit')
    return await work(client)
  } catch (error) {
    broken = true
    throw error
  } finally {
    // A connection that may still hold the lock is not given back.
    if (!broken) await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [key]).catch((error: Error) => (broken = error))
    client.release(broken)
  }
}
