/**
 * Starts a run of a leased chat: asks the server for it, waits for a login that another chat has, and for the word on
 * what this chat has left of one; then starts the agent. Whatever fails on the way ends the run that was granted.
 * From: `session-runner.ts`. Next: `agent-process.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { DaemonFact } from '#core/chat/events.ts'
import { DomainError } from '#core/errors.ts'
import { RunId, type ChatId } from '#core/ids.ts'
import type { RunGrant } from '#core/links/daemon.ts'
import type { AgentVoice } from '#agent/acp/connection.ts'
import { startAgent, type AgentProcess, type Surroundings } from '#agent/agent-process.ts'
import type { LeftLogins } from '#agent/left-logins.ts'
import type { TellLogin } from '#agent/login-watch.ts'
import { mintId } from '#agent/session-log.ts'
import type { Call } from '#agent/uplink.ts'

export type RunStart = {
  chatId: ChatId
  epoch: number
  call: Call
  surroundings: Surroundings
  leftLogins: LeftLogins
  tellLogin: TellLogin
  voice: AgentVoice
  put: (fact: DaemonFact) => void
  /** The run is granted, and its process about to begin. */
  onGranted: () => void
}

type Progressed = Omit<Extract<DaemonFact, { type: 'run.progressed' }>, 'type'>

const PROGRESS_EVERY_MS = 400
const LOGIN_WAIT_MS = 1_000

/** @throws why there is no run; or whatever `signal` was aborted with */
export async function startRun(
  { chatId, epoch, call, surroundings, leftLogins, tellLogin, voice, put, onGranted }: RunStart,
  signal: AbortSignal,
): Promise<AgentProcess> {
  const runId = RunId.parse(mintId())
  const onProgress = progress(put)
  const ask = (): Promise<RunGrant> => askForRun({ chatId, epoch, runId, call, onProgress }, signal)
  let grant = await ask()
  try {
    // What was granted may have been spent by what still lies in the chat's home: the server is told of that first.
    if (grant.delivery.via === 'file' && (await leftLogins.clear(chatId, signal))) grant = await ask()
    onGranted()
    const process = await startAgent({ surroundings, chatId, epoch, grant, voice, onProgress, tellLogin, leftLogins, signal })
    if (!signal.aborted) return process
    await process.stop()
    throw new Error('aborted')
  } catch (error) {
    void call('runEnded', { chatId, epoch, runId, keepsLogin: leftLogins.isLeft(chatId, runId) }).catch(() => {})
    throw error
  }
}

type Asking = Pick<RunStart, 'chatId' | 'epoch' | 'call'> & { runId: RunId; onProgress: (fact: Progressed) => void }

/** A login that serves one run at a time is waited for, until somebody cancels: who only rests on it gives it up. */
async function askForRun({ chatId, epoch, runId, call, onProgress }: Asking, signal: AbortSignal): Promise<RunGrant> {
  for (;;) {
    const reply = await call('startRun', { chatId, epoch, runId })
    signal.throwIfAborted()
    if (reply.ok) return reply.grant
    if (reply.code !== 'login.in-use') throw new DomainError(reply.code, reply.facts)
    onProgress({ stage: 'starting', note: waitingFor(reply.facts['nodeName']), fraction: null })
    await delay(LOGIN_WAIT_MS, undefined, { signal })
  }
}

const waitingFor = (nodeName: unknown): string =>
  typeof nodeName === 'string'
    ? `Waiting for the machine ${nodeName}, which has not given this login back yet`
    : 'Waiting for another chat that uses this login'

/** Somebody who waits says for what once. */
function progress(put: (fact: DaemonFact) => void): (fact: Progressed) => void {
  let last: Progressed & { atMs: number } = { stage: 'starting', note: '', fraction: null, atMs: 0 }
  return (fact) => {
    const nowMs = performance.now()
    if (fact.stage === last.stage && fact.note === last.note && fact.fraction === last.fraction) return
    if (fact.stage === last.stage && nowMs - last.atMs < PROGRESS_EVERY_MS && fact.fraction !== 1) return
    last = { ...fact, atMs: nowMs }
    put({ type: 'run.progressed', ...fact, note: fact.note.slice(0, 500) })
  }
}
