/**
 * Carries out what `session-machine.ts` orders, for one leased chat: starts the agent,
 * hands prompts over, writes what happens into the outbox. One at a time: every input
 * goes through `feed`, so the machine never sees two at once.
 * From: `leases.ts`. Facts leave through `outbox.ts` and `delivery.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { DaemonFact, PromptContent } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, NodeId, TurnId } from '#core/ids.ts'
import type { Command, Lease } from '#core/links/daemon.ts'
import { isProtocolAnswer, wordsOf } from '#agent/acp/connection.ts'
import { said, sessionFacts } from '#agent/acp/translate.ts'
import type { AgentProcess, Surroundings } from '#agent/agent-process.ts'
import { deliver } from '#agent/delivery.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import { log } from '#agent/log.ts'
import { meterLogin, type LoginMeter } from '#agent/login-meter.ts'
import { tellLoginBy } from '#agent/login-watch.ts'
import { OUTBOX_ROOM_BYTES, type Outbox } from '#agent/outbox.ts'
import { startRun } from '#agent/run-start.ts'
import { after, sessionLog } from '#agent/session-log.ts'
import { chooseModel, settleOptions } from '#agent/session-options.ts'
import { newSession, step, type Ending, type Input, type Order } from '#agent/session-machine.ts'
import { turnChanges } from '#agent/turn-changes.ts'
import { endingOf, failed, failureOf } from '#agent/turn-ending.ts'
import type { Call } from '#agent/uplink.ts'

export type RunnerOptions = {
  lease: Lease
  outbox: Outbox
  call: Call
  nodeId: NodeId
  surroundings: Surroundings
  leftLogins: LeftLogins
  idleStopMs: number
  cancelGraceMs: number
}

/** Whether its place could be somebody else's: an idle agent's, if it is asked; that of one who leaves, soon. */
export type Rest = { is: 'busy' } | { is: 'idle'; sinceMs: number } | { is: 'leaving' }

export type SessionRunner = {
  readonly chatId: ChatId
  readonly epoch: number
  /** All commands that wait for this chat now. */
  command: (commands: readonly Command[]) => void
  /** The lease is lost: ends the agent at once. What it said until then still goes out, under the epoch that was. */
  fence: () => void
  /** Ends in good order: the running turn is interrupted, everything is delivered, the lease given back. */
  drain: () => void
  /** Ends after the turn that runs, if one does; what waits stays in the queue. */
  retire: () => void
  /** Gives up a warm agent that has nothing to do, when somebody else needs its place. */
  yieldIfIdle: () => void
  rest: () => Rest
  /** Ends the agent at once; what was put stays in the outbox. */
  kill: () => Promise<void>
  hasAgent: () => boolean
  residentBytes: () => number
  /** Resolves when nothing of it is left. */
  over: Promise<void>
}

/** How long the end of a turn waits for its list of changes. */
const CHANGES_FIRST_MS = 1_500

export function runSession({
  lease,
  outbox,
  call,
  nodeId,
  surroundings,
  leftLogins,
  idleStopMs,
  cancelGraceMs,
}: RunnerOptions): SessionRunner {
  const { chatId, epoch } = lease
  const over = Promise.withResolvers<void>()
  let session = newSession
  let agent: AgentProcess | null = null
  /** Also after its end: the changes of its last turn are still to be read. */
  let latest: AgentProcess | null = null
  /** Which end of a process was ours: its exit is then no crash. */
  let ended: { reason: Extract<DaemonFact, { type: 'run.ended' }>['reason'] } | null = null
  let starting: AbortController | null = null
  let startWork: Promise<void> = Promise.resolve()
  /** Nothing can be written any more. What a fenced agent still says can: it belongs to its own epoch, in the log or beside it. */
  let isMute = false
  let accepted: { prompt: PromptContent; model: string | null; mustStartAnew: boolean } | null = null
  /** Of the turn that the agent has now. */
  let meter: LoginMeter | null = null
  let callOffTimer: (() => void) | null = null
  let idleSinceMs = 0
  const tellLogin = tellLoginBy(call)

  outbox.begin(epoch)
  const delivery = deliver(outbox, call, {
    onAccepted: ({ turnId: of, prompt, model, mustStartAnew = false }) => {
      if (prompt) accepted = { prompt, model, mustStartAnew }
      feed({ type: 'accepted', turnId: of, isWithdrawn: prompt === null })
    },
    onFenced: (of) => {
      if (of === epoch) feed({ type: 'fenced' })
    },
  })

  const facts = sessionLog({
    workdir: () => agent?.plan.cwd ?? '/',
    write(fact) {
      if (isMute) return
      outbox.put(fact)
      delivery.kick()
      // The agent is stopped, since only our memory knows what it says; until it has ended, that is delivered.
      if (!outbox.isKept()) feed({ type: 'fenced' })
    },
  })
  const { put } = facts
  const changes = turnChanges(put)
  const voice = { ...facts.voice, room: () => delivery.room(OUTBOX_ROOM_BYTES) }

  // --- inputs --------------------------------------------------------------------------------------------

  const inputs: Input[] = []
  let isFeeding = false
  function feed(input: Input): void {
    inputs.push(input)
    if (isFeeding) return
    isFeeding = true
    for (let each = inputs.shift(); each; each = inputs.shift()) {
      const { session: now, orders } = step(session, each)
      session = now
      if (orders.length > 0) log.debug({ chatId, input: each.type, stage: now.stage.is, orders: orders.map((order) => order.do) }, 'step')
      for (const order of orders) carryOut(order)
    }
    isFeeding = false
  }

  function carryOut(order: Order): void {
    callOffTimer?.()
    callOffTimer = null
    switch (order.do) {
      case 'start':
        startWork = start()
        return
      case 'abort-start':
        return starting?.abort()
      case 'accept':
        return put({ type: 'turn.accepted', turnId: order.turnId })
      case 'prompt':
        return void prompt(order.turnId)
      case 'cancel-agent':
        facts.closeQuestions('cancelled')
        // It may be on its way into another process.
        starting?.abort()
        void agent?.connection.cancel(agent.session.agentSessionId).catch(() => {})
        callOffTimer = after(() => feed({ type: 'grace-over', turnId: order.turnId }), cancelGraceMs)
        return
      case 'kill-agent':
        ended = { reason: 'stopped' }
        return void agent?.stop()
      case 'finish':
        return void finish(order.turnId, order.ending)
      case 'stop-agent':
        return void stopAgent(order.reason).then(() => feed({ type: 'stopped' }))
      case 'arm-idle':
        idleSinceMs = performance.now()
        callOffTimer = after(() => feed({ type: 'idle-over' }), idleStopMs)
        return
      case 'release':
        return void release()
      case 'abandon':
        return void abandon()
    }
  }

  // --- orders --------------------------------------------------------------------------------------------

  async function start(): Promise<void> {
    const abort = new AbortController()
    starting = abort
    try {
      await launch(abort.signal)
      feed({ type: 'started' })
    } catch (error) {
      feed(abort.signal.aborted ? { type: 'start-aborted' } : { type: 'start-failed', failure: failureOf(error) })
    } finally {
      starting = null
    }
  }

  async function launch(signal: AbortSignal): Promise<void> {
    // The run before may still be handing back what it held.
    await latest?.stop()
    signal.throwIfAborted()
    const given = { chatId, epoch, call, surroundings, leftLogins, tellLogin, voice, put, onGranted: beginProcess }
    adopt(await startRun(given, signal))
    await settle()
  }

  function beginProcess(): void {
    facts.beginProcess()
    ended = null
  }

  function adopt(process: AgentProcess): void {
    agent = process
    latest = process
    const { runId, session: opened, grant, harnessVersion, sandbox, baseCommit } = process
    void call('sessionOpened', { chatId, epoch, runId, agentSessionId: opened.agentSessionId }).catch(() => {})
    put({
      type: 'run.started',
      runId,
      nodeId,
      harnessVersion,
      how: opened.how,
      sandbox: sandbox.report.level,
      credentialId: grant.credentialId,
      credentialVersion: grant.credentialVersion,
      baseCommit,
      can: opened.can,
    })
    for (const fact of sessionFacts(opened.answer)) facts.offer(fact)
    void process.exited.then(({ detail }) => onExit(process, detail))
  }

  async function settle(): Promise<void> {
    if (!agent) return
    await settleOptions(agent, facts.offer).catch((error: unknown) => put(said(null, 'session/set_config_option', wordsOf(error))))
  }

  async function prompt(of: TurnId): Promise<void> {
    const given = accepted
    if (!given || !agent) return feed({ type: 'answered', turnId: of, ending: failed({ code: 'agent.crashed', facts: {} }) })
    try {
      if (given.mustStartAnew) await replaceAgent()
      else if (given.model && !(await chooseModel(agent, given.model, facts.offer))) await replaceAgent()
      // What we promised stands on the disk before the agent can act on it.
      outbox.sync()
      const { connection, session: opened } = agent
      if (!isStill(of)) return
      facts.beginTurn(of)
      meter = meterLogin(agent, performance.now())
      const { stopReason, usage } = await connection.prompt(opened.agentSessionId, given.prompt)
      meter?.answered(usage)
      feed({ type: 'answered', turnId: of, ending: endingOf(stopReason) })
    } catch (error) {
      const isGone = await wentAway(error)
      if (isGone) return
      feed({ type: 'answered', turnId: of, ending: failed(failureOf(error)) })
      // The one that should have replaced it did not start.
      if (!agent) feed({ type: 'exited', detail: '' })
    }
  }

  /** Cancelled or fenced while the model was being chosen. */
  function isStill(of: TurnId): boolean {
    const { stage } = session
    if (stage.is === 'prompting' && stage.turnId === of) return true
    if (stage.is === 'cancelling') feed({ type: 'answered', turnId: of, ending: { outcome: 'cancelled', stopReason: 'cancelled' } })
    return false
  }

  /** Only a new process can take this model, or be bound to another credential: the session goes on in it. */
  async function replaceAgent(): Promise<void> {
    const abort = new AbortController()
    starting = abort
    try {
      await stopAgent('replaced')
      await launch(abort.signal)
    } finally {
      starting = null
    }
  }

  /** A pipe that broke: the exit tells the machine, with the reason. */
  async function wentAway(error: unknown): Promise<boolean> {
    if (isProtocolAnswer(error) || error instanceof DomainError || !agent) return false
    return Promise.race([agent.exited.then(() => true), delay(2_000, false)])
  }

  async function finish(of: TurnId, ending: Ending): Promise<void> {
    facts.closeTurn(of, ending.outcome)
    const usage = meter?.read(performance.now())
    meter = null
    // A slow reading holds up no prompt.
    if (latest && facts.hasPrompted()) changes.read(of, latest)
    await Promise.race([changes.settled(), delay(CHANGES_FIRST_MS)])
    put({ type: 'turn.ended', turnId: of, ...ending, ...(usage && { usage }) })
    accepted = null
    feed({ type: 'finished' })
  }

  async function stopAgent(reason: 'idle' | 'stopped' | 'shutdown' | 'replaced'): Promise<void> {
    ended = { reason }
    const process = agent
    if (!process) return
    await process.stop()
    await process.exited
    // `onExit` has written the end by now: it listens to the same promise, and listened first.
  }

  function onExit(process: AgentProcess, detail: string): void {
    if (agent !== process) return
    agent = null
    facts.closeQuestions('agent-lost')
    const reason = ended?.reason ?? 'crashed'
    put({ type: 'run.ended', runId: process.runId, reason, ...(reason === 'crashed' && { detail }) })
    const { runId } = process
    void call('runEnded', { chatId, epoch, runId, keepsLogin: leftLogins.isLeft(chatId, runId) }).catch(() => {})
    void process.stop()
    if (reason === 'crashed' || reason === 'stopped') feed({ type: 'exited', detail })
  }

  async function release(): Promise<void> {
    await changes.settled()
    await delivery.drained()
    await call('release', { chatId, epoch }).catch(() => {})
    close()
  }

  async function abandon(): Promise<void> {
    starting?.abort()
    await startWork
    facts.closeQuestions('agent-lost')
    ended = { reason: 'stopped' }
    const process = agent
    await process?.stop()
    // It was told to end in the middle of a word: what stands in its pipe is heard to the end.
    await process?.exited
    await delivery.drained()
    close()
  }

  function close(): void {
    isMute = true
    delivery.stop()
    outbox.close()
    over.resolve()
  }

  function command(commands: readonly Command[]): void {
    for (const each of commands) if (each.kind === 'permission') facts.answer(each.requestId, each.optionId)
    feed({
      type: 'commands',
      prompts: commands.flatMap((each) => (each.kind === 'prompt' ? [each.turnId] : [])),
      cancels: commands.flatMap((each) => (each.kind === 'cancel' ? [each.turnId] : [])),
    })
  }

  function rest(): Rest {
    const { is } = session.stage
    if (is === 'idle') return { is, sinceMs: idleSinceMs }
    return { is: is === 'stopping' || is === 'over' ? 'leaving' : 'busy' }
  }

  command(lease.commands)
  delivery.kick()
  return {
    chatId,
    epoch,
    command,
    fence: () => feed({ type: 'fenced' }),
    drain: () => feed({ type: 'drain' }),
    retire: () => feed({ type: 'retire' }),
    yieldIfIdle: () => feed({ type: 'idle-over' }),
    rest,
    kill: async () => {
      starting?.abort()
      await agent?.stop()
    },
    hasAgent: () => agent !== null || starting !== null,
    residentBytes: () => agent?.residentBytes() ?? 0,
    over: over.promise,
  }
}
