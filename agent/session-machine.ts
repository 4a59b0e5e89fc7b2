/**
 * What a chat's daemon does next. Pure: `session-runner.ts` carries the orders out and
 * comes back with what happened. One prompt at a time; a prompt goes to the agent only
 * after the log holds that we took it; a cancel ends exactly the turn that it names.
 */
import type { TurnFailure, TurnOutcome } from '#core/chat/events.ts'
import type { TurnId } from '#core/ids.ts'

export type Ending = { outcome: TurnOutcome; stopReason: string | null; failure?: TurnFailure }
type EndReason = 'idle' | 'stopped' | 'shutdown'

export type Stage =
  /** No agent process. */
  | { is: 'cold' }
  | { is: 'starting' }
  /** The start failed: the first waiting turn is taken only to end it with the reason. */
  | { is: 'refusing'; turnId: TurnId; ending: Ending }
  /** Warm, with nothing to do. */
  | { is: 'idle' }
  /** We said that we take this turn; the log has not confirmed it. */
  | { is: 'accepting'; turnId: TurnId; isAgentGone: boolean }
  | { is: 'prompting'; turnId: TurnId }
  | { is: 'cancelling'; turnId: TurnId; outcome: 'cancelled' | 'interrupted' }
  /** The turn is over; its changes are read and its end is written. */
  | { is: 'finishing'; isAgentGone: boolean }
  | { is: 'stopping' }
  /** The lease is given back or lost. */
  | { is: 'over' }

export type Session = {
  stage: Stage
  /** Prompts in the order of the queue, as the server told last. */
  waiting: readonly TurnId[]
  cancelled: readonly TurnId[]
  /** Taken or ended here: a list that was on its way meanwhile may name them once more. */
  known: readonly TurnId[]
  isDraining: boolean
  /** The turn that runs may end by itself; no other is begun. */
  isRetiring: boolean
}

export const newSession: Session = { stage: { is: 'cold' }, waiting: [], cancelled: [], known: [], isDraining: false, isRetiring: false }

export type Input =
  | { type: 'commands'; prompts: readonly TurnId[]; cancels: readonly TurnId[] }
  | { type: 'started' }
  | { type: 'start-failed'; failure: TurnFailure }
  /** The start was given up because we asked for it. */
  | { type: 'start-aborted' }
  | { type: 'accepted'; turnId: TurnId; isWithdrawn: boolean }
  | { type: 'answered'; turnId: TurnId; ending: Ending }
  | { type: 'grace-over'; turnId: TurnId }
  /** The process is gone although nobody stopped it, or because the grace was over. */
  | { type: 'exited'; detail: string }
  | { type: 'finished' }
  | { type: 'idle-over' }
  | { type: 'stopped' }
  | { type: 'drain' }
  | { type: 'retire' }
  | { type: 'fenced' }

export type Order =
  | { do: 'start' }
  | { do: 'abort-start' }
  | { do: 'accept'; turnId: TurnId }
  | { do: 'prompt'; turnId: TurnId }
  /** Asks the agent to stop, and the clock to say `grace-over`. */
  | { do: 'cancel-agent'; turnId: TurnId }
  | { do: 'kill-agent' }
  | { do: 'finish'; turnId: TurnId; ending: Ending }
  | { do: 'stop-agent'; reason: EndReason }
  | { do: 'arm-idle' }
  | { do: 'release' }
  | { do: 'abandon' }

type Step = { session: Session; orders: readonly Order[] }

export function step(session: Session, input: Input): Step {
  const { stage } = session
  if (stage.is === 'over') return stay(session)
  switch (input.type) {
    case 'commands':
      return onCommands(session, input)
    case 'fenced':
      return { session: { ...session, stage: { is: 'over' } }, orders: [{ do: 'abandon' }] }
    case 'drain':
      return onDrain({ ...session, isDraining: true })
    case 'retire':
      return onRetire({ ...session, isRetiring: true })
    case 'started':
      return stage.is === 'starting' ? next({ ...session, stage: { is: 'idle' } }) : stay(session)
    case 'start-failed':
      return stage.is === 'starting'
        ? onStartFailed(session, { outcome: 'failed', stopReason: null, failure: input.failure })
        : stay(session)
    case 'start-aborted':
      return stage.is === 'starting' ? onStartFailed(session, cancelledEnding) : stay(session)
    case 'accepted':
      return onAccepted(session, input)
    case 'answered':
      return onAnswered(session, input)
    case 'grace-over':
      return stage.is === 'cancelling' && stage.turnId === input.turnId ? { session, orders: [{ do: 'kill-agent' }] } : stay(session)
    case 'exited':
      return onExited(session, input.detail)
    case 'finished':
      return stage.is === 'finishing' ? next({ ...session, stage: { is: stage.isAgentGone ? 'cold' : 'idle' } }) : stay(session)
    case 'idle-over':
      return stage.is === 'idle' ? stop(session, 'idle') : stay(session)
    case 'stopped':
      return stage.is === 'stopping' ? next({ ...session, stage: { is: 'cold' } }) : stay(session)
  }
}

const stay = (session: Session): Step => ({ session, orders: [] })
const stop = (session: Session, reason: EndReason): Step => ({
  session: { ...session, stage: { is: 'stopping' } },
  orders: [{ do: 'stop-agent', reason }],
})
const cancelledEnding: Ending = { outcome: 'cancelled', stopReason: 'cancelled' }

/** From a place of rest: the next turn, or nothing. */
function next(session: Session): Step {
  const { stage, waiting } = session
  const isLeaving = session.isDraining || session.isRetiring
  const [turnId] = waiting
  if (stage.is === 'cold') {
    if (turnId === undefined || isLeaving) return { session: { ...session, stage: { is: 'over' } }, orders: [{ do: 'release' }] }
    return { session: { ...session, stage: { is: 'starting' } }, orders: [{ do: 'start' }] }
  }
  if (isLeaving) return stop(session, 'shutdown')
  if (turnId === undefined) return { session, orders: [{ do: 'arm-idle' }] }
  return {
    session: { ...take(session, turnId), stage: { is: 'accepting', turnId, isAgentGone: false } },
    orders: [{ do: 'accept', turnId }],
  }
}

const take = (session: Session, turnId: TurnId): Session => ({
  ...session,
  waiting: session.waiting.filter((each) => each !== turnId),
  known: [...session.known, turnId].slice(-100),
})

function onCommands(session: Session, { prompts, cancels }: { prompts: readonly TurnId[]; cancels: readonly TurnId[] }): Step {
  const told: Session = {
    ...session,
    waiting: prompts.filter((each) => !session.known.includes(each)),
    cancelled: [...new Set([...session.cancelled, ...cancels])].slice(-100),
  }
  const { stage } = told
  switch (stage.is) {
    case 'prompting':
      return told.cancelled.includes(stage.turnId) ? cancelAgent(told, stage.turnId, 'cancelled') : stay(told)
    case 'starting': {
      const [turnId] = told.waiting
      return turnId !== undefined && cancels.includes(turnId) ? { session: told, orders: [{ do: 'abort-start' }] } : stay(told)
    }
    case 'cold':
    case 'idle':
      // An idle session that learns nothing new keeps its clock.
      return told.waiting.length > 0 || stage.is === 'cold' ? next(told) : stay(told)
    default:
      return stay(told)
  }
}

const cancelAgent = (session: Session, turnId: TurnId, outcome: 'cancelled' | 'interrupted'): Step => ({
  session: { ...session, stage: { is: 'cancelling', turnId, outcome } },
  orders: [{ do: 'cancel-agent', turnId }],
})

/** A shutdown leaves what was not taken in the queue, for whoever starts next. */
function onDrain(session: Session): Step {
  const { stage } = session
  switch (stage.is) {
    case 'cold':
    case 'idle':
      return next(session)
    case 'starting':
      return { session, orders: [{ do: 'abort-start' }] }
    case 'prompting':
      return cancelAgent(session, stage.turnId, 'interrupted')
    default:
      return stay(session)
  }
}

/** A start under way is given up: its turn has not been taken, and stays in the queue. */
function onRetire(session: Session): Step {
  switch (session.stage.is) {
    case 'cold':
    case 'idle':
      return next(session)
    case 'starting':
      return { session, orders: [{ do: 'abort-start' }] }
    default:
      return stay(session)
  }
}

function onStartFailed(session: Session, ending: Ending): Step {
  const cold: Session = { ...session, stage: { is: 'cold' } }
  const [turnId] = session.waiting
  if (turnId === undefined || session.isDraining || session.isRetiring) return next(cold)
  return { session: { ...take(cold, turnId), stage: { is: 'refusing', turnId, ending } }, orders: [{ do: 'accept', turnId }] }
}

function onAccepted(session: Session, { turnId, isWithdrawn }: { turnId: TurnId; isWithdrawn: boolean }): Step {
  const { stage } = session
  if ((stage.is !== 'accepting' && stage.is !== 'refusing') || stage.turnId !== turnId) return stay(session)
  const isAgentGone = stage.is === 'refusing' || stage.isAgentGone
  if (isWithdrawn) return next({ ...session, stage: { is: isAgentGone ? 'cold' : 'idle' } })
  if (stage.is === 'refusing') return finish(session, turnId, { ending: stage.ending, isAgentGone })
  if (session.cancelled.includes(turnId)) return finish(session, turnId, { ending: cancelledEnding, isAgentGone })
  if (session.isDraining) return finish(session, turnId, { ending: { outcome: 'interrupted', stopReason: null }, isAgentGone })
  if (isAgentGone) return finish(session, turnId, { ending: crashed(''), isAgentGone })
  return { session: { ...session, stage: { is: 'prompting', turnId } }, orders: [{ do: 'prompt', turnId }] }
}

const crashed = (detail: string): Ending => ({
  outcome: 'failed',
  stopReason: null,
  failure: { code: 'agent.crashed', facts: {}, ...(detail && { detail: detail.slice(-4_000) }) },
})

const finish = (session: Session, turnId: TurnId, { ending, isAgentGone }: { ending: Ending; isAgentGone: boolean }): Step => ({
  session: { ...session, stage: { is: 'finishing', isAgentGone } },
  orders: [{ do: 'finish', turnId, ending }],
})

function onAnswered(session: Session, { turnId, ending }: { turnId: TurnId; ending: Ending }): Step {
  const { stage } = session
  if ((stage.is !== 'prompting' && stage.is !== 'cancelling') || stage.turnId !== turnId) return stay(session)
  // An agent may end by itself while the cancel is on its way; any other answer to a cancel means that it obeyed.
  const obeyed = stage.is === 'cancelling' && ending.outcome !== 'completed'
  return finish(session, turnId, {
    ending: obeyed ? { outcome: stage.outcome, stopReason: ending.stopReason } : ending,
    isAgentGone: false,
  })
}

function onExited(session: Session, detail: string): Step {
  const { stage } = session
  switch (stage.is) {
    case 'idle':
      return next({ ...session, stage: { is: 'cold' } })
    case 'accepting':
      return stay({ ...session, stage: { ...stage, isAgentGone: true } })
    case 'prompting':
      return finish(session, stage.turnId, { ending: crashed(detail), isAgentGone: true })
    case 'cancelling':
      return finish(session, stage.turnId, { ending: { outcome: stage.outcome, stopReason: null }, isAgentGone: true })
    case 'finishing':
      return stay({ ...session, stage: { is: 'finishing', isAgentGone: true } })
    default:
      return stay(session)
  }
}
