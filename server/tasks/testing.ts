/** For tests of tasks: people with a key, their API, and an agent's word on each chat. */
import type { DaemonFact, TurnOutcome } from '#core/chat/events.ts'
import type { ChatId, NodeId, RequestId, ToolCallId, TurnId } from '#core/ids.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { connect, type ConnectInput } from '#server/connections/service.ts'
import { ingest } from '#server/daemons/ingest.ts'
import { claim } from '#server/daemons/lease.ts'
import { seedNode } from '#server/daemons/testing-nodes.ts'
import { pool } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory } from '#server/trpc/base.ts'

export const HARNESS = 'claude-code'
const key: ConnectInput['secret'] = { kind: 'api-key', provider: 'anthropic', key: 'sk-ant-api03-abcdefghijkl' }
const login: ConnectInput['secret'] = { kind: 'oauth-token', issuer: 'anthropic', token: 'sk-ant-oat01-abcdefgh' }

export const connectKey = (scope: TeamScope) => connect(scope, { harness: HARNESS, scope: 'user', secret: key })
/** Its chats are its owner's alone. */
export const connectLogin = (scope: TeamScope) => connect(scope, { harness: HARNESS, scope: 'user', secret: login })

/** The whole API, as this person. */
export const as = ({ userId, teamId, isInstanceOwner }: TeamScope) =>
  callerFactory(appRouter)({
    caller: { userId, isInstanceOwner, name: 'Somebody', email: 'somebody@example.org', via: { is: 'session', sessionId: 'test' } },
    teamId,
    clientAddress: null,
  })

/** The node's word on one chat: each call is committed when it resolves. */
export async function agentOf(chatId: ChatId) {
  const nodeId: NodeId = await seedNode()
  const leases = await claim(nodeId, 100)
  const epoch = leases.find((each) => each.chatId === chatId)?.epoch ?? (await heldEpoch(chatId))
  const { rows } = await pool().query('select pseq from chat_head where "chatId" = $1', [chatId])
  let pseq = Number(rows[0].pseq)
  const say = async (...facts: DaemonFact[]) => {
    await ingest({ nodeId, chatId, epoch, facts: facts.map((fact) => ({ pseq: (pseq += 1), fact })) })
  }
  const turn = async () => {
    const found = await pool().query(
      `select id from command where "chatId" = $1 and kind = 'prompt' and state in ('queued', 'accepted') order by ord limit 1`,
      [chatId],
    )
    return found.rows[0].id as TurnId
  }
  const question = mintUuid() as RequestId
  return {
    accept: async () => say({ type: 'turn.accepted', turnId: await turn() }),
    ask: async () =>
      say({
        type: 'permission.requested',
        requestId: question,
        turnId: await turn(),
        toolCallId: 'call' as ToolCallId,
        title: 'May it?',
        kind: 'execute',
        content: [],
        options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
      }),
    answered: () => say({ type: 'permission.closed', requestId: question, reason: 'expired' }),
    end: async (outcome: TurnOutcome, more: object = {}) =>
      say({ type: 'turn.ended', turnId: await turn(), outcome, stopReason: null, ...more }),
    changed: async () =>
      say({
        type: 'changes.recorded',
        turnId: await turn(),
        isTruncated: false,
        files: [
          { path: 'a.ts', status: 'modified', added: 3, removed: 1, isBinary: false },
          { path: 'b.ts', status: 'added', added: 10, removed: 0, isBinary: false },
        ],
      }),
  }
}

async function heldEpoch(chatId: ChatId): Promise<number> {
  const { rows } = await pool().query('select epoch from chat_head where "chatId" = $1', [chatId])
  return rows[0].epoch
}
