/**
 * The rules of a chat: a person's command and the state it meets become facts, or a failure.
 * Pure. `server/chats/service.ts` reads the state under the head's lock and commits what is decided here.
 */
import {
  OPEN_QUESTIONS_MAX,
  PROMPT_MAX_CHARS,
  type ChatCommand,
  type ChatState,
  type Order,
  type UnaskedCommand,
} from '#core/chat/commands.ts'
import { problemsOf, withoutSecrets } from '#core/chat/elicitation.ts'
import type { ChatFact, PromptContent } from '#core/chat/events.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { TurnId, UserId } from '#core/ids.ts'

/** Facts may be empty: the command had been carried out before, and the answer is the same again. */
export type Decision =
  | { ok: true; facts: readonly ChatFact[]; orders: readonly Order[]; turnId?: TurnId }
  | { ok: false; code: FailureCode; facts: FailureFacts }

type Of<D extends ChatCommand['do']> = Extract<ChatCommand, { do: D }>

export function decide(command: ChatCommand | UnaskedCommand, state: ChatState): Decision {
  switch (command.do) {
    case 'answerByRule':
    case 'expireQuestion':
      return unasked(command, state)
    case 'sendPrompt':
      return sendPrompt(command, state)
    case 'editQueued':
      return editQueued(command, state)
    case 'withdraw':
      return withdraw(command, state)
    case 'moveQueued':
      return moveQueued(command, state)
    case 'sendNow':
      return sendNow(command, state)
    case 'cancelTurn':
      return cancelTurn(command, state)
    case 'answerPermission':
      return answerPermission(command, state)
    case 'answerElicitation':
      return answerElicitation(command, state)
    case 'askQuestion':
      return askQuestion(command, state)
    case 'answerQuestion':
      return answerQuestion(command, state)
    case 'rename':
      return state.title === command.title ? settled() : done([{ type: 'chat.renamed', by: command.by, title: command.title }])
    case 'archive':
      return archive(command, state)
    case 'unarchive':
      return state.isArchived ? done([{ type: 'chat.unarchived', by: command.by }]) : settled()
    case 'chooseModel':
      if (state.isArchived) return refuse('chat.archived')
      return state.model === command.model ? settled() : done([{ type: 'model.chosen', by: command.by, model: command.model }])
  }
}

const done = (facts: readonly ChatFact[], orders: readonly Order[] = [], turnId?: TurnId): Decision => ({
  ok: true,
  facts,
  orders,
  ...(turnId === undefined ? {} : { turnId }),
})
const settled = (turnId?: TurnId): Decision => done([], [], turnId)
const refuse = (code: FailureCode, facts: FailureFacts = {}): Decision => ({ ok: false, code, facts })

/** The browser mints `turnId`, so a retried request lands on the turn that the first one made. */
function sendPrompt({ by, turnId, prompt }: Of<'sendPrompt'>, state: ChatState): Decision {
  if (state.turn) {
    return state.turn.by === by && isSamePrompt(state.turn.prompt, prompt) ? settled(turnId) : refuse('turn.id-taken', { turnId })
  }
  if (state.isArchived) return refuse('chat.archived')
  const tooLarge = whyTooLarge(prompt)
  if (tooLarge) return tooLarge
  return done([{ type: 'turn.requested', turnId, by, prompt }], [{ order: 'queue-prompt', turnId, by, prompt }], turnId)
}

/** Only its author changes what a prompt says; and only while no agent has seen it. */
function editQueued({ by, turnId, prompt }: Of<'editQueued'>, state: ChatState): Decision {
  if (!state.turn) return refuse('turn.missing')
  const queued = state.queued.find((each) => each.turnId === turnId)
  if (!queued) return refuse('turn.not-queued')
  if (queued.by !== by) return refuse('access.denied')
  const tooLarge = whyTooLarge(prompt)
  if (tooLarge) return tooLarge
  return done([{ type: 'turn.edited', turnId, by, prompt }], [{ order: 'replace-prompt', turnId, prompt }], turnId)
}

function withdraw({ by, turnId }: Of<'withdraw'>, state: ChatState): Decision {
  if (!state.turn) return refuse('turn.missing')
  const queued = state.queued.find((each) => each.turnId === turnId)
  if (!queued) return refuse('turn.not-queued')
  if (queued.by !== by && !state.isMaintainer) return refuse('access.denied')
  return done([{ type: 'turn.withdrawn', turnId, by }], [{ order: 'withdraw-prompt', turnId }], turnId)
}

/** What has left the queue meanwhile is nothing to stand in front of. */
function moveQueued({ by, turnId, before }: Of<'moveQueued'>, state: ChatState): Decision {
  if (!state.turn) return refuse('turn.missing')
  const waiting = state.queued.map((each) => each.turnId)
  if (!waiting.includes(turnId) || (before !== null && !waiting.includes(before))) return refuse('turn.not-queued')
  return reordered({ by, turnId, before }, waiting)
}

/** The turn that runs ends as by Stop: what it produced stays, and it does not come back. */
function sendNow({ by, turnId }: Of<'sendNow'>, state: ChatState): Decision {
  if (!state.turn) return refuse('turn.missing')
  const waiting = state.queued.map((each) => each.turnId)
  if (!waiting.includes(turnId)) return refuse('turn.not-queued')
  const first = reordered({ by, turnId, before: waiting[0]! }, waiting)
  const { activeTurn } = state
  if (!first.ok || activeTurn === null || state.isCancelling) return first
  return done(
    [...first.facts, { type: 'cancel.requested', turnId: activeTurn, by }],
    [...first.orders, { order: 'cancel', turnId: activeTurn, by }],
    turnId,
  )
}

function reordered({ by, turnId, before }: { by: UserId; turnId: TurnId; before: TurnId | null }, waiting: readonly TurnId[]): Decision {
  if (before === turnId) return settled(turnId)
  const others = waiting.filter((each) => each !== turnId)
  const turnIds = others.toSpliced(before === null ? others.length : others.indexOf(before), 0, turnId)
  if (turnIds.every((each, at) => each === waiting[at])) return settled(turnId)
  return done([{ type: 'queue.reordered', by, turnIds }], [{ order: 'reorder-prompts', turnIds }], turnId)
}

/**
 * Bound to one turn, so that a late Stop never hits the turn after. A queued turn ends here and now:
 * no agent has seen it, and none will.
 */
function cancelTurn({ by, turnId }: Of<'cancelTurn'>, state: ChatState): Decision {
  const target = turnId ?? state.activeTurn ?? state.queued[0]?.turnId
  if (target === undefined) return refuse('turn.nothing-to-cancel')
  if (target === state.activeTurn) {
    if (state.isCancelling) return settled(target)
    return done([{ type: 'cancel.requested', turnId: target, by }], [{ order: 'cancel', turnId: target, by }], target)
  }
  if (!state.queued.some((each) => each.turnId === target)) return refuse(state.turn ? 'turn.nothing-to-cancel' : 'turn.missing')
  return done(
    [
      { type: 'cancel.requested', turnId: target, by },
      { type: 'turn.ended', turnId: target, outcome: 'cancelled', stopReason: null },
    ],
    [{ order: 'withdraw-prompt', turnId: target }],
    target,
  )
}

/** The first answer wins. Whoever repeats their own hears yes; whoever is late hears who decided. */
function answerPermission({ by, requestId, optionId, note }: Of<'answerPermission'>, state: ChatState): Decision {
  if (state.question?.kind !== 'permission') return refuse('permission.missing')
  const { turnId, options, isOpen, answer } = state.question
  // Its time was over.
  if (answer && answer.by === null && answer.rule === null) return refuse('permission.missing')
  if (answer) {
    return answer.by === by && answer.optionId === optionId
      ? settled()
      : refuse('permission.already-answered', {
          by: answer.by,
          optionId: answer.optionId,
          at: answer.at,
          ...(answer.rule !== null && { rule: answer.rule }),
        })
  }
  if (!isOpen) return refuse('permission.missing')
  if (!options.includes(optionId)) return refuse('permission.option-unknown')
  const order: Order = { order: 'answer', turnId, requestId, by, optionId }
  if (!note) return done([{ type: 'permission.answered', requestId, by, optionId }], [order])
  const prompt: PromptContent = [{ type: 'text', text: note.text }]
  return done(
    [
      { type: 'permission.answered', requestId, by, optionId, note: note.text },
      { type: 'turn.requested', turnId: note.turnId, by, prompt },
    ],
    [order, { order: 'queue-prompt', turnId: note.turnId, by, prompt }],
  )
}

/** As for permission: the first answer wins, and what is not as the form wants it, answers nothing. */
function answerElicitation({ by, requestId, action, answers }: Of<'answerElicitation'>, { question }: ChatState): Decision {
  if (!question?.form || (question.answer && question.answer.by === null)) return refuse('permission.missing')
  const { turnId, form, isOpen, answer } = question
  if (answer) {
    return answer.by === by && answer.action === action
      ? settled()
      : refuse('permission.already-answered', { by: answer.by, action: answer.action, at: answer.at })
  }
  if (!isOpen) return refuse('permission.missing')
  const given = action === 'accept' ? answers : {}
  const wrong = action === 'accept' ? Object.keys(problemsOf(form, given)) : []
  if (wrong.length > 0) return refuse('elicitation.invalid', { fields: wrong })
  return done(
    [{ type: 'elicitation.answered', requestId, by, action, ...(action === 'accept' && { answers: withoutSecrets(form, given) }) }],
    [{ order: 'answer-form', turnId, requestId, by, action, answers: given }],
  )
}

function askQuestion({ questionId, turnId, question, choices }: Of<'askQuestion'>, state: ChatState): Decision {
  if (state.activeTurn !== turnId || state.isCancelling) return refuse('turn.missing')
  if (state.openQuestions >= OPEN_QUESTIONS_MAX) return refuse('question.too-many', { most: OPEN_QUESTIONS_MAX })
  return done([{ type: 'question.asked', questionId, turnId, question, choices: [...choices] }])
}

/** The first answer wins; the tool that asked waits for it, so no daemon is told. */
function answerQuestion({ by, requestId, answer }: Of<'answerQuestion'>, { question }: ChatState): Decision {
  if (question?.kind !== 'question') return refuse('question.missing')
  if (question.answer) return question.answer.by === by ? settled() : refuse('question.already-answered', { by: question.answer.by })
  if (!question.isOpen) return refuse('question.missing')
  return done([{ type: 'question.answered', questionId: requestId, by, answer }])
}

/** Whoever was faster, a person or the end of the turn, stands. */
function unasked(command: UnaskedCommand, { question }: ChatState): Decision {
  if (!question?.isOpen || question.answer) return settled()
  const { requestId, by, optionId } = command
  if (question.form) {
    if (command.do !== 'expireQuestion') return settled()
    return done(
      [{ type: 'elicitation.closed', requestId, reason: 'expired' }],
      [{ order: 'answer-form', turnId: question.turnId, requestId, by, action: 'cancel', answers: {} }],
    )
  }
  if (optionId !== null && !question.options.includes(optionId)) return refuse('permission.option-unknown')
  const order: Order = { order: 'answer', turnId: question.turnId, requestId, by, optionId }
  return command.do === 'answerByRule'
    ? done(
        [{ type: 'permission.answered', requestId, by, rule: command.rule, optionId: command.optionId }],
        [{ ...order, rule: command.rule }],
      )
    : done([{ type: 'permission.closed', requestId, reason: 'expired' }], [order])
}

/** Nothing goes on in an archived chat: the queue is withdrawn and the running turn cancelled. */
function archive({ by }: Of<'archive'>, state: ChatState): Decision {
  if (state.isArchived) return settled()
  const facts: ChatFact[] = state.queued.map(({ turnId }) => ({ type: 'turn.withdrawn', turnId, by }))
  const orders: Order[] = state.queued.map(({ turnId }) => ({ order: 'withdraw-prompt', turnId }))
  if (state.activeTurn && !state.isCancelling) {
    facts.push({ type: 'cancel.requested', turnId: state.activeTurn, by })
    orders.push({ order: 'cancel', turnId: state.activeTurn, by })
  }
  return done([...facts, { type: 'chat.archived', by }], orders)
}

function whyTooLarge(prompt: PromptContent): Decision | null {
  const chars = prompt.reduce((sum, block) => sum + block.text.length, 0)
  return chars > PROMPT_MAX_CHARS ? refuse('prompt.too-large', { chars, maxChars: PROMPT_MAX_CHARS }) : null
}

const isSamePrompt = (one: PromptContent, other: PromptContent): boolean =>
  one.length === other.length && one.every((block, at) => block.type === other[at]!.type && block.text === other[at]!.text)
