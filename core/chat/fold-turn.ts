/**
 * What one event does to the turn it belongs to. The chat around it is `fold.ts`'s.
 *
 * An ended turn stays ended: output that arrives late is still kept in it, but nothing
 * brings it back to life, neither a late acceptance nor a late word of its agent.
 */
import type { ChatEvent, ChatEventOf, TurnFailure, TurnOutcome } from '#core/chat/events.ts'
import { addLoginUsage, addUsage } from '#core/chat/fold-usage.ts'
import { isOpenAsking } from '#core/chat/asking.ts'
import type { ElicitationItem, PermissionItem, QuestionItem, ReplyItem, ThoughtItem, ToolItem, Turn, TurnItem } from '#core/chat/view.ts'

export const hasEnded = (turn: Pick<Turn, 'endedAt'>): boolean => turn.endedAt !== null

/** The turn after the event; the same object when it changes nothing. */
export function foldTurn(turn: Turn, event: ChatEvent): Turn {
  switch (event.type) {
    case 'turn.edited':
      return turn.status === 'queued' ? { ...turn, prompt: event.prompt } : turn
    case 'turn.accepted':
      return turn.status === 'queued' ? { ...turn, status: 'starting', acceptedAt: event.at } : turn
    case 'turn.ended':
      return hasEnded(turn)
        ? turn
        : ended({ ...turn, usage: addLoginUsage(turn.usage, event) }, event.outcome, event.failure ?? null, event.at)
    case 'turn.interrupted':
      return hasEnded(turn) ? turn : ended(turn, 'interrupted', null, event.at)
    case 'cancel.requested':
      return hasEnded(turn) ? turn : { ...turn, cancelledBy: event.by, status: turn.status === 'queued' ? 'queued' : 'cancelling' }
    case 'reply.appended':
      return shown(withText(turn, 'reply', event))
    case 'thought.appended':
      return shown(withText(turn, 'thought', event))
    case 'tool.called':
      return shown(withTool(turn, event))
    case 'tool.updated':
      return withToolChange(turn, event)
    case 'permission.requested':
      return waiting({ ...turn, items: setItem(turn.items, sameRequest(event), asked(event)) })
    case 'permission.answered':
      return answered(turn, event.requestId, {
        is: 'answered',
        by: event.by,
        optionId: event.optionId,
        ...(event.rule === undefined ? {} : { rule: event.rule }),
        ...(event.note === undefined ? {} : { note: event.note }),
        at: event.at,
      })
    case 'permission.closed':
      return answered(turn, event.requestId, { is: 'closed', reason: event.reason, at: event.at })
    case 'elicitation.requested':
      return waiting({ ...turn, items: setItem(turn.items, sameRequest(event), elicited(event)) })
    case 'elicitation.answered':
      return answered(turn, event.requestId, {
        is: 'answered',
        by: event.by,
        action: event.action,
        answers: event.answers ?? {},
        at: event.at,
      })
    case 'elicitation.closed':
      return answered(turn, event.requestId, { is: 'closed', reason: event.reason, at: event.at })
    case 'question.asked':
      return waiting({ ...turn, items: setItem(turn.items, sameQuestion(event), questionOf(event)) })
    case 'question.answered':
      return questionAnswered(turn, event)
    case 'model.failed':
      return modelFailed(turn, event)
    case 'usage.metered':
      return modelAnswered({ ...turn, usage: addUsage(turn.usage, event) }, event)
    case 'progress.reported':
      return hasEnded(turn) ? turn : shown({ ...turn, progress: { note: event.note, fraction: event.fraction } })
    case 'changes.recorded':
      return { ...turn, changes: { files: event.files, isTruncated: event.isTruncated } }
    default:
      return turn
  }
}

const ended = (turn: Turn, outcome: TurnOutcome, failure: TurnFailure | null, at: string): Turn =>
  closed(settled({ ...turn, endedAs: { outcome, failure } }), at)

/**
 * Weighs both words about an ended turn. The proxy's comes second: it fails a turn that its agent called
 * complete, and gives the reason where the agent gave none. It may also be committed after the end.
 */
function settled(turn: Turn): Turn {
  if (turn.endedAs === null) return turn
  const { outcome, failure } = turn.endedAs
  if (outcome === 'completed' && turn.openFailure) return { ...turn, status: 'failed', failure: turn.openFailure }
  return { ...turn, status: outcome, failure: outcome === 'failed' ? whyFailed(failure, turn.openFailure) : failure }
}

/** Some agents report a refused model request as a fault of the protocol or as a lost login: the proxy knows better. */
const secondHand = new Set<TurnFailure['code']>(['agent.protocol-error', 'agent.signed-out'])

const whyFailed = (agents: TurnFailure | null, proxys: TurnFailure | null): TurnFailure | null =>
  agents === null || (proxys !== null && secondHand.has(agents.code)) ? proxys : agents

/** Nothing of an ended turn stays open: tools stop turning, questions can no longer be answered. */
function closed(turn: Turn, at: string): Turn {
  const isStopped = turn.status !== 'completed'
  const items = turn.items.map((item): TurnItem => {
    if (isRequest(item) && item.answer.is === 'open') {
      return { ...item, answer: { is: 'closed', reason: turn.status === 'interrupted' ? 'agent-lost' : 'turn-ended', at } }
    }
    if (item.is === 'question' && item.answer.is === 'open') return { ...item, answer: { is: 'closed', at } }
    if (item.is === 'tool' && item.endedAt === null) return { ...item, status: isStopped ? 'cancelled' : item.status, endedAt: at }
    return item
  })
  return { ...turn, items, endedAt: at }
}

/** The agent has shown something. */
export const shown = (turn: Turn): Turn => (turn.status === 'starting' ? { ...turn, status: 'running' } : turn)

/** A question is open, unless the turn is on its way out anyway. */
export const waiting = (turn: Turn): Turn =>
  turn.status === 'starting' || turn.status === 'running' ? { ...turn, status: 'waiting' } : turn

function withText(turn: Turn, is: 'reply' | 'thought', event: ChatEventOf<'reply.appended' | 'thought.appended'>): Turn {
  const at = turn.items.findLastIndex((item) => item.is === is && item.messageId === event.messageId)
  const before = turn.items[at] as ReplyItem | ThoughtItem | undefined
  const text = setText(before?.text ?? '', event.offset, event.text)
  if (before) {
    if (text === before.text) return turn
    return { ...turn, items: turn.items.with(at, before.is === 'reply' ? { ...before, text } : { ...before, text, lastAt: event.at }) }
  }
  const item: TurnItem =
    is === 'reply'
      ? { is, messageId: event.messageId, text }
      : { is, messageId: event.messageId, text, startedAt: event.at, lastAt: event.at }
  return { ...turn, items: [...turn.items, item] }
}

/** Puts `piece` at `offset`. The common case, the very end, is a plain concatenation. */
const setText = (text: string, offset: number, piece: string): string =>
  offset >= text.length ? text + piece : text.slice(0, offset) + piece + text.slice(offset + piece.length)

const isOver = (status: ToolItem['status']): boolean => status === 'completed' || status === 'failed' || status === 'cancelled'

function withTool(turn: Turn, event: ChatEventOf<'tool.called'>): Turn {
  const at = turn.items.findLastIndex(sameTool(event))
  const before = turn.items[at] as ToolItem | undefined
  const item: ToolItem = {
    is: 'tool',
    toolCallId: event.toolCallId,
    title: event.title,
    kind: event.kind,
    status: event.status,
    content: event.content,
    locations: event.locations,
    ...(event.input === undefined ? {} : { input: event.input }),
    ...(event.output === undefined ? {} : { output: event.output }),
    startedAt: before?.startedAt ?? event.at,
    endedAt: isOver(event.status) || hasEnded(turn) ? (before?.endedAt ?? event.at) : null,
  }
  return { ...turn, items: before ? turn.items.with(at, item) : [...turn.items, item] }
}

/** An update for a call that was never announced (some agents send it first) still shows what it says. */
function withToolChange(turn: Turn, event: ChatEventOf<'tool.updated'>): Turn {
  const at = turn.items.findLastIndex(sameTool(event))
  const before = turn.items[at] as ToolItem | undefined
  const { title, kind, status, content, locations, input, output } = event
  if (!before) {
    return shown(
      withTool(turn, {
        ...event,
        type: 'tool.called',
        title: title ?? '',
        kind: kind ?? 'other',
        status: status ?? 'in_progress',
        content: content ?? [],
        locations: locations ?? [],
      }),
    )
  }
  const next: ToolItem = {
    ...before,
    ...(title === undefined ? {} : { title }),
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(content === undefined ? {} : { content }),
    ...(locations === undefined ? {} : { locations }),
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(before.cut && { cut: stillCut(before.cut, event) }),
  }
  const endedAt = before.endedAt ?? (isOver(next.status) ? event.at : null)
  return { ...turn, items: turn.items.with(at, { ...next, endedAt }) }
}

/** What is told anew is whole again. */
const stillCut = (cut: NonNullable<ToolItem['cut']>, { input, output }: ChatEventOf<'tool.updated'>): NonNullable<ToolItem['cut']> => ({
  ...(input === undefined && cut.input !== undefined && { input: cut.input }),
  ...(output === undefined && cut.output !== undefined && { output: cut.output }),
})

const sameTool = (event: { toolCallId: string }) => (item: TurnItem) => item.is === 'tool' && item.toolCallId === event.toolCallId
/** What the agent's own protocol asks. */
const isRequest = (item: TurnItem): item is PermissionItem | ElicitationItem => item.is === 'permission' || item.is === 'elicitation'
export const sameRequest = (event: { requestId: string }) => (item: TurnItem) => isRequest(item) && item.requestId === event.requestId

/** A question that is already there keeps its place and its answer. */
const setItem = (items: readonly TurnItem[], isSame: (item: TurnItem) => boolean, item: TurnItem): readonly TurnItem[] =>
  items.some(isSame) ? items : [...items, item]

const asked = (event: ChatEventOf<'permission.requested'>): PermissionItem => ({
  is: 'permission',
  requestId: event.requestId,
  toolCallId: event.toolCallId,
  title: event.title,
  kind: event.kind,
  content: event.content,
  ...(event.input === undefined ? {} : { input: event.input }),
  options: event.options,
  requestedAt: event.at,
  answer: { is: 'open' },
})

const elicited = (event: ChatEventOf<'elicitation.requested'>): ElicitationItem => ({
  is: 'elicitation',
  requestId: event.requestId,
  message: event.message,
  form: event.form,
  requestedAt: event.at,
  answer: { is: 'open' },
})

/** The first answer stands; when no question is left, the turn runs again. */
function answered(turn: Turn, requestId: string, answer: (PermissionItem | ElicitationItem)['answer']): Turn {
  const at = turn.items.findLastIndex(sameRequest({ requestId }))
  const item = turn.items[at]
  if (!item || !isRequest(item) || item.answer.is !== 'open') return turn
  // Each kind of fact answers its own kind of request.
  return goingOn({ ...turn, items: turn.items.with(at, { ...item, answer } as PermissionItem | ElicitationItem) })
}

const sameQuestion = (event: { questionId: string }) => (item: TurnItem) => item.is === 'question' && item.questionId === event.questionId

const questionOf = ({ questionId, question, choices, at }: ChatEventOf<'question.asked'>): QuestionItem => ({
  is: 'question',
  questionId,
  question,
  choices,
  askedAt: at,
  answer: { is: 'open' },
})

function questionAnswered(turn: Turn, event: ChatEventOf<'question.answered'>): Turn {
  const at = turn.items.findLastIndex(sameQuestion(event))
  const item = turn.items[at]
  if (item?.is !== 'question' || item.answer.is !== 'open') return turn
  return goingOn({
    ...turn,
    items: turn.items.with(at, { ...item, answer: { is: 'answered', by: event.by, text: event.answer, at: event.at } }),
  })
}

/** Once nobody is waited for any more. */
const goingOn = (turn: Turn): Turn => (turn.status === 'waiting' && !turn.items.some(isOpenAsking) ? { ...turn, status: 'running' } : turn)

function modelFailed(turn: Turn, event: ChatEventOf<'model.failed'>): Turn {
  const failure = {
    code: event.code,
    facts: {
      ...event.facts,
      provider: event.provider,
      model: event.model,
      status: event.status,
      ...(event.harness !== undefined && { harness: event.harness }),
    },
    ...(event.detail === undefined ? {} : { detail: event.detail }),
  }
  const item: TurnItem = { is: 'model-failure', failure, provider: event.provider, model: event.model, at: event.at }
  return settled({ ...turn, items: [...turn.items, item], openFailure: failure })
}

/**
 * Only the proxy's word proves that a request succeeded after all, since an agent's text may be the error itself.
 * And only one to the same model: a title that some small model wrote meanwhile says nothing of the answer.
 */
function modelAnswered(turn: Turn, event: ChatEventOf<'usage.metered'>): Turn {
  const failedModel = turn.openFailure?.facts['model'] ?? null
  return turn.openFailure === null || (failedModel !== null && failedModel !== event.model) ? turn : settled({ ...turn, openFailure: null })
}
