/**
 * What a chat looks like to people: the result of folding its log (`fold.ts`).
 * Server and browser fold with the same code, so they cannot disagree.
 */
import type { ElicitationAnswers, ElicitationForm } from '#core/chat/elicitation.ts'
import type {
  AgentAbilities,
  ChangedFile,
  ChatEventOf,
  PermissionOption,
  PromptContent,
  ToolContent,
  TurnFailure,
  TurnOutcome,
} from '#core/chat/events.ts'
import type { ChatId, CredentialId, MessageId, NodeId, ProjectId, RequestId, RunId, ToolCallId, TurnId, UserId } from '#core/ids.ts'

export type ReplyItem = { is: 'reply'; messageId: MessageId; text: string }
export type ThoughtItem = { is: 'thought'; messageId: MessageId; text: string; startedAt: string; lastAt: string }
export type ToolItem = {
  is: 'tool'
  toolCallId: ToolCallId
  title: string
  kind: ChatEventOf<'tool.called'>['kind']
  status: ChatEventOf<'tool.called'>['status']
  content: readonly ToolContent[]
  locations: ChatEventOf<'tool.called'>['locations']
  input?: unknown
  output?: unknown
  /** How many characters are left out of what it was asked and what it answered (`heads.ts`). */
  cut?: { input?: number; output?: number }
  startedAt: string
  endedAt: string | null
}
export type PermissionItem = {
  is: 'permission'
  requestId: RequestId
  toolCallId: ToolCallId
  title: string
  kind: ToolItem['kind']
  content: readonly ToolContent[]
  input?: unknown
  options: readonly PermissionOption[]
  requestedAt: string
  answer:
    | { is: 'open' }
    | { is: 'answered'; by: UserId | null; rule?: string; optionId: string; note?: string; at: string }
    | { is: 'closed'; reason: ChatEventOf<'permission.closed'>['reason']; at: string }
}
export type ElicitationItem = {
  is: 'elicitation'
  requestId: RequestId
  message: string
  form: ElicitationForm
  requestedAt: string
  answer:
    | { is: 'open' }
    | { is: 'answered'; by: UserId; action: ChatEventOf<'elicitation.answered'>['action']; answers: ElicitationAnswers; at: string }
    | { is: 'closed'; reason: ChatEventOf<'elicitation.closed'>['reason']; at: string }
}
/** Something about the agent's process that whoever reads the chat should know; what is usual is not told. */
export type RunNoteItem = {
  is: 'run-note'
  /** Its process had died, or its daemon was lost, while it worked; now it goes on. Null for an ordinary start. */
  after: 'crash' | 'interruption' | null
  /** It knows nothing of what was said before, although there was something. */
  hasForgotten: boolean
  /** Another version of its program than before. */
  upgrade: { from: string; to: string } | null
  at: string
}
/** A question that an agent asks people by a tool of ours. */
export type QuestionItem = {
  is: 'question'
  questionId: RequestId
  question: string
  choices: readonly string[]
  askedAt: string
  answer: { is: 'open' } | { is: 'answered'; by: UserId; text: string; at: string } | { is: 'closed'; at: string }
}
/** A model request that did not succeed, as the proxy saw it. */
export type ModelFailureItem = { is: 'model-failure'; failure: TurnFailure; provider: string; model: string | null; at: string }
/** The chat went on elsewhere before this turn, without what was not pushed from where it was. */
export type MovedItem = { is: 'moved'; from: string; to: string; at: string }
export type TurnItem =
  | MovedItem
  | RunNoteItem
  | ReplyItem
  | ThoughtItem
  | ToolItem
  | PermissionItem
  | ElicitationItem
  | QuestionItem
  | ModelFailureItem

export type Usage = {
  requests: number
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  costMicros: number
  /** True when at least one request had no known price, so `costMicros` is a lower bound. */
  hasUnpriced: boolean
  /** Turns on a login or subscription: their tokens are in the sums, and nobody prices them. */
  subscriptionTurns: number
}

/** `provider` is null on a login, whose agent says the model alone; `model` where that is not said either. */
export type ModelUsage = { provider: string | null; model: string | null; usage: Usage }

/** `queued` waits for another turn or a node; `starting` was taken and has shown nothing yet. */
export type TurnStatus = 'queued' | 'starting' | 'running' | 'waiting' | 'cancelling' | TurnOutcome

/**
 * A turn of which not all items are here (`part.ts`). What is not here is told by number: the first item of a turn is 0.
 */
export type TurnPart = {
  /** How many items the turn has. */
  count: number
  /** From which to which (not included) the items are here, without a hole. */
  from: number
  to: number
  /** The numbers of `items`. Those before `from` are questions that are still open. */
  places: readonly number[]
  /** The keys of the items that are not here; null for an ended turn, where nobody counts on more. */
  others: readonly string[] | null
}

export type Turn = {
  turnId: TurnId
  by: UserId
  prompt: PromptContent
  requestedAt: string
  acceptedAt: string | null
  endedAt: string | null
  status: TurnStatus
  items: readonly TurnItem[]
  /** Absent when all its items are here. */
  part?: TurnPart
  /**
   * Why it failed, or was interrupted. A turn whose agent said `end_turn` although its
   * last model request failed is `failed` too: some agents then end as if all were well,
   * and put the error into their reply or say nothing.
   */
  failure: TurnFailure | null
  /** The newest model request failed, and none has succeeded since. */
  openFailure: TurnFailure | null
  /** How it ended by the word of its agent or daemon, before the proxy's word is weighed in `status`. */
  endedAs: { outcome: TurnOutcome; failure: TurnFailure | null } | null
  cancelledBy: UserId | null
  usage: Usage
  changes: { files: readonly ChangedFile[]; isTruncated: boolean } | null
  /** Where its agent said last that it stands; null when it says nothing of it. */
  progress: { note: string; fraction: number | null } | null
}

export type RunView =
  | { is: 'none' }
  | { is: 'preparing'; stage: ChatEventOf<'run.progressed'>['stage']; note: string; fraction: number | null }
  | {
      is: 'live'
      runId: RunId
      nodeId: NodeId
      how: 'new' | 'resumed' | 'loaded'
      sandbox: ChatEventOf<'run.started'>['sandbox']
      harnessVersion: string
      credentialId: CredentialId
    }
  | { is: 'ended'; reason: ChatEventOf<'run.ended'>['reason']; detail: string | null }

export type ChatView = {
  /** The last event applied; 0 for an empty view. */
  seq: number
  title: string
  projectId: ProjectId | null
  harness: string | null
  model: string | null
  createdBy: UserId | null
  forkedFrom: { chatId: ChatId; by: UserId; context: string } | null
  /** The chat whose agent started this one. */
  startedFrom: ChatId | null
  isArchived: boolean
  /** In the order in which they ran or will run; withdrawn ones are gone. */
  turns: readonly Turn[]
  run: RunView
  /** The newest process and how it ended, to tell what is unusual of the next one; null before the first. */
  lastRun: { harnessVersion: string; end: 'orderly' | 'crash' | 'interruption' | null } | null
  /** Of a process that started before its turn was taken: the turn will tell it. */
  pendingNote: RunNoteItem | null
  /** What the newest agent process said of itself; null before the first. */
  can: AgentAbilities | null
  plan: readonly ChatEventOf<'plan.set'>['entries'][number][]
  context: { usedTokens: number; sizeTokens: number } | null
  options: ChatEventOf<'options.offered'>['options']
  modeId: string | null
  commands: ChatEventOf<'commands.offered'>['commands']
  /** The newest `changes.recorded`, for the Changes panel. */
  changes: Turn['changes']
  usage: Usage
  /** The same for each model, in the order in which they were first used. */
  usageByModel: readonly ModelUsage[]
  /** How many protocol messages nobody has a word for; shown under Details. */
  unknownMessages: number
}

export const noUsage: Usage = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicros: 0,
  hasUnpriced: false,
  subscriptionTurns: 0,
}

export const emptyChat: ChatView = {
  seq: 0,
  title: '',
  projectId: null,
  harness: null,
  model: null,
  createdBy: null,
  forkedFrom: null,
  startedFrom: null,
  isArchived: false,
  turns: [],
  run: { is: 'none' },
  lastRun: null,
  pendingNote: null,
  can: null,
  plan: [],
  context: null,
  options: [],
  modeId: null,
  commands: [],
  changes: null,
  usage: noUsage,
  usageByModel: [],
  unknownMessages: 0,
}
