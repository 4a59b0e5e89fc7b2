/** Where a chat's daemon stands, what it learns, and what it may order. The rules between them: `session-machine.ts`. */
import type { TurnFailure, TurnOutcome } from '#core/chat/events.ts'
import type { TurnId } from '#core/ids.ts'

export type Ending = { outcome: TurnOutcome; stopReason: string | null; failure?: TurnFailure }
export type EndReason = 'idle' | 'stopped' | 'shutdown'

export type Stage =
  /** No agent process. */
  | { is: 'cold' }
  | { is: 'starting' }
  /** A start failed in a way that may pass: the next one waits for its time. */
  | { is: 'pausing' }
  /** The start failed: the first waiting turn is taken only to end it with the reason. */
  | { is: 'refusing'; turnId: TurnId; ending: Ending }
  /** Warm, with nothing to do. */
  | { is: 'idle' }
  /** We said that we take this turn; the log has not confirmed it. */
  | { is: 'accepting'; turnId: TurnId; isAgentGone: boolean }
  /** `isHandedOver`: the agent has been given the prompt, and nobody ever is again. */
  | { is: 'prompting'; turnId: TurnId; isHandedOver: boolean }
  | { is: 'cancelling'; turnId: TurnId; outcome: 'cancelled' | 'interrupted' }
  /** The agent died under this turn and is started again. `ending` is what is said of the turn if that fails for good. */
  | { is: 'recovering'; turnId: TurnId; ending: Ending; wasPrompted: boolean; isStarting: boolean }
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
  /** Crashes and failed starts since an agent last answered. */
  failures: number
}

export const newSession: Session = {
  stage: { is: 'cold' },
  waiting: [],
  cancelled: [],
  known: [],
  isDraining: false,
  isRetiring: false,
  failures: 0,
}

/** So many times in a row an agent is started again by itself; then only for a person's next prompt. */
export const RESTART_LIMIT = 3

export type Input =
  | { type: 'commands'; prompts: readonly TurnId[]; cancels: readonly TurnId[] }
  | { type: 'started' }
  | { type: 'start-failed'; failure: TurnFailure }
  /** The start was given up because we asked for it. */
  | { type: 'start-aborted' }
  | { type: 'restart-due' }
  | { type: 'accepted'; turnId: TurnId; isWithdrawn: boolean }
  /** The prompt goes into an agent's pipe now. */
  | { type: 'handed-over'; turnId: TurnId }
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
  /** Asks the clock to say `restart-due`; the `nth` in a row, from 1, waits longer than the one before. */
  | { do: 'arm-restart'; nth: number }
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

export type Step = { session: Session; orders: readonly Order[] }
