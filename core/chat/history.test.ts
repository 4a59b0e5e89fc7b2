import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatEvent, ChatFact } from '#core/chat/events.ts'
import { foldAll, standing } from '#core/chat/fold.ts'
import { HistoryPart } from '#core/chat/history-part.ts'
import { emptyChat, type ChatView } from '#core/chat/view.ts'

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const chatId = id(0)
const prompt = [{ type: 'text', text: 'Go' }]

type Loose = { type: ChatFact['type'] } & Record<string, unknown>

/** Every kind of fact, in any order that chance gives: a log may be stranger than any daemon would write it. */
const fact = fc
  .record({ turn: fc.integer({ min: 1, max: 4 }), other: fc.integer({ min: 1, max: 4 }), n: fc.nat(3), which: fc.nat(60) })
  .map(({ turn, other, n, which }): Loose => {
    const turnId = id(turn)
    const requestId = id(100 + turn)
    const tool = { turnId, toolCallId: `t${n}`, content: [], locations: [] }
    const kinds: Loose[] = [
      { type: 'turn.requested', turnId, by: 'ada', prompt },
      { type: 'turn.requested', turnId, by: 'ada', prompt },
      { type: 'turn.edited', turnId, by: 'ada', prompt: [{ type: 'text', text: `Go ${n}` }] },
      { type: 'turn.withdrawn', turnId, by: 'ada' },
      { type: 'queue.reordered', by: 'ada', turnIds: [...new Set([turnId, id(other)])] },
      { type: 'turn.accepted', turnId },
      { type: 'turn.accepted', turnId },
      { type: 'reply.appended', turnId, messageId: `m${n}`, offset: n, text: 'text' },
      { type: 'thought.appended', turnId, messageId: `h${n}`, offset: n, text: 'thought' },
      { type: 'tool.called', ...tool, title: 'T', kind: 'edit', status: 'in_progress' },
      { type: 'tool.updated', turnId, toolCallId: `t${n}`, status: 'completed' },
      { type: 'permission.requested', requestId, turnId, toolCallId: 't', title: 'T', kind: 'edit', content: [], options: [option] },
      { type: 'permission.answered', requestId, by: 'mei', optionId: 'yes' },
      { type: 'permission.closed', requestId, reason: 'cancelled' },
      { type: 'cancel.requested', turnId, by: 'mei' },
      { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null },
      { type: 'turn.ended', turnId, outcome: 'failed', stopReason: null, failure: { code: 'provider.out-of-quota', facts: {} } },
      { type: 'turn.interrupted', turnId, reason: 'daemon-lost' },
      { type: 'model.failed', turnId, provider: 'p', model: 'm', status: 429, code: 'provider.out-of-quota' },
      { ...metered, turnId },
      { type: 'plan.set', turnId, entries: [{ content: `${n}`, priority: 'low', status: 'pending' }] },
      { type: 'context.measured', turnId, usedTokens: n, sizeTokens: 9 },
      { type: 'changes.recorded', turnId, files: [], isTruncated: false },
      { type: 'agent.said', turnId, method: 'x', raw: null },
      { type: 'mcp.called', turnId, server: 'gatehouse', tool: 't', arguments: '{}', outcome: 'completed', durationMs: n },
      {
        type: 'elicitation.requested',
        requestId: id(200 + turn),
        turnId,
        toolCallId: null,
        message: 'Where?',
        form: { mode: 'url', url: 'https://example.test' },
      },
      { type: 'elicitation.answered', requestId: id(200 + turn), by: 'mei', action: 'accept', answers: {} },
      { type: 'elicitation.closed', requestId: id(200 + turn), reason: 'cancelled' },
      { type: 'question.asked', questionId: requestId, turnId, question: 'Which?', choices: [] },
      { type: 'question.answered', questionId: requestId, by: 'mei', answer: 'This' },
      { type: 'workspace.moved', from: { nodeId: id(40), name: 'here' }, to: { nodeId: id(41), name: 'there' } },
      { type: 'progress.reported', turnId, note: `Step ${n}`, fraction: null },
      { type: 'chat.created', by: 'ada', projectId: 'p', harness: 'codex', model: null, title: '' },
      { type: 'chat.forked', by: 'ada', from: id(200), context: 'c' },
      { type: 'chat.offered', by: 'ada', to: 'mei' },
      { type: 'chat.handed-over', by: 'mei', from: 'ada' },
      { type: 'chat.renamed', by: 'ada', title: `Title ${n}` },
      { type: 'title.suggested', title: 'S' },
      { type: 'chat.archived', by: 'ada' },
      { type: 'chat.unarchived', by: 'ada' },
      { type: 'model.chosen', by: 'ada', model: `m${n}` },
      { type: 'run.progressed', stage: 'starting', note: 'n', fraction: null },
      { type: 'run.started', ...started },
      { type: 'run.ended', runId: id(30), reason: 'idle' },
      { type: 'options.offered', options: [] },
      { type: 'mode.changed', modeId: `${n}` },
      { type: 'commands.offered', commands: [] },
    ]
    return kinds[which % kinds.length]!
  })
const option = { optionId: 'yes', name: 'Yes', kind: 'allow_once' }
const metered: Loose = {
  type: 'usage.metered',
  usageRecordId: id(20),
  provider: 'p',
  model: 'm',
  inputTokens: 1,
  outputTokens: 1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicros: 1,
}
const started = {
  runId: id(30),
  nodeId: 'n',
  harnessVersion: '1',
  how: 'new',
  sandbox: 'namespaces',
  credentialId: 'c',
  credentialVersion: 1,
  baseCommit: null,
}

const log = (facts: readonly Loose[]): ChatEvent[] =>
  facts.map((each, at) =>
    ChatEvent.parse({ ...each, chatId, seq: at + 1, seqFrom: at + 1, at: new Date(Date.UTC(2026, 0, 1) + at * 1_000).toISOString() }),
  )

/** As the database holds it: one row for each part, the rest as it is. */
function folded(events: readonly ChatEvent[], ends: readonly number[]): ChatEvent[] {
  const rows: ChatEvent[] = []
  let view: ChatView = emptyChat
  for (const end of ends) {
    const part = new HistoryPart(view)
    for (const event of events.filter(({ seq }) => seq > view.seq && seq <= end)) part.add(event)
    const row = part.event()
    if (row) rows.push(JSON.parse(JSON.stringify(row)) as ChatEvent)
    view = part.view
  }
  return [...rows, ...events.filter(({ seq }) => seq > view.seq)]
}

describe('folded history', { timeout: 30_000 }, () => {
  it('gives everybody the same view, whatever they had applied before, and applied twice', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 40 }), fc.array(fc.nat(40), { maxLength: 5 }), (facts, cuts) => {
        const events = log(facts)
        const ends = [...new Set(cuts.map((cut) => Math.min(cut, events.length)))].toSorted((a, b) => a - b)
        const rows = folded(events, ends)
        expect(rows.map((row) => row.seqFrom)).toEqual(rows.map((_, at) => (rows[at - 1]?.seq ?? 0) + 1))
        const whole = foldAll(emptyChat, events)
        for (let seq = 0; seq <= events.length; seq += 1) {
          const before = foldAll(emptyChat, events.slice(0, seq))
          const following = rows.filter((row) => row.seq > seq)
          if (following[0]) expect(standing(before, following[0])).toBe('next')
          expect(foldAll(foldAll(before, following), rows)).toEqual(whole)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('is folded again, with what came after it, without a difference', () => {
    fc.assert(
      fc.property(fc.array(fact, { minLength: 2, maxLength: 30 }), fc.nat(30), (facts, cut) => {
        const events = log(facts)
        const once = folded(events, [Math.min(cut, events.length - 1)])
        expect(foldAll(emptyChat, folded(once, [events.length]))).toEqual(foldAll(emptyChat, events))
      }),
    )
  })

  it('says nothing of what its part did not touch', () => {
    const events = log([
      { type: 'chat.renamed', by: 'ada', title: 'T' },
      { type: 'turn.requested', turnId: id(1), by: 'ada', prompt },
      { type: 'turn.accepted', turnId: id(1) },
      { type: 'reply.appended', turnId: id(1), messageId: 'm', offset: 0, text: 'Hello' },
      { type: 'turn.ended', turnId: id(1), outcome: 'completed', stopReason: null },
      { type: 'turn.requested', turnId: id(2), by: 'ada', prompt },
      { type: 'turn.accepted', turnId: id(2) },
      { type: 'turn.ended', turnId: id(2), outcome: 'completed', stopReason: null },
    ])
    expect(folded(events, [5, 8])[1]).toMatchObject({
      seqFrom: 6,
      seq: 8,
      order: [id(2)],
      turns: [{ turnId: id(2), items: [] }],
      around: {},
    })
  })

  it('has seen every kind of fact', () => {
    const tried = new Set(fc.sample(fact, { numRuns: 5_000, seed: 1 }).map((each) => each.type))
    const all = ChatFact.options.map((each) => each.shape.type.value).filter((type) => type !== 'history.folded')
    expect(all.filter((type) => !tried.has(type))).toEqual([])
  })
})
