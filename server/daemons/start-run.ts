/**
 * Grants a run: which credential it pins, how that reaches the harness, what it may ask for. Everything is proved
 * again here, since hours may lie between a prompt and its run. A refusal is an answer: the daemon ends the turn
 * with its code, and the person reads the sentence for it.
 * From: `gateway.ts`. Next: `agent/launch/`, which plans and starts the program.
 */
import type { ChatId, NodeId, RunId } from '#core/ids.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { DeliveryGrant, RunGrant } from '#core/links/daemon.ts'
import { groupsWithout, MCP_SERVER_NAME } from '#core/mcp/tool-groups.ts'
import { mayInTeam } from '#server/access/acts.ts'
import { isPersonalLogin } from '#server/access/chat-privacy.ts'
import { record } from '#server/audit/service.ts'
import { judgePayer, makePrivate, recordPrivacy, tellPrivacy, type PayerVerdict } from '#server/chats/service.ts'
import { grantDelivery, markUsed, type GrantedDelivery, type UntokenedDelivery } from '#server/connections/resolver.ts'
import { findPin, findPublicTitle, findRunPlace, holdHead, insertRun, type NewRun, type RunPlace } from '#server/daemons/run-store.ts'
import { inTransaction } from '#server/db/client.ts'
import { env } from '#server/env.ts'
import { handOutLogin, reserveLogin, type HandedOut, type Holder } from '#server/logins/service.ts'
import { findEnabledServers } from '#server/mcp/service.ts'
import { mintMcpToken } from '#server/mcp/token.ts'
import { mintWstoken } from '#server/proxy/token.ts'
import { publish } from '#server/realtime/bus.ts'

type Started = { ok: true; grant: RunGrant } | { ok: false; code: FailureCode; facts: FailureFacts }

const refuse = (code: FailureCode, facts: FailureFacts = {}): Started => ({ ok: false, code, facts })

export async function startRun(
  nodeId: NodeId,
  { chatId, epoch, runId }: { chatId: ChatId; epoch: number; runId: RunId },
): Promise<Started> {
  const place = await findRunPlace(nodeId, { chatId, epoch })
  // The lease has moved on; the daemon will learn that from its next call, and starts nothing.
  if (!place) return refuse('chat.missing')
  const judged = await judgePrompt(place)
  if (!judged.ok) return judged
  const granted = await grantDelivery(place)
  if (!granted.ok) return refuse(granted.code, granted.facts)

  const { credentialId, credentialVersion, settings } = granted
  // Somebody changed the connection between the two looks: what was judged is not what was granted.
  if (!isSamePin(judged.pin, granted)) return startRun(nodeId, { chatId, epoch, runId })
  const login = granted.delivery.via === 'file' ? await handOutLogin(granted, { harness: place.harness, chatId }) : null
  if (granted.delivery.via === 'file' && !login) return startRun(nodeId, { chatId, epoch, runId })
  if (login && 'heldBy' in login) {
    askToYield(login.heldBy)
    return refuseHeld(place, login.heldBy)
  }
  const { delivery, wstokenHash } = withToken(granted.delivery, login)
  const mcpGroups = groupsWithout(place.mcpGroupsOff)
  const mcpServers = [
    ...(mcpGroups.length > 0 ? [{ name: MCP_SERVER_NAME, serverId: null }] : []),
    ...(await findEnabledServers(place.projectId)),
  ]
  const mcp = mcpServers.length > 0 ? mintMcpToken() : null
  const inserted = await insert({
    login,
    place,
    payer: granted.payer,
    run: {
      runId,
      chatId,
      nodeId,
      epoch,
      harness: place.harness,
      provider: delivery.via === 'proxy' ? delivery.provider : null,
      dialect: delivery.via === 'proxy' ? delivery.dialect : null,
      credentialId,
      credentialVersion,
      wstokenHash,
      sentinelHash: login?.sentinelHash ?? null,
      loginRevision: login?.loginRevision ?? null,
      keepsLogin: login?.isExclusive ?? false,
      mcpTokenHash: mcp?.hash ?? null,
      mcpGroups,
    },
  })
  if (inserted === 'changed') return startRun(nodeId, { chatId, epoch, runId })
  // The daemon asks again, and the prompt waits with it.
  if (inserted === 'held') return refuse('login.in-use', { harness: place.harness })
  // An id that another run has had: nothing is granted twice.
  if (inserted === 'refused') return refuse('harness.start-failed')
  // Of a key the proxy says so, at each request.
  if (delivery.via !== 'proxy') await markUsed(credentialId)
  const { projectId, harness, model, repositoryUrl, branch, instructions, agentSessionId } = place
  return {
    ok: true,
    grant: {
      runId,
      chatId,
      projectId,
      harness,
      delivery,
      credentialId,
      credentialVersion,
      model,
      settings: Object.fromEntries(Object.entries(settings).filter((pair): pair is [string, string] => typeof pair[1] === 'string')),
      repositoryUrl,
      branch,
      instructions,
      agentSessionId,
      privateHosts: [...env().privateUpstreams],
      mcpToken: mcp?.token ?? null,
      mcpServers,
    },
  }
}

/** Names the machine that has the newest of the login where nothing runs any more that could be waited for. */
const refuseHeld = ({ harness }: RunPlace, { isOver, nodeName }: Holder): Started =>
  refuse('login.in-use', { harness, ...(isOver && { nodeName }) })

/** Whether the prompt that the run would serve may be served at all, by its author's role and by who pays. */
async function judgePrompt({ promptBy, promptByRole, isArchived, ...place }: RunPlace): Promise<PayerVerdict> {
  if (isArchived) return { ok: false, code: 'chat.archived', facts: {} }
  // Withdrawn meanwhile: nobody waits for this run.
  if (!promptBy) return { ok: false, code: 'turn.missing', facts: {} }
  if (!promptByRole || !mayInTeam(promptByRole, 'prompt')) return { ok: false, code: 'access.denied', facts: {} }
  return judgePayer(place, { by: promptBy, model: place.model })
}

/**
 * Whether a prompt that was just taken may not go to the run that lives. A run is warm for long after its first
 * prompt: meanwhile another credential may hold, or the next prompt be somebody's who may not spend this one.
 */
export async function mustStartAnew(nodeId: NodeId, lease: { chatId: ChatId; epoch: number }): Promise<boolean> {
  const [place, pin] = await Promise.all([findRunPlace(nodeId, lease), findPin(lease.chatId)])
  if (!place || !pin) return false
  const judged = await judgePrompt(place)
  return !judged.ok || !isSamePin(judged.pin, pin)
}

type Pin = { credentialId: string; credentialVersion: number }
const isSamePin = (one: Pin, other: Pin): boolean =>
  one.credentialId === other.credentialId && one.credentialVersion === other.credentialVersion

/** One that only rests gives the login up, with what it made of it; one that works is waited for. */
function askToYield({ nodeId, chatId, isWorking, isOver }: Holder): void {
  if (!isWorking && !isOver) publish({ about: 'yield', nodeId, chatId })
}

type Inserting = { run: NewRun; login: HandedOut | null; place: RunPlace; payer: Extract<GrantedDelivery, { ok: true }>['payer'] }

/** The run with its entry in the audit log; of a login that serves one run at a time, only while nobody else has it. */
async function insert(inserting: Inserting): Promise<'inserted' | 'refused' | 'changed' | 'held'> {
  const { run, login, place, payer } = inserting
  let hasClosed = false
  const outcome = await inTransaction(async (tx) => {
    if (login?.isExclusive) {
      await holdHead(tx, run.chatId)
      const reserved = await reserveLogin(tx, { ...run, loginRevision: login.loginRevision })
      if (reserved.is === 'changed') return 'changed'
      if (reserved.is === 'held') {
        askToYield(reserved.by)
        return 'held'
      }
    }
    const inserted = await insertRun(tx, run)
    if (!inserted) return 'refused'
    // Before anything that the login brings can be in the log.
    hasClosed = isPersonalLogin(payer) && (await makePrivate(tx, run.chatId))
    const publicTitle = await findPublicTitle(tx, run.chatId)
    const { teamId, userId } = place
    if (hasClosed) await recordPrivacy(tx, { chatId: run.chatId, teamId, userId, act: 'chat.made-private' })
    if (!inserted.isRepeated) await recordStart(tx, { run, place, payer, publicTitle })
    return 'inserted'
  })
  if (hasClosed) tellPrivacy({ chatId: run.chatId, teamId: place.teamId, createdBy: place.userId, isPrivate: true })
  return outcome
}

type Starting = Pick<Inserting, 'run' | 'place' | 'payer'> & { publicTitle: string | null }

const recordStart = (tx: Parameters<typeof record>[0], { run, place, payer, publicTitle }: Starting): Promise<void> =>
  record(tx, {
    teamId: place.teamId,
    actorId: place.promptBy,
    act: 'run.started',
    subject: { kind: 'run', id: run.runId },
    facts: {
      harness: run.harness,
      chatId: run.chatId,
      ...(publicTitle === null ? { isPrivate: true } : { chatTitle: publicTitle }),
      credentialId: run.credentialId,
      version: run.credentialVersion,
      credentialName: payer.credentialName,
      providerName: payer.providerName,
      scope: payer.scope,
      ...(payer.scope === 'user' && place.userId !== place.promptBy && { payerName: place.creatorName }),
    },
  })

/** Only a proxied delivery has a token: a native login never comes near the proxy. */
function withToken(delivery: UntokenedDelivery, login: HandedOut | null): { delivery: DeliveryGrant; wstokenHash: Buffer | null } {
  if (delivery.via === 'file' && login) return { delivery: { ...delivery, contents: login.contents }, wstokenHash: null }
  if (delivery.via !== 'proxy') return { delivery, wstokenHash: null }
  const { token, hash } = mintWstoken()
  return { delivery: { ...delivery, wstoken: token }, wstokenHash: hash }
}
