/**
 * The one fold: a log becomes what people see. Server and browser run this same code.
 *
 * Applying an event twice changes nothing: what is at or below `view.seq` is ignored, and a
 * piece of text is *set* at its offset, never appended blindly. Applying an event that does
 * not follow on changes nothing either; `standing` tells the caller, who fetches the rest.
 * Streaming stays cheap: a piece of text copies the list of turns and the last of each below.
 * A view may hold only the newest turns and items: `part.ts` says when it comes to the same.
 * Next: `components/chat/` draws the view.
 */
import type { ChatEvent, ChatEventOf } from '#core/chat/events.ts'
import { sameRequest } from '#core/chat/fold-turn.ts'
import { applyHistory } from '#core/chat/history.ts'
import { addLoginModelUsage, addLoginUsage, addModelUsage, addUsage } from '#core/chat/fold-usage.ts'
import { foldPart, withItem } from '#core/chat/part.ts'
import { noUsage, type ChatView, type RunNoteItem, type Turn } from '#core/chat/view.ts'

/** Whether an event is already in the view, follows on it, or leaves a gap that must be fetched first. */
export function standing(view: { seq: number }, event: { seq: number; seqFrom: number }): 'known' | 'next' | 'gap' {
  if (event.seq <= view.seq) return 'known'
  return event.seqFrom <= view.seq + 1 ? 'next' : 'gap'
}

/** The view after one more event; the same object when the event is known or leaves a gap. */
export function fold(view: ChatView, event: ChatEvent): ChatView {
  return standing(view, event) === 'next' ? { ...apply(view, event), seq: event.seq } : view
}

export const foldAll = (view: ChatView, events: readonly ChatEvent[]): ChatView => events.reduce(fold, view)

function apply(view: ChatView, event: ChatEvent): ChatView {
  switch (event.type) {
    case 'chat.created':
      return {
        ...view,
        title: event.title,
        projectId: event.projectId,
        harness: event.harness,
        model: event.model,
        createdBy: event.by,
        startedFrom: event.startedFrom ?? null,
      }
    case 'chat.forked':
      return { ...view, forkedFrom: { chatId: event.from, by: event.by, context: event.context } }
    case 'chat.offered':
    case 'mcp.called':
      // The agent's own word on the call is what shows.
      return view
    case 'chat.handed-over':
      return { ...view, createdBy: event.by }
    case 'chat.renamed':
      return { ...view, title: event.title }
    case 'title.suggested':
      // A person's title stands; the agent's only fills an empty one.
      return view.title === '' ? { ...view, title: event.title } : view
    case 'chat.archived':
      return { ...view, isArchived: true }
    case 'chat.unarchived':
      return { ...view, isArchived: false }
    case 'model.chosen':
      return { ...view, model: event.model }
    case 'turn.requested':
      return view.turns.some((turn) => turn.turnId === event.turnId) ? view : { ...view, turns: [...view.turns, requested(event)] }
    case 'turn.withdrawn':
      return { ...view, turns: view.turns.filter((turn) => turn.turnId !== event.turnId || turn.status !== 'queued') }
    case 'queue.reordered':
      return { ...view, turns: reordered(view.turns, event.turnIds) }
    case 'workspace.moved':
      return moved(view, event)
    case 'run.progressed':
      return { ...view, run: { is: 'preparing', stage: event.stage, note: event.note, fraction: event.fraction } }
    case 'run.started':
      return {
        ...withNote(view, noteOf(view, event)),
        lastRun: { harnessVersion: event.harnessVersion, end: null },
        can: event.can ?? null,
        run: {
          is: 'live',
          runId: event.runId,
          nodeId: event.nodeId,
          how: event.how,
          sandbox: event.sandbox,
          harnessVersion: event.harnessVersion,
          credentialId: event.credentialId,
        },
      }
    case 'run.ended':
      // The end of an earlier run says nothing of the one that replaced it.
      return view.run.is === 'live' && view.run.runId !== event.runId
        ? view
        : {
            ...view,
            lastRun: view.lastRun && { ...view.lastRun, end: view.lastRun.end ?? (event.reason === 'crashed' ? 'crash' : 'orderly') },
            run: { is: 'ended', reason: event.reason, detail: event.detail ?? null },
          }
    case 'plan.set':
      return { ...view, plan: event.entries }
    case 'context.measured':
      return { ...view, context: { usedTokens: event.usedTokens, sizeTokens: event.sizeTokens } }
    case 'options.offered':
      return { ...view, options: event.options }
    case 'mode.changed':
      return { ...view, modeId: event.modeId }
    case 'commands.offered':
      return { ...view, commands: event.commands }
    case 'history.folded':
      return applyHistory(view, event)
    case 'agent.said':
      return { ...view, unknownMessages: view.unknownMessages + 1 }
    case 'changes.recorded':
      return { ...withTurn(view, event), changes: { files: event.files, isTruncated: event.isTruncated } }
    case 'usage.metered':
      return { ...withTurn(view, event), usage: addUsage(view.usage, event), usageByModel: addModelUsage(view.usageByModel, event) }
    case 'turn.interrupted': {
      // Whatever prepared or ran for this turn is gone with its daemon.
      const interrupted = withTurn(view, event)
      if (interrupted === view) return view
      const next = { ...interrupted, lastRun: view.lastRun && { ...view.lastRun, end: 'interruption' as const } }
      return view.run.is !== 'live' && view.run.is !== 'preparing'
        ? next
        : { ...next, run: { is: 'ended', reason: event.reason === 'agent-lost' ? 'crashed' : 'stopped', detail: null } }
    }
    case 'turn.ended': {
      // A turn that ends while its run was still being prepared ended because that failed.
      const next = withTurn(view, event)
      if (next === view) return view
      const used = { usage: addLoginUsage(view.usage, event), usageByModel: addLoginModelUsage(view.usageByModel, event) }
      return view.run.is === 'preparing' ? { ...next, ...used, run: { is: 'none' } } : { ...next, ...used }
    }
    case 'turn.accepted': {
      // A plan is of its turn: the next one starts without.
      const next = withTurn(view, event)
      if (next === view) return view
      const told = view.pendingNote ? { ...withNote(next, view.pendingNote), pendingNote: null } : next
      return view.plan.length === 0 ? told : { ...told, plan: [] }
    }
    case 'turn.edited':
    case 'cancel.requested':
    case 'question.asked':
    case 'question.answered':
    case 'elicitation.requested':
    case 'elicitation.answered':
    case 'elicitation.closed':
    case 'permission.requested':
    case 'permission.answered':
    case 'permission.closed':
    case 'model.failed':
    case 'reply.appended':
    case 'thought.appended':
    case 'tool.called':
    case 'tool.updated':
    case 'progress.reported':
      return withTurn(view, event)
  }
}

/** Null for a start of which nobody needs to know. */
function noteOf({ lastRun }: ChatView, { how, harnessVersion, at }: ChatEventOf<'run.started'>): RunNoteItem | null {
  if (!lastRun) return null
  const { end } = lastRun
  const hasForgotten = how === 'new'
  const upgrade = lastRun.harnessVersion === harnessVersion ? null : { from: lastRun.harnessVersion, to: harnessVersion }
  const after = end === 'crash' || end === 'interruption' ? end : null
  return after !== null || hasForgotten || upgrade ? { is: 'run-note', after, hasForgotten, upgrade, at } : null
}

/** In the turn that runs, else kept for the one that is taken next. */
function withNote(view: ChatView, note: RunNoteItem | null): ChatView {
  if (note === null) return view
  const at = view.turns.findLastIndex((turn) => turn.acceptedAt !== null && turn.endedAt === null)
  if (at < 0) return { ...view, pendingNote: note }
  const turn = view.turns[at]!
  return { ...view, turns: view.turns.with(at, withItem(turn, note)) }
}

/** Those that wait change places among themselves; whatever has started keeps its own. */
function reordered(turns: readonly Turn[], turnIds: readonly string[]): readonly Turn[] {
  const places = turns.flatMap((turn, at) => (turn.status === 'queued' && turnIds.includes(turn.turnId) ? [at] : []))
  const inOrder = places.map((at) => turns[at]!).toSorted((a, b) => turnIds.indexOf(a.turnId) - turnIds.indexOf(b.turnId))
  return turns.map((turn, at) => (places.includes(at) ? inOrder[places.indexOf(at)]! : turn))
}

/** The turn for which it was moved is told of it: the next in line. Nothing of the run before is here. */
function moved(view: ChatView, { from, to, at }: Extract<ChatEvent, { type: 'workspace.moved' }>): ChatView {
  const next = view.turns.findIndex((turn) => turn.status === 'queued')
  if (next < 0) return view
  const turn = view.turns[next]!
  return { ...view, turns: view.turns.with(next, withItem(turn, { is: 'moved', from: from.name, to: to.name, at })) }
}

const requested = (event: Extract<ChatEvent, { type: 'turn.requested' }>): Turn => ({
  turnId: event.turnId,
  by: event.by,
  prompt: event.prompt,
  requestedAt: event.at,
  acceptedAt: null,
  endedAt: null,
  status: 'queued',
  items: [],
  failure: null,
  openFailure: null,
  endedAs: null,
  cancelledBy: null,
  usage: noUsage,
  changes: null,
  progress: null,
})

/** Applies an event to the turn it belongs to; the newest is looked at first, since almost every event is its. */
function withTurn(view: ChatView, event: ChatEvent): ChatView {
  const at = view.turns.findLastIndex((turn) => belongs(turn, event))
  if (at < 0) return view
  const before = view.turns[at]!
  const after = foldPart(before, event)
  return after === before ? view : { ...view, turns: view.turns.with(at, after) }
}

/** Whether an event changes this turn, of which the items that it is about may be here. */
export function belongs(turn: Turn, event: ChatEvent): boolean {
  // Answers and closings name their request alone.
  if ('requestId' in event && !('turnId' in event)) return turn.items.some(sameRequest(event))
  if (event.type === 'question.answered') {
    return turn.items.some((item) => item.is === 'question' && item.questionId === event.questionId)
  }
  return 'turnId' in event && event.turnId === turn.turnId
}
