/** For tests: runs on a login, started as daemons start them, and a program's way to refresh one. */
import { randomUUID } from 'node:crypto'
import type { ChatId, NodeId, ProjectId, RunId, TurnId } from '#core/ids.ts'
import { serverLoginTokenPath } from '#core/links/login-routes.ts'
import { enterChat, enterProject, type TeamScope } from '#server/access/scope.ts'
import { createChat, sendPrompt } from '#server/chats/service.ts'
import { connect } from '#server/connections/service.ts'
import { disconnect, undo } from '#server/connections/undo-service.ts'
import { claim } from '#server/daemons/lease.ts'
import { endRun } from '#server/daemons/run-store.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { startRun } from '#server/daemons/start-run.ts'
import { pool } from '#server/db/client.ts'
import { seedProject, seedTeamScope } from '#server/db/testing.ts'

const formatOf = { codex: 'codex', 'claude-code': 'claude', opencode: 'opencode' } as const
type LoginHarness = keyof typeof formatOf

export type LoginWorld = { team: TeamScope; projectId: ProjectId; harness: LoginHarness; credentialId: string; nodeId: NodeId }

/** A person with a personal login, and a node that is theirs alone. */
export async function seedLogin(harness: LoginHarness, contents: string): Promise<LoginWorld> {
  const nodeId = await seedNode()
  const team = await seedTeamScope()
  const projectId = await seedProject(team)
  await connectLogin({ team, harness }, contents)
  const { rows } = await pool().query<{ id: string }>('select id from credential where "teamId" = $1', [team.teamId])
  return { team, projectId, harness, credentialId: rows[0]!.id, nodeId }
}

/** Also replaces the one that is there. */
export const connectLogin = ({ team, harness }: Pick<LoginWorld, 'team' | 'harness'>, contents: string) =>
  connect(team, { harness, scope: 'user', secret: { kind: 'auth-file', format: formatOf[harness], contents } })

/** Takes it away, and brings it back at once: its runs are over, and what stood in it stands there again. */
export async function takeAwayAndBringBack({ team, harness }: Pick<LoginWorld, 'team' | 'harness'>): Promise<void> {
  const { rows } = await pool().query<{ id: string }>('select id from attachment where "teamId" = $1 and harness = $2', [
    team.teamId,
    harness,
  ])
  const { undoId } = await disconnect(team, { connectionId: rows[0]!.id })
  await undo(team, { undoId })
}

export type Prompted = { chatId: ChatId; turnId: TurnId; epoch: number }

/** A chat with a prompt in line, held by the node. */
export async function prompted({ team, projectId, harness, nodeId }: LoginWorld): Promise<Prompted> {
  const { chatId } = await createChat(await enterProject(team, { act: 'prompt', projectId }), { harness })
  const turnId = randomUUID() as TurnId
  await sendPrompt(await enterChat(team, { act: 'prompt', chatId }), { turnId, prompt: [{ type: 'text', text: 'go' }] })
  const lease = (await claim(nodeId, 100)).find((each) => each.chatId === chatId)
  return { chatId, turnId, epoch: lease!.epoch }
}

export const start = (world: LoginWorld, { chatId, epoch }: Prompted, runId = randomUUID() as RunId) =>
  startRun(world.nodeId, { chatId, epoch, runId })

export type LoginRunning = Prompted & { runId: RunId; contents: string }

/** A run, and the login file that it was given. */
export async function running(world: LoginWorld): Promise<LoginRunning> {
  const held = await prompted(world)
  const runId = randomUUID() as RunId
  const started = await start(world, held, runId)
  if (!started.ok || started.grant.delivery.via !== 'file') throw new Error(`No run on a login: ${JSON.stringify(started)}`)
  return { ...held, runId, contents: started.grant.delivery.contents }
}

/** As a daemon says that the run is over and nothing of its login is left with it. */
export const handBack = ({ nodeId }: Pick<LoginWorld, 'nodeId'>, { chatId, epoch, runId }: LoginRunning): Promise<void> =>
  endRun({ nodeId, chatId, epoch, runId, keepsLogin: false })

export type TokenAnswer = {
  status: number
  body: { access_token?: string; id_token?: string; refresh_token?: string; error?: { code: string } }
}

/** Asks for the next tokens with the refresh token of a Codex file, as Codex does. */
export async function askForTokens(origin: string, contents: string): Promise<TokenAnswer> {
  const { tokens } = JSON.parse(contents) as { tokens: { refresh_token: string } }
  const answer = await fetch(`${origin}${serverLoginTokenPath('codex')}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: 'app_of_the_program', grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
  })
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] }
}

export type StoredLogin = {
  version: number
  loginRevision: number
  loginFacts: Record<string, unknown> | null
  brokenCode: string | null
  lastErrorCode: string | null
  verdict: string | null
}

export async function storedLogin(credentialId: string): Promise<StoredLogin> {
  const { rows } = await pool().query<StoredLogin>(
    'select version, "loginRevision", "loginFacts", "brokenCode", "lastErrorCode", verdict from credential where id = $1',
    [credentialId],
  )
  return rows[0]!
}

export async function auditActs(credentialId: string): Promise<string[]> {
  const { rows } = await pool().query<{ act: string }>(
    `select act from audit_entry where "subjectId" = $1 and act like 'login.%' order by seq`,
    [credentialId],
  )
  return rows.map((row) => row.act)
}

type ToldFailure = { turnId: string | null; code: string; provider: string; harness: string }

/** What the chat was told of its login. */
export async function failuresOf(chatId: ChatId): Promise<ToldFailure[]> {
  const { rows } = await pool().query<{ payload: ToldFailure }>(
    `select payload from chat_event where "chatId" = $1 and type = 'model.failed' order by seq`,
    [chatId],
  )
  return rows.map(({ payload: { turnId, code, provider, harness } }) => ({ turnId, code, provider, harness }))
}

/** Everything that the database holds of logins and runs, as whoever steals it would read it. */
export async function dumped(): Promise<string> {
  const tables = ['credential', 'configuration', 'attachment', 'run', 'chat_event', 'command', 'audit_entry', 'chat']
  const texts = []
  for (const table of tables) {
    const { rows } = await pool().query<{ all: string | null }>(`select string_agg(t::text, ' ') as all from ${table} t`)
    texts.push(rows[0]!.all)
  }
  return texts.join('\n')
}
