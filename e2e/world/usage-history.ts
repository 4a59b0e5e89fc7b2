/**
 * Weeks of usage in a project, as agents leave them: long names, dear and cheap models, warm and cold caches, stopped and
 * failed requests, some without a price. Written into the world's own database, since nobody has weeks for a test; the same
 * at every run, but for the day on which it ends.
 */
import { randomUUID } from 'node:crypto'
import { inDatabase } from '#e2e/world/database.ts'

type Kind = {
  harness: string
  provider: string
  dialect: string
  model: string
  weight: number
  rates: readonly [number, number, number, number] | null
}

/** Dollars per million: input, output, read from a cache, written to one. */
const kinds: readonly Kind[] = [
  {
    harness: 'claude-code',
    provider: 'anthropic',
    dialect: 'anthropic-messages',
    model: 'claude-opus-5-5',
    weight: 30,
    rates: [4, 20, 0.2, 5],
  },
  {
    harness: 'claude-code',
    provider: 'anthropic',
    dialect: 'anthropic-messages',
    model: 'claude-opus-5',
    weight: 12,
    rates: [5, 25, 0.5, 6.25],
  },
  {
    harness: 'claude-code',
    provider: 'anthropic',
    dialect: 'anthropic-messages',
    model: 'claude-haiku-5-5',
    weight: 8,
    rates: [0.1, 0.5, 0.01, 0.125],
  },
  { harness: 'codex', provider: 'openai', dialect: 'openai-responses', model: 'gpt-6.1-sol', weight: 25, rates: [2, 12, 0.2, 2] },
  { harness: 'codex', provider: 'openai', dialect: 'openai-responses', model: 'gpt-5.6-luna', weight: 6, rates: [0.25, 2, 0.025, 0.25] },
  {
    harness: 'opencode',
    provider: 'custom',
    dialect: 'openai-chat',
    model: 'acme/llama-4-maverick-instruct-fp8-long-context-preview',
    weight: 10,
    rates: null,
  },
]

const titles = [
  'Move the invoice export to a streamed response without breaking the nightly reconciliation job',
  'Fix the flaky sign-in test',
  'Greeting in six languages',
  'Why is the queue slow on Mondays?',
  'Upgrade the design tokens and remove every colour that no screen uses any more',
  'Write the changelog',
  'Sketch an API for budgets',
  'Refactor the fold',
]

/** Numbers from 0 to 1 that look random and are the same every time. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export type History = {
  home: string
  projectId: string
  days?: number
  perDay?: number
  /** Multiplies every count of tokens. */ scale?: number
  userIds?: readonly string[]
}

/** @returns the ids of its chats, the first with the longest title */
export async function writeUsageHistory({ home, projectId, days = 60, perDay = 12, scale = 1, userIds = [] }: History): Promise<string[]> {
  return inDatabase(home, async (client) => {
    const found = await client.query<{ teamId: string; createdBy: string }>('select "teamId", "createdBy" from project where id = $1', [
      projectId,
    ])
    const { teamId, createdBy } = found.rows[0]!
    const people = [createdBy, ...userIds]
    const chats = titles.map((title, index) => ({ id: randomUUID(), title, by: people[index % people.length]! }))
    // Archived, so that they stand in no list.
    await client.query(
      `insert into chat (id, "teamId", "projectId", harness, title, "createdBy", "archivedAt")
       select c.id, $2, $3, 'claude-code', c.title, c.by, now() from jsonb_to_recordset($1::jsonb) as c(id uuid, title text, by text)`,
      [JSON.stringify(chats), teamId, projectId],
    )
    await client.query(
      `insert into usage_record (id, "teamId", "projectId", "chatId", "runId", "turnId", "userId", harness, provider, dialect, "credentialId",
         "credentialVersion", route, model, outcome, status, source, "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "costMicros",
         "startedAt", "firstByteMs", "durationMs")
       select gen_random_uuid(), $2, $3, r."chatId", gen_random_uuid(), gen_random_uuid(), r."userId", r.harness, r.provider, r.dialect, r."credentialId", 1,
         'history', r.model, r.outcome::usage_outcome, r.status, r.source::usage_source, r.input, r.output, r.read, r.write, r.cost, r.at, r."firstByteMs", r."durationMs"
       from jsonb_to_recordset($1::jsonb) as r("chatId" uuid, "userId" text, harness text, provider text, dialect text, "credentialId" text, model text,
         outcome text, status int, source text, input int, output int, read int, write int, cost bigint, at timestamptz, "firstByteMs" int, "durationMs" int)`,
      [JSON.stringify(records({ chats, days, perDay, scale })), teamId, projectId],
    )
    return chats.map((each) => each.id)
  })
}

const DAY_MS = 86_400_000

type Chat = { id: string; by: string }

function records({ chats, days, perDay, scale }: { chats: readonly Chat[]; days: number; perDay: number; scale: number }) {
  const roll = dice(days * 7 + perDay)
  const bag = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  const now = Date.now()
  return Array.from({ length: days }, (_, back) => {
    const isWeekend = [0, 6].includes(new Date(now - back * DAY_MS).getUTCDay())
    const count = Math.round(perDay * (isWeekend ? 0.2 : 0.6 + roll() * 0.9))
    return Array.from({ length: count }, () => {
      const start = Math.floor(now / DAY_MS - back) * DAY_MS
      const at = start + roll() * Math.min(DAY_MS, now - start)
      return record({ kind: bag[Math.floor(roll() * bag.length)]!, chats, at, roll, scale })
    })
  }).flat()
}

function record({ kind, chats, at, roll, scale }: { kind: Kind; chats: readonly Chat[]; at: number; roll: () => number; scale: number }) {
  const chat = chats[Math.floor(roll() ** 1.6 * chats.length)]!
  const luck = roll()
  const outcome = luck < 0.92 ? 'completed' : luck < 0.96 ? 'aborted' : 'failed'
  const isLost = outcome === 'failed' && luck < 0.985
  const size = Math.round((4_000 + roll() * 90_000) * scale)
  // One chat asks after long pauses, when its cache is gone.
  const warm = chat === chats[1] ? 0.15 : 0.72 + roll() * 0.22
  const [input, read, write] = [Math.round(size * (1 - warm) * 0.7), Math.round(size * warm), Math.round(size * (1 - warm) * 0.3)]
  const output = Math.round((60 + roll() * 1_800) * scale)
  const { weight: _, rates, ...names } = kind
  const tokens = isLost ? { input: 0, output: 0, read: 0, write: 0 } : { input, output, read, write }
  const cost = rates && Math.round(tokens.input * rates[0] + tokens.output * rates[1] + tokens.read * rates[2] + tokens.write * rates[3])
  return {
    ...names,
    ...tokens,
    chatId: chat.id,
    userId: chat.by,
    credentialId: `history-${names.provider}`,
    outcome,
    status: outcome === 'failed' ? 529 : 200,
    source: isLost ? 'none' : outcome === 'completed' ? 'provider' : 'partial',
    cost: isLost ? null : cost,
    at: new Date(at).toISOString(),
    firstByteMs: 300 + Math.round(roll() * 900),
    durationMs: 2_000 + Math.round(roll() * 40_000),
  }
}
