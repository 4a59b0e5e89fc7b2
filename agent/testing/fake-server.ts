/**
 * The server's side of the daemon's protocol, in memory: one log, leases, commands. It
 * follows the same rules as `server/daemons` (duplicates, gaps, fences, prompts as they
 * stand at acceptance), so that a session can be tested without a database.
 */
import { randomUUID } from 'node:crypto'
import type { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import type { DaemonFact, PromptContent } from '#core/chat/events.ts'
import { ChatId, NodeId, type RequestId, TurnId, UserId } from '#core/ids.ts'
import {
  daemonCalls,
  type AppendReply,
  type CallReply,
  type CallRequest,
  type Command,
  type DaemonCall,
  type Lease,
  type RunGrant,
} from '#core/links/daemon.ts'
import type { Call } from '#agent/uplink.ts'

export type Logged = { epoch: number; pseq: number; fact: DaemonFact }

export type FakeServer = {
  chatId: ChatId
  nodeId: NodeId
  log: Logged[]
  salvaged: Logged[]
  calls: DaemonCall[]
  /** What programs made of their logins, as it was told. */
  logins: CallRequest<'loginChanged'>[]
  /** What it says to that; "kept" at first. */
  answerLogins: (reply: CallReply<'loginChanged'>) => void
  runEnds: CallRequest<'runEnded'>[]
  call: Call
  /** A prompt is in line, and nobody holds the chat. */
  isWaiting: () => boolean
  /** A claim: each begins a new epoch. */
  lease: () => Lease
  /** What waits, as `renew` would tell it. */
  commands: () => Command[]
  request: (text: string, model?: string) => TurnId
  edit: (turnId: TurnId, text: string) => void
  withdraw: (turnId: TurnId) => void
  cancel: (turnId: TurnId) => void
  answer: (requestId: RequestId, optionId: string) => void
  /** What a person tells an agent that asked. */
  tell: (requestId: RequestId, action: ElicitationAction, answers?: ElicitationAnswers) => void
  /** The holder is gone: the next claim may have the chat. */
  expire: () => void
  /** What the daemon was told and told last, for whole-process tests. */
  reports: unknown[]
  /** Takes the chat away: a new epoch that another node holds. */
  fence: () => void
  /** Another credential holds from now on: the next prompt that is taken must not go to the run that lives. */
  changePin: () => void
  /** While set, no append is answered. */
  setAway: (isAway: boolean) => void
  agentSessionId: () => string | null
  facts: () => DaemonFact[]
  /** Resolves with the first fact, logged from now on or already, that fits. */
  until: <T extends DaemonFact['type']>(
    type: T,
    fits?: (fact: Extract<DaemonFact, { type: T }>) => boolean,
  ) => Promise<Extract<DaemonFact, { type: T }>>
  ended: (turnId: TurnId) => Promise<Extract<DaemonFact, { type: 'turn.ended' }>>
}

type Accepted = NonNullable<Extract<AppendReply, { is: 'acknowledged' }>['accepted']>[number]

const prompted = (text: string): PromptContent => [{ type: 'text', text }]

export function fakeServer(
  grant: (agentSessionId: string | null) => Partial<RunGrant> | { refuse: Extract<CallReply<'startRun'>, { ok: false }> },
  leaseTtlMs = 15_000,
): FakeServer {
  const chatId = ChatId.parse(randomUUID())
  const nodeId = NodeId.parse('node-1')
  const by = UserId.parse('user-1')
  let epoch = 1
  let isLeased = false
  let isHeld = false
  let isPinStale = false
  const reports: unknown[] = []
  let pseq = 0
  const finals = new Map<number, number>()
  let queue: Command[] = []
  let agentSessionId: string | null = null
  let away = Promise.resolve()
  let comeBack: (() => void) | null = null
  const log: Logged[] = []
  const salvaged: Logged[] = []
  const calls: DaemonCall[] = []
  const logins: CallRequest<'loginChanged'>[] = []
  let loginReply: CallReply<'loginChanged'> = { is: 'kept' }
  const runEnds: CallRequest<'runEnded'>[] = []
  const watchers = new Set<() => void>()

  function append({ epoch: of, facts }: CallRequest<'append'>): AppendReply {
    if (of !== epoch) return { is: 'fenced', epoch, finalPseq: finals.get(of) ?? 0 }
    const first = facts[0]!.pseq
    if (first > pseq + 1) return { is: 'expected', pseq: pseq + 1 }
    const accepted: Accepted[] = []
    for (const { pseq: each, fact } of facts) {
      if (each <= pseq) continue
      pseq = each
      log.push({ epoch, pseq, fact })
      if (fact.type === 'turn.accepted') accepted.push(accept(fact.turnId))
      if (fact.type === 'turn.ended') queue = queue.filter((command) => command.kind !== 'cancel' || command.turnId !== fact.turnId)
    }
    for (const watch of watchers) watch()
    return { is: 'acknowledged', pseq, ...(accepted.length > 0 && { accepted }) }
  }

  function accept(turnId: TurnId): Accepted {
    const found = queue.find((command) => command.kind === 'prompt' && command.turnId === turnId)
    queue = queue.filter((command) => command !== found)
    if (found?.kind !== 'prompt') return { turnId, prompt: null, model: null }
    return { turnId, prompt: found.prompt, model: found.model, ...(isPinStale && { mustStartAnew: true }) }
  }

  async function answerCall(call: DaemonCall, request: unknown): Promise<unknown> {
    switch (call) {
      case 'append':
        await away
        return append(daemonCalls.append.request.parse(request))
      case 'salvage': {
        const { epoch: of, facts } = daemonCalls.salvage.request.parse(request)
        salvaged.push(...facts.map((each) => ({ epoch: of, ...each })))
        return {}
      }
      case 'startRun': {
        const { runId } = daemonCalls.startRun.request.parse(request)
        const given = grant(agentSessionId)
        isPinStale = false
        if ('refuse' in given) return given.refuse
        return { ok: true, grant: { ...usualGrant, runId, chatId, agentSessionId, ...given } }
      }
      case 'sessionOpened':
        agentSessionId = daemonCalls.sessionOpened.request.parse(request).agentSessionId
        return {}
      case 'challenge':
        return { nonce: 'nonce' }
      case 'hello':
        return { ok: true, leaseTtlMs }
      case 'claim':
        return { leases: isWaiting() ? [lease()] : [], waiting: 0, isDraining: false }
      case 'renew': {
        const { leases } = daemonCalls.renew.request.parse(request)
        return { kept: leases.filter((each) => isHeld && each.epoch === epoch).map((each) => ({ ...each, commands: queue })) }
      }
      case 'loginChanged':
        logins.push(daemonCalls.loginChanged.request.parse(request))
        return loginReply
      case 'runEnded':
        runEnds.push(daemonCalls.runEnded.request.parse(request))
        return {}
      case 'release':
        isHeld = false
        return {}
      case 'report':
        reports.push(request)
        return {}
      default:
        return {}
    }
  }

  const isWaiting = (): boolean => !isHeld && queue.some((command) => command.kind === 'prompt')

  function lease(): Lease {
    if (isLeased) fence()
    isLeased = true
    isHeld = true
    return { chatId, epoch, commands: [...queue] }
  }

  function fence(): void {
    finals.set(epoch, pseq)
    epoch += 1
    pseq = 0
  }

  const facts = (): DaemonFact[] => log.map((each) => each.fact)
  const until: FakeServer['until'] = (type, fits = () => true) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = facts().find((fact) => fact.type === type && fits(fact as never))
        if (!found) return
        watchers.delete(look)
        resolve(found as never)
      }
      watchers.add(look)
      look()
    })

  return {
    chatId,
    nodeId,
    log,
    salvaged,
    calls,
    logins,
    answerLogins: (reply) => void (loginReply = reply),
    runEnds,
    facts,
    until,
    call: (async (call: DaemonCall, request: unknown) => {
      calls.push(call)
      // As on the wire: parsed, answered later.
      const parsed = daemonCalls[call].request.parse(JSON.parse(JSON.stringify(request)))
      await Promise.resolve()
      return daemonCalls[call].reply.parse(await answerCall(call, parsed))
    }) as Call,
    isWaiting,
    lease,
    reports,
    expire: () => void (isHeld = false),
    commands: () => [...queue],
    request(text, model) {
      const turnId = TurnId.parse(randomUUID())
      queue.push({ kind: 'prompt', id: turnId, turnId, by, prompt: prompted(text), model: model ?? null })
      return turnId
    },
    edit: (turnId, text) =>
      void (queue = queue.map((each) => (each.kind === 'prompt' && each.turnId === turnId ? { ...each, prompt: prompted(text) } : each))),
    withdraw: (turnId) => void (queue = queue.filter((each) => each.kind !== 'prompt' || each.turnId !== turnId)),
    cancel: (turnId) => void queue.push({ kind: 'cancel', id: randomUUID(), turnId }),
    answer: (requestId, optionId) => void queue.push({ kind: 'permission', id: randomUUID(), requestId, optionId }),
    tell: (requestId, action, answers = {}) => void queue.push({ kind: 'elicitation', id: randomUUID(), requestId, action, answers }),
    fence,
    changePin: () => void (isPinStale = true),
    setAway(isAway) {
      comeBack?.()
      comeBack = null
      if (isAway) away = new Promise((resolve) => (comeBack = resolve))
    },
    agentSessionId: () => agentSessionId,
    ended: (turnId) => until('turn.ended', (fact) => fact.turnId === turnId),
  }
}

const usualGrant = {
  projectId: 'project-1',
  harness: 'scripted',
  delivery: {
    via: 'proxy',
    provider: 'openai',
    dialect: 'openai-responses',
    wstoken: 'wst_test-token-of-a-run',
    models: [
      { id: 'model-a', name: 'Model A', contextTokens: 100_000, outputTokens: 8_000 },
      { id: 'model-b', name: 'Model B', contextTokens: 100_000, outputTokens: 8_000 },
    ],
  },
  credentialId: 'credential-1',
  credentialVersion: 1,
  model: null,
  settings: {},
  repositoryUrl: null,
  branch: null,
  instructions: '',
  privateHosts: [],
  mcpToken: null,
  mcpServers: [],
}
