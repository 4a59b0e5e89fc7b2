/** What people ask of a chat. `decide.ts` turns each into facts or a failure; nothing else writes what people did. */
import type { ElicitationAction, ElicitationAnswers, ElicitationForm } from '#core/chat/elicitation.ts'
import type { PromptContent } from '#core/chat/events.ts'
import type { RequestId, TurnId, UserId } from '#core/ids.ts'

/** More than this many characters in one prompt is a file, not a prompt. */
export const PROMPT_MAX_CHARS = 200_000
export const TITLE_MAX_CHARS = 200
/** More at once is a form, not a question. */
export const OPEN_QUESTIONS_MAX = 5

/** What the server does where no person has to: by a rule of the project, or because the time is over. */
export type UnaskedCommand = { by: null; requestId: RequestId } & (
  | { do: 'answerByRule'; optionId: string; rule: string }
  /** `optionId` is the no that the agent offers, null when it offers none. */
  | { do: 'expireQuestion'; optionId: string | null }
)

export type ChatCommand = { by: UserId } & (
  | { do: 'sendPrompt'; turnId: TurnId; prompt: PromptContent }
  | { do: 'editQueued'; turnId: TurnId; prompt: PromptContent }
  | { do: 'withdraw'; turnId: TurnId }
  /** Puts a waiting prompt in front of another that waits, or at the end. */
  | { do: 'moveQueued'; turnId: TurnId; before: TurnId | null }
  /** Makes a waiting prompt the next one, and cancels the turn that it waits for. */
  | { do: 'sendNow'; turnId: TurnId }
  /** Without `turnId`: the running turn, else the next in the queue. With it: that turn and no other. */
  | { do: 'cancelTurn'; turnId?: TurnId | undefined }
  /** ACP's answer has no room for words: a note goes to the agent as the prompt `turnId`. */
  | { do: 'answerPermission'; requestId: RequestId; optionId: string; note?: { turnId: TurnId; text: string } | undefined }
  /** `answers` go with `accept` alone. */
  | { do: 'answerElicitation'; requestId: RequestId; action: ElicitationAction; answers: ElicitationAnswers }
  /** By an agent that acts for `by`; the turn must still be under way. */
  | { do: 'askQuestion'; questionId: RequestId; turnId: TurnId; question: string; choices: readonly string[] }
  | { do: 'answerQuestion'; requestId: RequestId; answer: string }
  | { do: 'rename'; title: string }
  | { do: 'archive' }
  | { do: 'unarchive' }
  | { do: 'chooseModel'; model: string }
)

/** What the daemon is to be told, beside the facts: rows of the command table, changed in the same transaction. */
export type Order =
  | { order: 'queue-prompt'; turnId: TurnId; by: UserId; prompt: PromptContent }
  | { order: 'replace-prompt'; turnId: TurnId; prompt: PromptContent }
  | { order: 'withdraw-prompt'; turnId: TurnId }
  /** All that wait, in the order in which they shall run. */
  | { order: 'reorder-prompts'; turnIds: readonly TurnId[] }
  | { order: 'cancel'; turnId: TurnId; by: UserId }
  | { order: 'answer'; turnId: TurnId; requestId: RequestId; by: UserId | null; rule?: string; optionId: string | null }
  | {
      order: 'answer-form'
      turnId: TurnId
      requestId: RequestId
      by: UserId | null
      action: ElicitationAction
      answers: ElicitationAnswers
    }

/** The little a decision needs, read under the head's lock. */
export type ChatState = {
  isArchived: boolean
  title: string
  model: string | null
  /** Accepted and not ended. */
  activeTurn: TurnId | null
  /** Somebody has already asked to cancel `activeTurn`. */
  isCancelling: boolean
  /** How many questions of agents wait for people now. */
  openQuestions: number
  /** In the order in which they will run. */
  queued: readonly { turnId: TurnId; by: UserId }[]
  /** The turn that the command names, whatever became of it; `prompt` as it was first sent. */
  turn: { turnId: TurnId; by: UserId; prompt: PromptContent } | null
  /** The question that the command answers. */
  question: {
    kind: 'permission' | 'elicitation' | 'question'
    turnId: TurnId
    options: readonly string[]
    /** What is asked beside permission; null for a permission question. */
    form: ElicitationForm | null
    isOpen: boolean
    answer: { by: UserId | null; rule: string | null; optionId: string | null; action: ElicitationAction | null; at: string } | null
  } | null
  /** The asking person maintains the project, and so may withdraw what others queued. */
  isMaintainer: boolean
}
