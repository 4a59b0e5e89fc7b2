/** Logs of any shape that the product can write, for properties of whatever folds them. */
import fc from 'fast-check'
import { ChatEvent, type ChatFact } from '#core/chat/events.ts'

export const idOf = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

type Loose = { type: ChatFact['type'] } & Record<string, unknown>

export const logOf = (facts: readonly Loose[], chatId = idOf(0)): ChatEvent[] =>
  facts.map((fact, at) =>
    ChatEvent.parse({ ...fact, chatId, seq: at + 1, seqFrom: at + 1, at: new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString() }),
  )

const usage = { provider: 'p', inputTokens: 3, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, costMicros: 7 }
const options = [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }]

const started = {
  type: 'run.started',
  nodeId: idOf(300),
  sandbox: 'namespaces',
  credentialId: 'c',
  credentialVersion: 1,
  baseCommit: null,
} as const

type Step = { act: string; turn: number; item: number; text: string }

const often = [
  'request',
  'request',
  'accept',
  'accept',
  'reply',
  'reply',
  'reply',
  'thought',
  'call',
  'call',
  'update',
  'update',
  'ask',
  'question',
  'elicit',
]
const seldom = [
  'answer',
  'close',
  'tell',
  'fill',
  'start',
  'crash',
  'move',
  'end',
  'interrupt',
  'cancel',
  'fail',
  'meter',
  'changes',
  'plan',
  'edit',
  'withdraw',
  'reorder',
  'run',
  'rename',
]

/** What may happen next, with small numbers for which turn and item it happens to. */
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(...often, ...seldom),
  turn: fc.nat({ max: 5 }),
  item: fc.nat({ max: 7 }),
  text: fc.string({ minLength: 1, maxLength: 4 }),
})

/** Each turn is asked for once, as the server sees to; everything else may come in any order, also late and for unknown turns. */
export const anyLog: fc.Arbitrary<ChatEvent[]> = fc.array(step, { minLength: 1, maxLength: 120 }).map((steps) => {
  const asked = new Set<number>()
  const ends = new Map<string, number>()
  return logOf(
    steps.flatMap((each): Loose[] => {
      if (each.act !== 'request') return factOf(each, ends)
      const turn = asked.size
      if (turn > 5) return []
      asked.add(turn)
      return [{ type: 'turn.requested', turnId: idOf(10 + turn), by: 'ada', prompt: [{ type: 'text', text: each.text }] }]
    }),
  )
})

function factOf({ act, turn, item, text }: Step, ends: Map<string, number>): Loose[] {
  const turnId = idOf(10 + turn)
  const requestId = idOf(100 + turn * 10 + item)
  const toolCallId = `call ${item}`
  switch (act) {
    case 'reply':
    case 'thought': {
      const key = `${turn} ${act} ${item}`
      const offset = ends.get(key) ?? 0
      ends.set(key, offset + text.length)
      return [{ type: `${act}.appended` as ChatFact['type'], turnId, messageId: `m${item}`, offset, text }]
    }
    case 'accept':
      return [{ type: 'turn.accepted', turnId }]
    case 'call':
      return [{ type: 'tool.called', turnId, toolCallId, title: text, kind: 'execute', status: 'in_progress', content: [], locations: [] }]
    case 'update':
      return [
        { type: 'tool.updated', turnId, toolCallId, status: 'completed', content: [{ type: 'text', text: text.repeat(item * 1_500) }] },
        { type: 'tool.updated', turnId, toolCallId, ...(item % 2 === 0 && { output: { stdout: text.repeat(item * 1_500) } }) },
      ]
    case 'ask':
      return [{ type: 'permission.requested', turnId, requestId, toolCallId, title: text, kind: 'execute', content: [], options }]
    case 'answer':
      return [{ type: 'permission.answered', requestId, by: 'ada', optionId: 'yes' }]
    case 'close':
      return [{ type: 'permission.closed', requestId, reason: 'cancelled' }]
    case 'question':
      return [{ type: 'question.asked', turnId, questionId: requestId, question: text, choices: [] }]
    case 'tell':
      return [{ type: 'question.answered', questionId: requestId, by: 'ada', answer: text }]
    case 'elicit':
      return [
        { type: 'elicitation.requested', turnId, requestId, toolCallId, message: text, form: { mode: 'url', url: 'https://example.test' } },
      ]
    case 'fill':
      return [
        item % 2 === 0
          ? { type: 'elicitation.answered', requestId, by: 'ada', action: 'accept', answers: {} }
          : { type: 'elicitation.closed', requestId, reason: 'cancelled' },
      ]
    case 'start':
      return [{ ...started, runId: idOf(200 + item), harnessVersion: text, how: item % 2 === 0 ? 'resumed' : 'new' }]
    case 'crash':
      return [{ type: 'run.ended', runId: idOf(200 + item), reason: 'crashed' }]
    case 'move':
      return [{ type: 'workspace.moved', from: { nodeId: idOf(300), name: 'here' }, to: { nodeId: idOf(301), name: 'there' } }]
    case 'end':
      return [{ type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' }]
    case 'interrupt':
      return [{ type: 'turn.interrupted', turnId, reason: 'daemon-lost' }]
    case 'cancel':
      return [{ type: 'cancel.requested', turnId, by: 'ada' }]
    case 'fail':
      return [{ type: 'model.failed', turnId, provider: 'p', model: null, status: 500, code: 'provider.failed' }]
    case 'meter':
      return [{ type: 'usage.metered', turnId, usageRecordId: idOf(900), model: null, ...usage }]
    case 'changes':
      return [
        {
          type: 'changes.recorded',
          turnId,
          files: [{ path: text, status: 'added', added: 1, removed: 0, patch: '+x' }],
          isTruncated: false,
        },
      ]
    case 'plan':
      return [{ type: 'plan.set', turnId, entries: [{ content: text, priority: 'low', status: 'pending' }] }]
    case 'edit':
      return [{ type: 'turn.edited', turnId, by: 'ada', prompt: [{ type: 'text', text }] }]
    case 'withdraw':
      return [{ type: 'turn.withdrawn', turnId, by: 'ada' }]
    case 'reorder':
      return [{ type: 'queue.reordered', by: 'ada', turnIds: [3, 1, 4, 2, 5, 0].slice(item % 5).map((n) => idOf(10 + n)) }]
    case 'run':
      return [{ type: 'run.progressed', stage: 'starting', note: text, fraction: null }]
    default:
      return [{ type: 'chat.renamed', by: 'ada', title: text }]
  }
}
