/**
 * What a chat's daemon does next. Pure: `session-runner.ts` carries the orders out and
 * comes back with what happened. One prompt at a time; a prompt goes to the agent only
 * after the log holds that we took it; a cancel ends exactly the turn that it names.
 * An agent that dies is started again, a few times and each time later; its turn is
 * called failed only once nothing more happens by itself.
 */
import type { TurnFailure } from '#core/chat/events.ts'
import type { TurnId } from '#core/ids.ts'
import { RESTART_LIMIT, type Ending, type EndReason, type Input, type Session, type Stage, type Step } from '#agent/session-stage.ts'

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
      if (stage.is === 'recovering') return onRecovered(session, stage)
      return stage.is === 'starting' ? next({ ...session, stage: { is: 'idle' } }) : stay(session)
    case 'start-failed':
      return onStartFailed(session, input.failure)
    case 'start-aborted':
      if (stage.is === 'recovering') return giveUp(session, stage)
      if (stage.is === 'cancelling') return endAsAsked(session, stage)
      return stage.is === 'starting' ? refuseNext(session, cancelledEnding) : stay(session)
    case 'restart-due':
      if (stage.is === 'recovering') return { session: { ...session, stage: { ...stage, isStarting: true } }, orders: [{ do: 'start' }] }
      return stage.is === 'pausing' ? next({ ...session, stage: { is: 'cold' } }) : stay(session)
    case 'accepted':
      return onAccepted(session, input)
    case 'handed-over':
      return stage.is === 'prompting' && stage.turnId === input.turnId
        ? stay({ ...session, stage: { ...stage, isHandedOver: true } })
        : stay(session)
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
const interruptedEnding: Ending = { outcome: 'interrupted', stopReason: null }

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
    case 'recovering':
      return told.cancelled.includes(stage.turnId) ? callOff(told, stage) : stay(told)
    case 'starting': {
      const [turnId] = told.waiting
      return turnId !== undefined && cancels.includes(turnId) ? { session: told, orders: [{ do: 'abort-start' }] } : stay(told)
    }
    case 'pausing': {
      const [turnId] = told.waiting
      if (turnId === undefined) return next({ ...told, stage: { is: 'cold' } })
      return cancels.includes(turnId) ? refuseNext(told, cancelledEnding) : stay(told)
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
    case 'pausing':
      return next({ ...session, stage: { is: 'cold' } })
    case 'starting':
      return { session, orders: [{ do: 'abort-start' }] }
    case 'recovering':
      return callOff(session, stage)
    case 'prompting':
      return cancelAgent(session, stage.turnId, 'interrupted')
    default:
      return stay(session)
  }
}

/** A start under way is given up: its turn has not been taken, and stays in the queue. One that runs ends as it will. */
function onRetire(session: Session): Step {
  switch (session.stage.is) {
    case 'cold':
    case 'idle':
      return next(session)
    case 'pausing':
      return next({ ...session, stage: { is: 'cold' } })
    case 'starting':
      return { session, orders: [{ do: 'abort-start' }] }
    default:
      return stay(session)
  }
}

type Recovering = Extract<Stage, { is: 'recovering' }>

/** A program that did not come up may come up the next time; what the server or our own boundary refuses, they refuse again. */
const mayPass = ({ code, facts }: TurnFailure): boolean => code === 'harness.start-failed' && !('breach' in facts)

function onStartFailed(session: Session, failure: TurnFailure): Step {
  const { stage, failures } = session
  const goesOn = mayPass(failure) && failures < RESTART_LIMIT
  if (stage.is === 'recovering') {
    if (isCalledOff(session, stage)) return giveUp(session, stage)
    return goesOn
      ? restart(session, { ...stage, isStarting: false })
      : finish(session, stage.turnId, { ending: mayPass(failure) ? stage.ending : failedWith(failure), isAgentGone: true })
  }
  // One that should have replaced a live agent for this turn, which has not been given to either.
  if (stage.is === 'prompting' && !stage.isHandedOver) {
    const { turnId } = stage
    const ending = failedWith(failure)
    return goesOn
      ? restart(session, { is: 'recovering', turnId, ending, wasPrompted: false, isStarting: false })
      : finish(session, turnId, { ending, isAgentGone: true })
  }
  if (stage.is === 'cancelling') return endAsAsked(session, stage)
  if (stage.is !== 'starting') return stay(session)
  const isLeaving = session.isDraining || session.isRetiring
  return goesOn && !isLeaving && session.waiting.length > 0 ? restart(session, { is: 'pausing' }) : refuseNext(session, failedWith(failure))
}

const failedWith = (failure: TurnFailure): Ending => ({ outcome: 'failed', stopReason: null, failure })

const restart = (session: Session, stage: Stage): Step => ({
  session: { ...session, stage, failures: session.failures + 1 },
  orders: [{ do: 'arm-restart', nth: session.failures + 1 }],
})

/** No agent comes up: the first that waits is taken, only to be ended. */
function refuseNext(session: Session, ending: Ending): Step {
  const cold: Session = { ...session, stage: { is: 'cold' } }
  const [turnId] = session.waiting
  if (turnId === undefined || session.isDraining || session.isRetiring) return next(cold)
  return { session: { ...take(cold, turnId), stage: { is: 'refusing', turnId, ending } }, orders: [{ do: 'accept', turnId }] }
}

/** The agent died under a turn that is taken. What it was given before it died is never given again. */
function recover(session: Session, { turnId, detail, wasPrompted }: { turnId: TurnId; detail: string; wasPrompted: boolean }): Step {
  const ending = crashed(detail)
  if (session.failures >= RESTART_LIMIT) return finish(session, turnId, { ending, isAgentGone: true })
  return restart(session, { is: 'recovering', turnId, ending, wasPrompted, isStarting: false })
}

function onRecovered(session: Session, stage: Recovering): Step {
  const { turnId, ending, wasPrompted } = stage
  if (isCalledOff(session, stage)) return finish(session, turnId, { ending: callOffEnding(session, stage), isAgentGone: false })
  if (!wasPrompted)
    return { session: { ...session, stage: { is: 'prompting', turnId, isHandedOver: false } }, orders: [{ do: 'prompt', turnId }] }
  return finish(session, turnId, { ending: { ...ending, outcome: 'interrupted' }, isAgentGone: false })
}

const isCalledOff = ({ cancelled, isDraining }: Session, { turnId }: Recovering): boolean => isDraining || cancelled.includes(turnId)

const callOffEnding = ({ cancelled }: Session, { turnId }: Recovering): Ending =>
  cancelled.includes(turnId) ? cancelledEnding : interruptedEnding

/** Somebody stopped the turn, or we shut down, while its agent is coming back. */
const callOff = (session: Session, stage: Recovering): Step =>
  stage.isStarting ? { session, orders: [{ do: 'abort-start' }] } : giveUp(session, stage)

const giveUp = (session: Session, stage: Recovering): Step =>
  finish(session, stage.turnId, { ending: callOffEnding(session, stage), isAgentGone: true })

function onAccepted(session: Session, { turnId, isWithdrawn }: { turnId: TurnId; isWithdrawn: boolean }): Step {
  const { stage } = session
  if ((stage.is !== 'accepting' && stage.is !== 'refusing') || stage.turnId !== turnId) return stay(session)
  const isAgentGone = stage.is === 'refusing' || stage.isAgentGone
  if (isWithdrawn) return next({ ...session, stage: { is: isAgentGone ? 'cold' : 'idle' } })
  if (stage.is === 'refusing') return finish(session, turnId, { ending: stage.ending, isAgentGone })
  if (session.cancelled.includes(turnId)) return finish(session, turnId, { ending: cancelledEnding, isAgentGone })
  if (session.isDraining) return finish(session, turnId, { ending: interruptedEnding, isAgentGone })
  if (isAgentGone) return recover(session, { turnId, detail: '', wasPrompted: false })
  return { session: { ...session, stage: { is: 'prompting', turnId, isHandedOver: false } }, orders: [{ do: 'prompt', turnId }] }
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
  return finish({ ...session, failures: 0 }, turnId, {
    ending: obeyed ? { outcome: stage.outcome, stopReason: ending.stopReason } : ending,
    isAgentGone: false,
  })
}

/** No agent is left that could still obey. */
const endAsAsked = (session: Session, { turnId, outcome }: Extract<Stage, { is: 'cancelling' }>): Step =>
  finish(session, turnId, { ending: { outcome, stopReason: null }, isAgentGone: true })

function onExited(session: Session, detail: string): Step {
  const { stage } = session
  switch (stage.is) {
    case 'idle':
      return next({ ...session, stage: { is: 'cold' } })
    case 'accepting':
      return stay({ ...session, stage: { ...stage, isAgentGone: true } })
    case 'prompting':
      return recover(session, { turnId: stage.turnId, detail, wasPrompted: stage.isHandedOver })
    case 'cancelling':
      return endAsAsked(session, stage)
    case 'finishing':
      return stay({ ...session, stage: { is: 'finishing', isAgentGone: true } })
    default:
      return stay(session)
  }
}
