/**
 * The facts of a chat, in the order they were committed: only added, never edited.
 * One log, one writer (`server/chats/append.ts`), one fold (`fold.ts`).
 *
 * A fact comes from one of two places. The *server* writes what people and the
 * proxy did, inside the transaction that did it. The *daemon* writes what the
 * agent did; its facts pass through the outbox and carry a producer number there.
 */
import { z } from 'zod'
import { ElicitationAction, ElicitationAnswers, ElicitationForm } from '#core/chat/elicitation.ts'
import type { FoldedHistory, FoldedTurn } from '#core/chat/history.ts'
import { isFailureCode, type FailureCode } from '#core/errors.ts'
import {
  ChatId,
  CredentialId,
  MessageId,
  NodeId,
  ProjectId,
  RequestId,
  RunId,
  ToolCallId,
  TurnId,
  UsageRecordId,
  UserId,
} from '#core/ids.ts'

export const FailureCodeSchema = z.custom<FailureCode>(isFailureCode, 'unknown failure code')

/** What a person sent. Text only for now; the array keeps the shape of ACP's content blocks. */
const PromptBlock = z.object({ type: z.literal('text'), text: z.string().min(1).max(200_000) })
const PROMPT_MAX_BLOCKS = 20
export const PromptContent = z.array(PromptBlock).min(1).max(PROMPT_MAX_BLOCKS)
export type PromptContent = z.infer<typeof PromptContent>
/** What an agent is handed: what a person sent, and before it what a fork carries over. */
export const DeliveredPrompt = z
  .array(PromptBlock)
  .min(1)
  .max(PROMPT_MAX_BLOCKS + 1)

const FailureFactsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]))

/** A failure that ended a turn: the code decides sentence and recovery, `detail` is the raw text behind "Details". */
export const TurnFailure = z.object({
  code: FailureCodeSchema,
  facts: FailureFactsSchema.default({}),
  detail: z.string().max(4_000).optional(),
})
export type TurnFailure = z.infer<typeof TurnFailure>

const Count = z.int().nonnegative().max(2_147_483_647)

/**
 * What a turn on a login or a subscription token used, by its harness's own word: the proxy sees nothing of it. Counted as
 * in `core/models/usage.ts`; `tokens` is null where the harness says nothing, `model` where it is its own choice.
 */
export const LoginUsage = z.object({
  runId: RunId,
  model: z.string().max(200).nullable(),
  tokens: z
    .object({ inputTokens: Count, outputTokens: Count, cacheReadTokens: Count, cacheWriteTokens: Count, reasoningTokens: Count })
    .nullable(),
  durationMs: Count,
})
export type LoginUsage = z.infer<typeof LoginUsage>

/** How a turn ended. `failed` only when nothing more will happen by itself; `interrupted` offers "send again". */
export const TurnOutcome = z.enum(['completed', 'cancelled', 'interrupted', 'refused', 'failed'])
export type TurnOutcome = z.infer<typeof TurnOutcome>

export const ToolKind = z.enum(['read', 'edit', 'delete', 'move', 'search', 'execute', 'think', 'fetch', 'switch_mode', 'other'])
export const ToolStatus = z.enum(['pending', 'in_progress', 'completed', 'failed', 'cancelled'])

/** What is left out of a long one where only its head is shown; never in the log. */
const TextCut = z.object({ chars: z.int().nonnegative(), lines: z.int().nonnegative() })
const DiffCut = z.object({ chars: z.int().nonnegative(), added: z.int().nonnegative(), removed: z.int().nonnegative() })

/**
 * What a tool call shows. `truncated` counts the characters that were cut to keep an event below 256 KB; `cut` is what
 * `heads.ts` leaves out, and the log holds.
 */
export const ToolContent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string(), truncated: z.int().nonnegative().optional(), cut: TextCut.optional() }),
  z.object({
    type: z.literal('diff'),
    path: z.string(),
    oldText: z.string().nullable(),
    newText: z.string(),
    truncated: z.int().nonnegative().optional(),
    cut: DiffCut.optional(),
  }),
  z.object({ type: z.literal('raw'), json: z.unknown() }),
])
export type ToolContent = z.infer<typeof ToolContent>

const ToolLocation = z.object({ path: z.string(), line: z.int().nullish() })

export const PlanEntry = z.object({
  content: z.string(),
  priority: z.enum(['high', 'medium', 'low']),
  status: z.enum(['pending', 'in_progress', 'completed']),
})

export const PermissionOption = z.object({
  optionId: z.string(),
  name: z.string(),
  kind: z.enum(['allow_once', 'allow_always', 'reject_once', 'reject_always']),
})
export type PermissionOption = z.infer<typeof PermissionOption>

/** One changed file of the working directory, against the commit (or empty tree) the chat started from. */
export const ChangedFile = z.object({
  path: z.string(),
  previousPath: z.string().optional(),
  status: z.enum(['added', 'modified', 'deleted', 'renamed']),
  added: z.int().nonnegative(),
  removed: z.int().nonnegative(),
  isBinary: z.boolean().default(false),
  /** Unified diff of this file; absent when binary or when the whole would pass 256 KB. */
  patch: z.string().optional(),
})
export type ChangedFile = z.infer<typeof ChangedFile>

/** An option that the agent itself offers (ACP `configOptions`), flattened. */
export const ConfigOption = z.object({
  id: z.string(),
  name: z.string(),
  category: z.string().nullish(),
  current: z.union([z.string(), z.boolean()]),
  choices: z.array(z.object({ value: z.string(), name: z.string(), description: z.string().nullish() })),
})

/** What an agent says of itself when it is greeted (ACP `agentCapabilities`). */
export const AgentAbilities = z.object({ resumes: z.boolean(), loads: z.boolean(), takesImages: z.boolean(), mcpOverHttp: z.boolean() })
export type AgentAbilities = z.infer<typeof AgentAbilities>

export const QUESTION_MAX_CHARS = 2_000
export const CHOICE_MAX_CHARS = 200
export const CHOICES_MAX = 6
export const ANSWER_MAX_CHARS = 4_000

// --- facts that the server writes --------------------------------------------------------------------------

const serverFacts = [
  z.object({
    type: z.literal('chat.created'),
    by: UserId,
    projectId: ProjectId,
    harness: z.string(),
    model: z.string().nullable(),
    title: z.string(),
    /** An agent of that chat started it, for `by`. */
    startedFrom: ChatId.optional(),
  }),
  /** It goes on from another chat: `context` is what the agent is told of that one, put together from its log. */
  z.object({ type: z.literal('chat.forked'), by: UserId, from: ChatId, context: z.string().min(1) }),
  /** Its creator would pass it on; null takes the offer back, or declines it. */
  z.object({ type: z.literal('chat.offered'), by: UserId, to: UserId.nullable() }),
  /** From here on it runs on the connections of `by`. */
  z.object({ type: z.literal('chat.handed-over'), by: UserId, from: UserId }),
  z.object({ type: z.literal('chat.renamed'), by: UserId, title: z.string() }),
  z.object({ type: z.literal('chat.archived'), by: UserId }),
  z.object({ type: z.literal('chat.unarchived'), by: UserId }),
  /** Holds for every turn that starts afterwards. */
  z.object({ type: z.literal('model.chosen'), by: UserId, model: z.string() }),
  /** In the queue until `turn.accepted`. */
  z.object({ type: z.literal('turn.requested'), turnId: TurnId, by: UserId, prompt: PromptContent }),
  z.object({ type: z.literal('turn.edited'), turnId: TurnId, by: UserId, prompt: PromptContent }),
  /** Taken out of the queue by a person before any agent saw it. */
  z.object({ type: z.literal('turn.withdrawn'), turnId: TurnId, by: UserId }),
  /** The queue from here on: every prompt that waited, in the order in which they will run. */
  z.object({ type: z.literal('queue.reordered'), by: UserId, turnIds: z.array(TurnId).min(1) }),
  z.object({ type: z.literal('cancel.requested'), turnId: TurnId, by: UserId }),
  z.object({
    type: z.literal('permission.answered'),
    requestId: RequestId,
    /** Null when a rule of the project answered, which is told in `rule`. */
    by: UserId.nullable(),
    rule: z.string().optional(),
    optionId: z.string(),
    note: z.string().max(2_000).optional(),
  }),
  /** What looks like a secret is masked in `answers`, which are there only with `accept`. */
  z.object({
    type: z.literal('elicitation.answered'),
    requestId: RequestId,
    by: UserId,
    action: ElicitationAction,
    answers: ElicitationAnswers.optional(),
  }),
  /** The lease moved or ended while this turn ran; written in the claim's transaction. */
  z.object({ type: z.literal('turn.interrupted'), turnId: TurnId, reason: z.enum(['daemon-lost', 'agent-lost', 'server-restarted']) }),
  /** It goes on from its repository on another node; what lay in its workspace and was not pushed stayed behind. */
  z.object({
    type: z.literal('workspace.moved'),
    from: z.object({ nodeId: NodeId, name: z.string() }),
    to: z.object({ nodeId: NodeId, name: z.string() }),
  }),
  /** The proxy's word: a model request of this turn did not succeed, whatever the agent says of the turn. */
  z.object({
    type: z.literal('model.failed'),
    turnId: TurnId.nullable(),
    provider: z.string(),
    /** Whose login failed, where it was one. */
    harness: z.string().optional(),
    model: z.string().nullable(),
    status: z.int().nullable(),
    code: FailureCodeSchema,
    /** What the sentence needs beside the above: which budget, which successor of a retired model. */
    facts: FailureFactsSchema.optional(),
    detail: z.string().max(4_000).optional(),
  }),
  /** One settled usage record. Tokens as in `core/models/usage.ts`; `costMicros` is null when no price is known. */
  z.object({
    type: z.literal('usage.metered'),
    turnId: TurnId.nullable(),
    usageRecordId: UsageRecordId,
    provider: z.string(),
    model: z.string().nullable(),
    inputTokens: z.int().nonnegative(),
    outputTokens: z.int().nonnegative(),
    cacheReadTokens: z.int().nonnegative(),
    cacheWriteTokens: z.int().nonnegative(),
    costMicros: z.int().nonnegative().nullable(),
  }),
  /** What an old part of the log came to, in the place of its events: `history.ts` makes it of them. */
  z.object({
    type: z.literal('history.folded'),
    order: z.array(TurnId),
    turns: z.array(z.custom<FoldedTurn>()),
    around: z.custom<FoldedHistory['around']>(),
  }),
  /**
   * An agent called a tool of an MCP server that goes through us. The call itself shows as the agent's own `tool.called`;
   * this is our word on it, with the arguments in short (`core/mcp/argument-summary.ts`).
   */
  z.object({
    type: z.literal('mcp.called'),
    turnId: TurnId,
    server: z.string().max(100),
    tool: z.string().max(200),
    arguments: z.string().max(500),
    outcome: z.enum(['completed', 'failed']),
    durationMs: z.int().nonnegative(),
  }),
  /** An agent asks the people of its chat, by a tool of our MCP server; nobody can answer any more once its turn has ended. */
  z.object({
    type: z.literal('question.asked'),
    questionId: RequestId,
    turnId: TurnId,
    question: z.string().min(1).max(QUESTION_MAX_CHARS),
    /** Suggested; any other answer in words is one, too. */
    choices: z.array(z.string().min(1).max(CHOICE_MAX_CHARS)).max(CHOICES_MAX),
  }),
  z.object({ type: z.literal('question.answered'), questionId: RequestId, by: UserId, answer: z.string().min(1).max(ANSWER_MAX_CHARS) }),
  /** Where an agent says that it stands, in its own words. */
  z.object({
    type: z.literal('progress.reported'),
    turnId: TurnId,
    note: z.string().min(1).max(500),
    fraction: z.number().min(0).max(1).nullable(),
  }),
] as const

// --- facts that the daemon writes --------------------------------------------------------------------------

const daemonFacts = [
  /** The daemon has taken the prompt; committed before the agent sees it, so a prompt reaches an agent at most once. */
  z.object({ type: z.literal('turn.accepted'), turnId: TurnId }),
  z.object({
    type: z.literal('turn.ended'),
    turnId: TurnId,
    outcome: TurnOutcome,
    stopReason: z.string().nullable(),
    failure: TurnFailure.optional(),
    /** Of a turn on a login; what passes the proxy is metered there. */
    usage: LoginUsage.optional(),
  }),
  /** Shown while nothing else can be: installing the harness, cloning, starting, resuming. `fraction` is 0..1. */
  z.object({
    type: z.literal('run.progressed'),
    stage: z.enum(['installing', 'cloning', 'starting', 'resuming']),
    note: z.string().max(500),
    fraction: z.number().min(0).max(1).nullable(),
  }),
  z.object({
    type: z.literal('run.started'),
    runId: RunId,
    nodeId: NodeId,
    harnessVersion: z.string(),
    how: z.enum(['new', 'resumed', 'loaded']),
    /** `none` only under the owner's explicit unsafe switch. */
    sandbox: z.enum(['uid-and-namespaces', 'namespaces', 'none']),
    credentialId: CredentialId,
    credentialVersion: z.int().positive(),
    baseCommit: z.string().nullable(),
    /** Absent in runs of before it was asked. */
    can: AgentAbilities.optional(),
  }),
  /** The agent process is gone; `crashed` alone is worth a word to people. */
  z.object({
    type: z.literal('run.ended'),
    runId: RunId,
    reason: z.enum(['idle', 'stopped', 'crashed', 'replaced', 'shutdown']),
    detail: z.string().max(4_000).optional(),
  }),
  /** `offset` is the character position in the message, so that applying a piece twice changes nothing. */
  z.object({
    type: z.literal('reply.appended'),
    turnId: TurnId,
    messageId: MessageId,
    offset: z.int().nonnegative(),
    text: z.string().min(1),
  }),
  z.object({
    type: z.literal('thought.appended'),
    turnId: TurnId,
    messageId: MessageId,
    offset: z.int().nonnegative(),
    text: z.string().min(1),
  }),
  z.object({
    type: z.literal('tool.called'),
    turnId: TurnId,
    toolCallId: ToolCallId,
    title: z.string(),
    kind: ToolKind,
    status: ToolStatus,
    content: z.array(ToolContent),
    locations: z.array(ToolLocation),
    input: z.unknown().optional(),
    output: z.unknown().optional(),
  }),
  /** Only the named fields change. */
  z.object({
    type: z.literal('tool.updated'),
    turnId: TurnId,
    toolCallId: ToolCallId,
    title: z.string().optional(),
    kind: ToolKind.optional(),
    status: ToolStatus.optional(),
    content: z.array(ToolContent).optional(),
    locations: z.array(ToolLocation).optional(),
    input: z.unknown().optional(),
    output: z.unknown().optional(),
  }),
  z.object({ type: z.literal('plan.set'), turnId: TurnId, entries: z.array(PlanEntry) }),
  z.object({
    type: z.literal('permission.requested'),
    requestId: RequestId,
    turnId: TurnId,
    toolCallId: ToolCallId,
    title: z.string(),
    kind: ToolKind,
    content: z.array(ToolContent),
    input: z.unknown().optional(),
    options: z.array(PermissionOption).min(1),
  }),
  /** Nobody can answer any more: the turn ended, was cancelled, the agent is gone, or the time is over. The agent was told no. */
  z.object({
    type: z.literal('permission.closed'),
    requestId: RequestId,
    reason: z.enum(['cancelled', 'turn-ended', 'agent-lost', 'expired']),
  }),
  /** The agent wants to know something of people, or wants them to open a page. */
  z.object({
    type: z.literal('elicitation.requested'),
    requestId: RequestId,
    turnId: TurnId,
    toolCallId: ToolCallId.nullable(),
    message: z.string(),
    form: ElicitationForm,
  }),
  /** As `permission.closed`; `withdrawn` by the agent itself. It was told that nobody answers. */
  z.object({
    type: z.literal('elicitation.closed'),
    requestId: RequestId,
    reason: z.enum(['cancelled', 'turn-ended', 'agent-lost', 'expired', 'withdrawn']),
  }),
  z.object({ type: z.literal('context.measured'), turnId: TurnId, usedTokens: z.int().nonnegative(), sizeTokens: z.int().nonnegative() }),
  z.object({ type: z.literal('options.offered'), options: z.array(ConfigOption) }),
  z.object({ type: z.literal('mode.changed'), modeId: z.string() }),
  z.object({ type: z.literal('commands.offered'), commands: z.array(z.object({ name: z.string(), description: z.string() })) }),
  z.object({ type: z.literal('title.suggested'), title: z.string() }),
  z.object({ type: z.literal('changes.recorded'), turnId: TurnId, files: z.array(ChangedFile), isTruncated: z.boolean() }),
  /** What the agent said that we have no word for (unknown or malformed protocol messages): kept, not shown as a reply. */
  z.object({ type: z.literal('agent.said'), turnId: TurnId.nullable(), method: z.string(), raw: z.unknown() }),
] as const

export const ServerFact = z.discriminatedUnion('type', serverFacts)
export const DaemonFact = z.discriminatedUnion('type', daemonFacts)
export const ChatFact = z.discriminatedUnion('type', [...serverFacts, ...daemonFacts])
export type ServerFact = z.infer<typeof ServerFact>
export type DaemonFact = z.infer<typeof DaemonFact>
export type ChatFact = z.infer<typeof ChatFact>

/** Where a fact stands in the log. `seq` counts from 1 without a hole; `seqFrom < seq` marks a compacted range. */
export const EventStamp = z.object({
  chatId: ChatId,
  seq: z.int().positive(),
  seqFrom: z.int().positive(),
  at: z.iso.datetime(),
})
export type EventStamp = z.infer<typeof EventStamp>

/** A committed fact. */
export const ChatEvent = z.intersection(EventStamp, ChatFact)
export type ChatEvent = EventStamp & ChatFact
export type ChatEventOf<T extends ChatFact['type']> = EventStamp & Extract<ChatFact, { type: T }>
