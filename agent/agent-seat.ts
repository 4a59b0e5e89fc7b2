/**
 * The one seat for a chat's agent process: fills it, replaces who sits there, empties it, and writes of each beginning
 * and end. What that means for a turn, it does not know.
 * From: `session-runner.ts`. Next: `run-start.ts`.
 */
import type { DaemonFact } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import type { ChatId, NodeId } from '#core/ids.ts'
import { wordsOf } from '#agent/acp/connection.ts'
import { said, sessionFacts } from '#agent/acp/translate.ts'
import type { AgentProcess, Surroundings } from '#agent/agent-process.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import { tellLoginBy } from '#agent/login-watch.ts'
import { startRun } from '#agent/run-start.ts'
import type { SessionLog } from '#agent/session-log.ts'
import { settleOptions } from '#agent/session-options.ts'
import type { Call } from '#agent/uplink.ts'

/** A start that was given up because we asked for it. */
export class StartAborted extends Error {
  override readonly name = 'StartAborted'
}

type EndReason = Extract<DaemonFact, { type: 'run.ended' }>['reason']

export type AgentSeatOptions = {
  chatId: ChatId
  epoch: number
  call: Call
  nodeId: NodeId
  surroundings: Surroundings
  leftLogins: LeftLogins
  facts: SessionLog
  room: () => Promise<void> | null
  /** It ended although nobody asked it to, or because it was killed. */
  onLost: (detail: string) => void
}

export type AgentSeat = {
  current: () => AgentProcess | null
  /** Also after its end: the changes of its last turn are still to be read. */
  latest: () => AgentProcess | null
  isFilling: () => boolean
  /** @throws StartAborted; or why there is no run */
  fill: () => Promise<void>
  /** Only a new process can take this model, or be bound to another credential: the session goes on in it. */
  replace: () => Promise<void>
  /** Gives up a start that is under way; what waits for it hears so. Resolves when nothing is left of it. */
  abort: () => Promise<void>
  /** Resolves when it has ended and its end is written. */
  empty: (reason: Exclude<EndReason, 'crashed'>) => Promise<void>
}

export function agentSeat({ chatId, epoch, call, nodeId, surroundings, leftLogins, facts, room, onLost }: AgentSeatOptions): AgentSeat {
  let agent: AgentProcess | null = null
  let latest: AgentProcess | null = null
  /** Which end of a process was ours: its exit is then no crash. */
  let ended: EndReason | null = null
  let starting: { abort: AbortController; over: Promise<void> } | null = null
  const { put } = facts
  const tellLogin = tellLoginBy(call)
  const voice = { ...facts.voice, room }

  async function fill(signal: AbortSignal): Promise<void> {
    // The run before may still be handing back what it held.
    await latest?.stop()
    signal.throwIfAborted()
    const process = await startRun({ chatId, epoch, call, surroundings, leftLogins, tellLogin, voice, put, onGranted }, signal)
    adopt(process)
    if (process.session.how === 'loaded') await facts.replayOver()
    try {
      await settleOptions(process, facts.offer, { signal })
    } catch (error) {
      // It sits here already, so nobody else ends it.
      if (signal.aborted) await empty('stopped')
      signal.throwIfAborted()
      put(said(null, 'session/set_config_option', wordsOf(error)))
    }
    if (agent === process) return
    throw new DomainError('harness.start-failed', { harness: process.harness.id, ...(await process.exited) })
  }

  function onGranted(): void {
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

  function onExit(process: AgentProcess, detail: string): void {
    if (agent !== process) return
    agent = null
    facts.closeQuestions('agent-lost')
    const reason = ended ?? 'crashed'
    const { runId } = process
    put({ type: 'run.ended', runId, reason, ...(reason === 'crashed' && { detail }) })
    void call('runEnded', { chatId, epoch, runId, keepsLogin: leftLogins.isLeft(chatId, runId) }).catch(() => {})
    void process.stop()
    // Of one that is being started, its start tells.
    if ((reason === 'crashed' || reason === 'stopped') && !starting) onLost(detail)
  }

  async function empty(reason: EndReason): Promise<void> {
    ended = reason
    const process = agent
    await process?.stop()
    // `onExit` has written the end by then: it listens to the same promise, and listened first.
    await process?.exited
  }

  /** Whoever asks while one is being started gets that one: of two, both would sit down. */
  function abortably(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (starting) return starting.over
    const abort = new AbortController()
    const over = work(abort.signal)
      .catch((error: unknown) => {
        throw abort.signal.aborted ? new StartAborted() : error
      })
      .finally(() => (starting = null))
    starting = { abort, over }
    return over
  }

  return {
    current: () => agent,
    latest: () => latest,
    isFilling: () => starting !== null,
    fill: () => abortably(fill),
    replace: () =>
      abortably(async (signal) => {
        await empty('replaced')
        await fill(signal)
      }),
    async abort() {
      const given = starting
      given?.abort.abort()
      await given?.over.catch(() => {})
    },
    empty,
  }
}
