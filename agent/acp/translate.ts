/**
 * ACP's words into facts of the log. Pure and tolerant: what it has no word for, or
 * what is malformed, becomes `agent.said` and is kept as it came. Text pieces are
 * given on as drafts, since `coalesce.ts` joins and numbers them.
 */
import { z } from 'zod'
import { PlanEntry, ToolKind, ToolStatus, type DaemonFact, type ToolContent } from '#core/chat/events.ts'
import { MessageId, ToolCallId, type TurnId } from '#core/ids.ts'
import { cut, fitContent, fitJson } from '#agent/acp/fit.ts'

export type Draft = { is: 'text'; of: 'reply' | 'thought'; messageId: string | null; text: string } | { is: 'fact'; fact: DaemonFact }

export type TranslateContext = {
  /** Null between turns: then only what is true without a turn has a word. */
  turnId: TurnId | null
  /** Paths below it are told relative to it. */
  workdir: string
}

const Text = z.object({ type: z.literal('text'), text: z.string() })
const ContentBlock = z.union([Text, z.looseObject({ type: z.string() })])
const Location = z.object({ path: z.string(), line: z.int().nullish() })
const Content = z.union([
  z.object({ type: z.literal('content'), content: ContentBlock }),
  z.object({ type: z.literal('diff'), path: z.string(), oldText: z.string().nullish(), newText: z.string() }),
  z.looseObject({ type: z.string() }),
])

const ToolFields = z.object({
  toolCallId: z.string().min(1),
  title: z.string().nullish(),
  kind: z.string().nullish(),
  status: z.string().nullish(),
  content: z.array(Content).nullish(),
  locations: z.array(Location).nullish(),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
})
export type ToolFields = z.infer<typeof ToolFields>

const Choice = z.object({ value: z.string(), name: z.string(), description: z.string().nullish() })
const Option = z.object({
  id: z.string(),
  name: z.string(),
  category: z.string().nullish(),
  currentValue: z.union([z.string(), z.boolean()]),
  options: z.array(z.union([Choice, z.object({ options: z.array(Choice) })])).nullish(),
})

const Chunk = z.object({ messageId: z.string().nullish(), content: ContentBlock })
const Update = z.discriminatedUnion('sessionUpdate', [
  Chunk.extend({ sessionUpdate: z.literal('user_message_chunk') }),
  Chunk.extend({ sessionUpdate: z.literal('agent_message_chunk') }),
  Chunk.extend({ sessionUpdate: z.literal('agent_thought_chunk') }),
  ToolFields.extend({ sessionUpdate: z.literal('tool_call') }),
  ToolFields.extend({ sessionUpdate: z.literal('tool_call_update') }),
  z.object({ sessionUpdate: z.literal('plan'), entries: z.array(PlanEntry) }),
  z.object({ sessionUpdate: z.literal('usage_update'), used: z.int().nonnegative(), size: z.int().nonnegative() }),
  z.object({ sessionUpdate: z.literal('config_option_update'), configOptions: z.array(Option) }),
  z.object({ sessionUpdate: z.literal('current_mode_update'), currentModeId: z.string() }),
  z.object({
    sessionUpdate: z.literal('available_commands_update'),
    availableCommands: z.array(z.object({ name: z.string(), description: z.string().default('') })),
  }),
  z.object({ sessionUpdate: z.literal('session_info_update'), title: z.string().nullish() }),
])
const Params = z.object({ update: Update })

/** What stays true without a turn, and is therefore no replay of history either. */
const outsideTurns = new Set(['config_option_update', 'current_mode_update', 'available_commands_update', 'session_info_update'])

export function isAboutSession(params: unknown): boolean {
  const update = (params as { update?: { sessionUpdate?: unknown } } | null)?.update
  return typeof update?.sessionUpdate === 'string' && outsideTurns.has(update.sessionUpdate)
}

/** @param params of a `session/update` notification */
export function translate(params: unknown, { turnId, workdir }: TranslateContext): Draft[] {
  const parsed = Params.safeParse(params)
  const kept = (): Draft[] => [fact(said(turnId, 'session/update', params))]
  if (!parsed.success) return kept()
  const { update } = parsed.data
  switch (update.sessionUpdate) {
    case 'config_option_update':
      return [fact({ type: 'options.offered', options: optionsOf(update.configOptions) })]
    case 'current_mode_update':
      return [fact({ type: 'mode.changed', modeId: update.currentModeId })]
    case 'available_commands_update':
      return [fact({ type: 'commands.offered', commands: update.availableCommands })]
    case 'session_info_update':
      return update.title ? [fact({ type: 'title.suggested', title: update.title.slice(0, 200) })] : []
    case 'user_message_chunk':
      return [] // Our own prompt, said back.
    default:
      return (turnId === null ? null : translateInTurn(update, { turnId, workdir })) ?? kept()
  }
}

type InTurn = Exclude<
  z.infer<typeof Update>,
  {
    sessionUpdate:
      | 'config_option_update'
      | 'current_mode_update'
      | 'available_commands_update'
      | 'session_info_update'
      | 'user_message_chunk'
  }
>

/** @returns null for a kind of content that we have no word for */
function translateInTurn(update: InTurn, { turnId, workdir }: { turnId: TurnId; workdir: string }): Draft[] | null {
  switch (update.sessionUpdate) {
    case 'agent_message_chunk':
    case 'agent_thought_chunk': {
      const text = textOf(update.content)
      if (text === null) return null
      const of = update.sessionUpdate === 'agent_message_chunk' ? 'reply' : 'thought'
      return text ? [{ is: 'text', of, messageId: update.messageId ?? null, text }] : []
    }
    case 'tool_call':
      return [fact(toolCalled(turnId, update, workdir))]
    case 'tool_call_update':
      return [fact(toolUpdated(turnId, update, workdir))]
    case 'plan':
      return [fact({ type: 'plan.set', turnId, entries: update.entries })]
    case 'usage_update':
      return [fact({ type: 'context.measured', turnId, usedTokens: update.used, sizeTokens: update.size })]
  }
}

const fact = (each: DaemonFact): Draft => ({ is: 'fact', fact: each })

export const said = (turnId: TurnId | null, method: string, raw: unknown): DaemonFact => ({
  type: 'agent.said',
  turnId,
  method: method.slice(0, 200),
  raw: fitJson(raw ?? null),
})

/** An agent's own name, in the length that an id may have. */
export const toolCallIdOf = (name: string): ToolCallId => ToolCallId.parse(name.slice(0, 200))
export const messageIdOf = (name: string): MessageId => MessageId.parse(name.slice(0, 200))

function textOf(block: z.infer<typeof ContentBlock>): string | null {
  const text = Text.safeParse(block)
  if (text.success) return text.data.text
  const link = z.object({ type: z.literal('resource_link'), name: z.string(), uri: z.string() }).safeParse(block)
  return link.success ? `[${link.data.name}](${link.data.uri})` : null
}

export const toolKindOf = (kind: string | null | undefined): z.infer<typeof ToolKind> => ToolKind.catch('other').parse(kind ?? 'other')

function statusOf(status: string): z.infer<typeof ToolStatus> {
  return ToolStatus.catch('in_progress').parse(status)
}

export function contentOf(contents: readonly z.infer<typeof Content>[], workdir: string): ToolContent[] {
  return contents.slice(0, 50).map((each): ToolContent => {
    const diff = z.object({ type: z.literal('diff'), path: z.string(), oldText: z.string().nullish(), newText: z.string() }).safeParse(each)
    if (diff.success) {
      const { path, oldText, newText } = diff.data
      return fitContent({ type: 'diff', path: relative(path, workdir), oldText: oldText ?? null, newText })
    }
    const text = z.object({ type: z.literal('content'), content: Text }).safeParse(each)
    return fitContent(text.success ? { type: 'text', text: text.data.content.text } : { type: 'raw', json: each })
  })
}

function toolCalled(turnId: TurnId, update: ToolFields, workdir: string): DaemonFact {
  return {
    type: 'tool.called',
    turnId,
    toolCallId: toolCallIdOf(update.toolCallId),
    title: cut(update.title ?? '', 2_000).text,
    kind: toolKindOf(update.kind),
    status: statusOf(update.status ?? 'pending'),
    content: contentOf(update.content ?? [], workdir),
    locations: locationsOf(update, workdir),
    ...jsonFields(update),
  }
}

function toolUpdated(turnId: TurnId, update: ToolFields, workdir: string): DaemonFact {
  return {
    type: 'tool.updated',
    turnId,
    toolCallId: toolCallIdOf(update.toolCallId),
    ...(update.title != null && { title: cut(update.title, 2_000).text }),
    ...(update.kind != null && { kind: toolKindOf(update.kind) }),
    ...(update.status != null && { status: statusOf(update.status) }),
    ...(update.content != null && { content: contentOf(update.content, workdir) }),
    ...(update.locations != null && { locations: locationsOf(update, workdir) }),
    ...jsonFields(update),
  }
}

const locationsOf = (update: ToolFields, workdir: string) =>
  (update.locations ?? []).slice(0, 50).map(({ path, line }) => ({ path: relative(path, workdir), ...(line != null && { line }) }))

function jsonFields({ rawInput, rawOutput }: ToolFields): { input?: unknown; output?: unknown } {
  return { ...(rawInput != null && { input: fitJson(rawInput) }), ...(rawOutput != null && { output: fitJson(rawOutput) }) }
}

const relative = (path: string, workdir: string): string => (path.startsWith(`${workdir}/`) ? path.slice(workdir.length + 1) : path)

type Offered = Extract<DaemonFact, { type: 'options.offered' }>['options']

function optionsOf(options: readonly z.infer<typeof Option>[]): Offered {
  return options.map(({ id, name, category, currentValue, options: choices }) => ({
    id,
    name,
    ...(category != null && { category }),
    current: currentValue,
    choices: (choices ?? []).flatMap((each) => ('options' in each ? each.options : [each])),
  }))
}

/** What an answer to `session/new`, `load` or `resume` says of options and mode. */
export function sessionFacts(answer: unknown): DaemonFact[] {
  const { configOptions, modes } = (answer ?? {}) as { configOptions?: unknown; modes?: { currentModeId?: unknown } | null }
  const options = z.array(Option).safeParse(configOptions)
  const mode = z.string().safeParse(modes?.currentModeId)
  return [
    ...(options.success ? [{ type: 'options.offered', options: optionsOf(options.data) } as const] : []),
    ...(mode.success ? [{ type: 'mode.changed', modeId: mode.data } as const] : []),
  ]
}

const PermissionParams = z.object({
  toolCall: ToolFields,
  options: z
    .array(
      z.object({
        optionId: z.string(),
        name: z.string(),
        kind: z.enum(['allow_once', 'allow_always', 'reject_once', 'reject_always']).catch('allow_once'),
      }),
    )
    .min(1),
})

/** @returns null when nobody could answer it, since it is malformed */
export function translatePermission(params: unknown, workdir: string) {
  const parsed = PermissionParams.safeParse(params)
  if (!parsed.success) return null
  const { toolCall, options } = parsed.data
  return {
    toolCallId: toolCallIdOf(toolCall.toolCallId),
    title: cut(toolCall.title ?? '', 2_000).text,
    kind: toolKindOf(toolCall.kind),
    content: contentOf(toolCall.content ?? [], workdir),
    ...(toolCall.rawInput != null && { input: fitJson(toolCall.rawInput) }),
    options,
  }
}
