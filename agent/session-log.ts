/**
 * What a session writes: an agent's words become facts here, in their order, each once.
 * It knows which turn is running, which questions and tool calls are open, and what is
 * only a replay of history that the log already holds.
 * From: `acp/connection.ts`. Next: `outbox.ts`.
 */
import { randomBytes } from 'node:crypto'
import type { DaemonFact, TurnOutcome } from '#core/chat/events.ts'
import type { Command } from '#core/links/daemon.ts'
import { uuidV7, type RequestId, type TurnId } from '#core/ids.ts'
import { coalescer } from '#agent/acp/coalesce.ts'
import type { AgentVoice } from '#agent/acp/connection.ts'
import { fitFact } from '#agent/acp/fit.ts'
import { elicitationDesk } from '#agent/acp/elicitations.ts'
import { permissionDesk } from '#agent/acp/permissions.ts'
import { replayGate } from '#agent/acp/replay-gate.ts'
import { said, translate } from '#agent/acp/translate.ts'

export const mintId = (): string => uuidV7({ nowMs: Date.now(), random: randomBytes(10) })

/** Runs once after the time; the answer calls it off. */
export const after = (run: () => void, ms: number): (() => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export type SessionLog = {
  put: (fact: DaemonFact) => void
  /** Options, commands and modes are repeated by agents at every occasion; the log holds each once. */
  offer: (fact: DaemonFact) => void
  /** The ears that an agent process speaks to. */
  voice: Omit<AgentVoice, 'room'>
  /** A person's, as the server tells it; what was asked by a process that is gone answers nobody. */
  answer: (command: Extract<Command, { requestId: RequestId }>) => void
  closeQuestions: (reason: 'cancelled' | 'turn-ended' | 'agent-lost') => void
  /** A new process: what it says of turns before its first prompt is history. */
  beginProcess: () => void
  /** Resolves when a process that loaded its session has said all of its history. */
  replayOver: () => Promise<void>
  beginTurn: (turnId: TurnId) => void
  /**
   * Closes what the turn left open; its end itself is written by whoever knows why.
   * @returns whether it had begun
   */
  closeTurn: (turnId: TurnId, outcome: TurnOutcome) => boolean
}

type ToolFact = Extract<DaemonFact, { type: 'tool.called' | 'tool.updated' }>

/** @param write puts a fact into the outbox */
export function sessionLog({ write, workdir }: { write: (fact: DaemonFact) => void; workdir: () => string }): SessionLog {
  let turnId: TurnId | null = null
  const replay = replayGate()
  const openTools = new Set<ToolFact['toolCallId']>()
  const lastOffers = new Map<string, string>()

  function put(fact: DaemonFact): void {
    if (fact.type === 'tool.called' || fact.type === 'tool.updated') noteTool(fact)
    write(fitFact(fact))
  }

  function noteTool(fact: ToolFact): void {
    if (fact.status === 'completed' || fact.status === 'failed') openTools.delete(fact.toolCallId)
    else if (fact.type === 'tool.called') openTools.add(fact.toolCallId)
  }

  function offer(fact: DaemonFact): void {
    const json = JSON.stringify(fact)
    if (lastOffers.get(fact.type) === json) return
    lastOffers.set(fact.type, json)
    put(fact)
  }

  const isOffer = ({ type }: DaemonFact): boolean => ['options.offered', 'commands.offered', 'mode.changed'].includes(type)
  const text = coalescer((fact) => (isOffer(fact) ? offer(fact) : put(fact)), after)
  const desk = permissionDesk(put, mintId)
  const elicitations = elicitationDesk(put, mintId)

  return {
    put,
    offer,
    voice: {
      onUpdate(params) {
        if (replay.isReplay(params)) return
        for (const draft of translate(params, { turnId, workdir: workdir() })) text.add(draft, turnId)
      },
      onStray: ({ method, raw }) => text.add({ is: 'fact', fact: said(turnId, method, raw) }, turnId),
      onPermission(params) {
        text.flush()
        return desk.ask(params, { turnId, workdir: workdir() })
      },
      onElicitation(params, signal) {
        text.flush()
        return elicitations.ask(params, turnId, signal)
      },
    },
    answer(command) {
      if (command.kind === 'permission') desk.answer(command.requestId, command.optionId)
      else elicitations.answer(command.requestId, command.action, command.answers)
    },
    closeQuestions(reason) {
      text.flush()
      desk.closeAll(reason)
      elicitations.closeAll(reason)
    },
    beginProcess: replay.close,
    replayOver: replay.over,
    beginTurn(of) {
      turnId = of
      replay.open()
    },
    closeTurn(of, outcome) {
      text.endTurn()
      const reason = outcome === 'cancelled' ? 'cancelled' : 'turn-ended'
      desk.closeAll(reason)
      elicitations.closeAll(reason)
      for (const toolCallId of openTools) {
        put({ type: 'tool.updated', turnId: of, toolCallId, status: outcome === 'completed' ? 'completed' : 'cancelled' })
      }
      openTools.clear()
      const hadBegun = turnId === of
      turnId = null
      return hadBegun
    },
  }
}
