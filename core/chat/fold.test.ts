import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatEvent, type ChatFact } from '#core/chat/events.ts'
import { fold, foldAll, standing } from '#core/chat/fold.ts'
import { emptyChat, type Turn } from '#core/chat/view.ts'

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const chatId = id(0)
const [one, two] = [id(1), id(2)]
const ask = id(9)
const at = (seq: number) => new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString()

/** Loose on purpose: the schema says whether a fact is one. */
type Loose = { type: ChatFact['type'] } & Record<string, unknown>
const log = (...facts: Loose[]): ChatEvent[] =>
  facts.map((fact, index) => ChatEvent.parse({ ...fact, chatId, seq: index + 1, seqFrom: index + 1, at: at(index + 1) }))
const view = (...facts: Loose[]) => foldAll(emptyChat, log(...facts))
const turnOf = (...facts: Loose[]): Turn => view(...facts).turns[0]!

const text = (value: string) => [{ type: 'text', text: value }]
const created: Loose = { type: 'chat.created', by: 'ada', projectId: 'p', harness: 'codex', model: null, title: '' }
const requested: Loose = { type: 'turn.requested', turnId: one, by: 'ada', prompt: text('Hello') }
const accepted: Loose = { type: 'turn.accepted', turnId: one }
const reply = (offset: number, value: string, more: object = {}): Loose => ({
  type: 'reply.appended',
  turnId: one,
  messageId: 'm',
  offset,
  text: value,
  ...more,
})
const thought = (offset: number, value: string): Loose => ({ ...reply(offset, value), type: 'thought.appended' })
const tool = (more: object = {}): Loose => ({
  type: 'tool.called',
  turnId: one,
  toolCallId: 't',
  title: 'Edit a.ts',
  kind: 'edit',
  status: 'in_progress',
  content: [],
  locations: [],
  ...more,
})
const toolUpdate = (more: object): Loose => ({ type: 'tool.updated', turnId: one, toolCallId: 't', ...more })
const asked: Loose = {
  type: 'permission.requested',
  requestId: ask,
  turnId: one,
  toolCallId: 't',
  title: 'Write a.ts',
  kind: 'edit',
  content: [],
  options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
}
const askedAgain: Loose = { ...asked, requestId: id(10) }
const answered: Loose = { type: 'permission.answered', requestId: ask, by: 'mei', optionId: 'yes' }
const closed: Loose = { type: 'permission.closed', requestId: ask, reason: 'cancelled' }
const cancel: Loose = { type: 'cancel.requested', turnId: one, by: 'mei' }
const ended = (outcome = 'completed', more: object = {}): Loose => ({ type: 'turn.ended', turnId: one, outcome, stopReason: null, ...more })
const interrupted: Loose = { type: 'turn.interrupted', turnId: one, reason: 'daemon-lost' }
const failed = (more: object = {}): Loose => ({
  type: 'model.failed',
  turnId: one,
  provider: 'openai',
  model: 'm',
  status: 429,
  code: 'provider.out-of-quota',
  ...more,
})
const metered = (more: object = {}): Loose => ({
  type: 'usage.metered',
  turnId: one,
  usageRecordId: id(20),
  provider: 'openai',
  model: 'm',
  inputTokens: 10,
  outputTokens: 5,
  cacheReadTokens: 3,
  cacheWriteTokens: 2,
  costMicros: 7,
  ...more,
})
const progressed: Loose = { type: 'run.progressed', stage: 'installing', note: 'npm', fraction: 0.5 }
const started = (runId = id(30)): Loose => ({
  type: 'run.started',
  runId,
  nodeId: 'n',
  harnessVersion: '1.0.0',
  how: 'new',
  sandbox: 'namespaces',
  credentialId: 'c',
  credentialVersion: 1,
  baseCommit: null,
})
const runEnded = (runId = id(30), more: object = {}): Loose => ({ type: 'run.ended', runId, reason: 'idle', ...more })
const changes: Loose = {
  type: 'changes.recorded',
  turnId: one,
  files: [{ path: 'a.ts', status: 'added', added: 1, removed: 0, isBinary: false }],
  isTruncated: false,
}

describe('what is unusual of a run', () => {
  const again = (more: object = {}): Loose => ({ ...started(id(31)), how: 'resumed', ...more })
  const notes = (...facts: Loose[]) =>
    view(created, requested, ...facts).turns.flatMap((turn) => turn.items.filter((item) => item.is === 'run-note'))
  const next: Loose[] = [
    { ...requested, turnId: two },
    { ...accepted, turnId: two },
  ]
  const note = (more: object) => [{ is: 'run-note', after: null, hasForgotten: false, upgrade: null, at: expect.any(String), ...more }]

  it('is told in the turn that it came back for', () => {
    expect(notes(started(), accepted, runEnded(id(30), { reason: 'crashed' }), progressed, again())).toEqual(note({ after: 'crash' }))
  })
  it('is told in the next turn when it came back before that', () => {
    const interrupted: Loose = { type: 'turn.interrupted', turnId: one, reason: 'daemon-lost' }
    const facts = [started(), accepted, interrupted, runEnded(id(30), { reason: 'stopped' }), next[0]!, again()]
    expect(notes(...facts)).toEqual([])
    expect(notes(...facts, next[1]!)).toEqual(note({ after: 'interruption' }))
    expect(view(created, requested, ...facts, next[1]!).turns[1]!.items).toHaveLength(1)
  })
  it('is another version, or that it has forgotten', () => {
    const ended = [started(), accepted, { type: 'turn.ended', turnId: one, outcome: 'completed', stopReason: null } as Loose, runEnded()]
    expect(notes(...ended, again({ harnessVersion: '1.1.0' }), ...next)).toEqual(note({ upgrade: { from: '1.0.0', to: '1.1.0' } }))
    expect(notes(...ended, again({ how: 'new' }), ...next)).toEqual(note({ hasForgotten: true }))
  })
  it('is nothing where an agent only slept', () => {
    const ended: Loose = { type: 'turn.ended', turnId: one, outcome: 'completed', stopReason: null }
    expect(notes(started(), accepted, ended, runEnded(), again(), ...next)).toEqual([])
    expect(notes(started(), accepted)).toEqual([])
  })
})

describe('the chat', () => {
  it('is what its creation says', () => {
    expect(view(created)).toEqual({ ...emptyChat, seq: 1, projectId: 'p', harness: 'codex', createdBy: 'ada' })
  })
  it.each([
    ['a rename', [created, { type: 'chat.renamed', by: 'mei', title: 'T' }], { title: 'T' }],
    ['a suggestion for a chat without a title', [created, { type: 'title.suggested', title: 'S' }], { title: 'S' }],
    [
      'a suggestion after a person named it',
      [
        { ...created, title: 'T' },
        { type: 'title.suggested', title: 'S' },
      ],
      { title: 'T' },
    ],
    ['an archiving', [created, { type: 'chat.archived', by: 'ada' }], { isArchived: true }],
    ['a model', [created, { type: 'model.chosen', by: 'ada', model: 'gpt' }], { model: 'gpt' }],
    [
      'a plan',
      [{ type: 'plan.set', turnId: one, entries: [{ content: 'x', priority: 'low', status: 'pending' }] }],
      { plan: [{ content: 'x', priority: 'low', status: 'pending' }] },
    ],
    [
      'the plan of an earlier turn, once another has begun',
      [{ type: 'plan.set', turnId: two, entries: [{ content: 'x', priority: 'low', status: 'pending' }] }, requested, accepted],
      { plan: [] },
    ],
    [
      'the context',
      [{ type: 'context.measured', turnId: one, usedTokens: 1, sizeTokens: 2 }],
      { context: { usedTokens: 1, sizeTokens: 2 } },
    ],
    [
      'the options',
      [{ type: 'options.offered', options: [{ id: 'o', name: 'O', current: true, choices: [] }] }],
      { options: [{ id: 'o', name: 'O', current: true, choices: [] }] },
    ],
    ['the mode', [{ type: 'mode.changed', modeId: 'plan' }], { modeId: 'plan' }],
    [
      'the commands',
      [{ type: 'commands.offered', commands: [{ name: 'init', description: '' }] }],
      { commands: [{ name: 'init', description: '' }] },
    ],
    [
      'what nobody has a word for',
      [
        { type: 'agent.said', turnId: null, method: 'x', raw: 1 },
        { type: 'agent.said', turnId: one, method: 'y', raw: 2 },
      ],
      { unknownMessages: 2 },
    ],
  ] as [string, Loose[], object][])('keeps %s', (_, facts, expected) => {
    expect(view(...facts)).toMatchObject(expected)
  })
  it('sums the usage of the turn and of the chat, and knows when a price is missing', () => {
    const chat = view(requested, metered(), metered({ costMicros: null }), metered({ turnId: null }))
    const twice = {
      requests: 2,
      inputTokens: 20,
      outputTokens: 10,
      cacheReadTokens: 6,
      cacheWriteTokens: 4,
      costMicros: 7,
      hasUnpriced: true,
      subscriptionTurns: 0,
    }
    expect(chat.turns[0]!.usage).toEqual(twice)
    expect(chat.usage).toEqual({
      requests: 3,
      inputTokens: 30,
      outputTokens: 15,
      cacheReadTokens: 9,
      cacheWriteTokens: 6,
      costMicros: 14,
      hasUnpriced: true,
      subscriptionTurns: 0,
    })
  })
  it('sums by model too, those of one provider apart from those of another', () => {
    const chat = view(requested, metered(), metered({ model: 'small', costMicros: null }), metered(), metered({ provider: 'custom' }))
    expect(chat.usageByModel).toMatchObject([
      { provider: 'openai', model: 'm', usage: { requests: 2, inputTokens: 20, costMicros: 14, hasUnpriced: false } },
      { provider: 'openai', model: 'small', usage: { requests: 1, costMicros: 0, hasUnpriced: true } },
      { provider: 'custom', model: 'm', usage: { requests: 1, costMicros: 7 } },
    ])
  })
  it('sums the tokens of a turn on a login apart, once, without a price', () => {
    const tokens = { inputTokens: 5, outputTokens: 2, cacheReadTokens: 9, cacheWriteTokens: 1, reasoningTokens: 1 }
    const end: Loose = {
      type: 'turn.ended',
      turnId: one,
      outcome: 'completed',
      stopReason: 'end_turn',
      usage: { runId: id(30), model: null, tokens, durationMs: 3 },
    }
    const { reasoningTokens: _, ...counted } = tokens
    const onLogin = { requests: 0, ...counted, costMicros: 0, hasUnpriced: false, subscriptionTurns: 1 }
    const chat = view(requested, accepted, end, end)
    expect([chat.turns[0]!.usage, chat.usage]).toEqual([onLogin, onLogin])
    const silent = view(requested, accepted, { ...end, usage: { runId: id(30), model: null, tokens: null, durationMs: 3 } })
    expect(silent.usageByModel).toEqual([{ provider: null, model: null, usage: silent.usage }])
    expect(silent.usage).toEqual({ ...emptyChat.usage, subscriptionTurns: 1 })
  })
  it('keeps the newest changes, of the chat and of the turn that made them', () => {
    const chat = view(requested, changes)
    expect(chat.changes).toEqual({ files: changes['files'], isTruncated: false })
    expect(chat.turns[0]!.changes).toEqual(chat.changes)
  })
})

describe('the run', () => {
  const live = { is: 'live', runId: id(30), nodeId: 'n', how: 'new', sandbox: 'namespaces', harnessVersion: '1.0.0', credentialId: 'c' }
  it.each([
    ['prepares', [progressed], { is: 'preparing', stage: 'installing', note: 'npm', fraction: 0.5 }],
    ['is live', [progressed, started()], live],
    ['has ended', [started(), runEnded()], { is: 'ended', reason: 'idle', detail: null }],
    [
      'has crashed',
      [started(), runEnded(id(30), { reason: 'crashed', detail: 'exit 1' })],
      { is: 'ended', reason: 'crashed', detail: 'exit 1' },
    ],
    ['outlives the end of the one before', [started(), runEnded(id(31))], live],
    ['is none when its turn ended while it was prepared', [requested, accepted, progressed, ended('failed')], { is: 'none' }],
    ['stays when its turn ended', [requested, accepted, started(), ended()], live],
  ] as [string, Loose[], object][])('%s', (_, facts, expected) => {
    expect(view(...facts).run).toEqual(expected)
  })
})

describe('the status of a turn', () => {
  it.each([
    ['queued', [requested]],
    ['queued', [requested, { ...requested, prompt: text('twice') }]],
    ['starting', [requested, accepted]],
    ['starting', [requested, accepted, metered()]],
    ['running', [requested, accepted, reply(0, 'a')]],
    ['running', [requested, accepted, thought(0, 'a')]],
    ['running', [requested, accepted, tool()]],
    ['running', [requested, accepted, toolUpdate({ title: 'early' })]],
    ['waiting', [requested, accepted, asked]],
    ['waiting', [requested, accepted, tool(), asked, reply(0, 'a')]],
    ['waiting', [requested, accepted, asked, askedAgain, answered]],
    ['running', [requested, accepted, asked, answered]],
    ['running', [requested, accepted, asked, closed]],
    ['cancelling', [requested, accepted, cancel]],
    ['cancelling', [requested, accepted, asked, cancel, answered]],
    ['cancelling', [requested, accepted, cancel, reply(0, 'still')]],
    ['cancelling', [requested, accepted, cancel, asked]],
    ['cancelled', [requested, accepted, cancel, ended('cancelled')]],
    ['completed', [requested, accepted, cancel, ended('completed')]],
    ['cancelled', [requested, cancel, ended('cancelled')]],
    ['cancelled', [requested, cancel, ended('cancelled'), accepted, reply(0, 'too late')]],
    ['completed', [requested, accepted, ended()]],
    ['refused', [requested, accepted, ended('refused')]],
    ['failed', [requested, accepted, ended('failed')]],
    ['interrupted', [requested, accepted, interrupted]],
    ['interrupted', [requested, accepted, interrupted, ended()]],
    ['interrupted', [requested, accepted, ended('interrupted')]],
    ['completed', [requested, accepted, ended(), interrupted]],
    ['completed', [requested, accepted, ended(), cancel]],
    ['completed', [requested, accepted, ended(), asked, reply(0, 'late')]],
    // What the agent calls complete, and the proxy does not.
    ['failed', [requested, accepted, failed(), ended()]],
    ['failed', [requested, accepted, failed(), reply(0, 'stream error: 429'), ended()]],
    ['failed', [requested, accepted, ended(), failed()]],
    ['failed', [requested, accepted, metered(), failed(), ended()]],
    ['completed', [requested, accepted, failed(), metered(), ended()]],
    ['completed', [requested, accepted, failed(), ended(), metered()]],
    ['completed', [requested, accepted, failed({ model: null }), ended(), metered({ model: 'any' })]],
    ['failed', [requested, accepted, failed(), ended(), metered({ model: 'titles' })]],
    ['cancelled', [requested, accepted, failed(), ended('cancelled')]],
    ['failed', [requested, accepted, failed(), ended('failed'), metered()]],
  ] as [Turn['status'], Loose[]][])('is %s', (status, facts) => {
    expect(turnOf(...facts).status).toBe(status)
  })

  it('tells why a turn failed: its own word, else the proxy’s', () => {
    const own = { code: 'agent.crashed', facts: {} }
    const proxys = { code: 'provider.out-of-quota', facts: { provider: 'openai', model: 'm', status: 429 }, detail: 'slow down' }
    const hidden = failed({ detail: 'slow down' })
    expect(turnOf(requested, accepted, ended('failed', { failure: own })).failure).toEqual(own)
    expect(turnOf(requested, accepted, hidden, ended('failed', { failure: own })).failure).toEqual(own)
    for (const code of ['agent.protocol-error', 'agent.signed-out'] as const) {
      const secondHand = { code, facts: {} }
      expect(turnOf(requested, accepted, hidden, ended('failed', { failure: secondHand })).failure).toEqual(proxys)
      expect(turnOf(requested, accepted, ended('failed', { failure: secondHand })).failure).toEqual(secondHand)
    }
    expect(turnOf(requested, accepted, hidden, ended('failed')).failure).toEqual(proxys)
    expect(turnOf(requested, accepted, ended('failed'), hidden).failure).toEqual(proxys)
    expect(turnOf(requested, accepted, hidden, ended()).failure).toEqual(proxys)
    expect(turnOf(requested, accepted, hidden, ended('cancelled')).failure).toBeNull()
    expect(turnOf(requested, accepted, hidden, metered(), ended()).failure).toBeNull()
    expect(turnOf(requested, accepted, hidden, ended(), metered()).failure).toBeNull()
  })

  it('knows from the broker that a login went elsewhere, also when its agent failed before the turn was taken', () => {
    const elsewhere = failed({ code: 'login.elsewhere', harness: 'codex', model: null, status: null })
    const signedOut = ended('failed', { failure: { code: 'agent.signed-out', facts: { harness: 'codex' } } })
    expect(turnOf(requested, elsewhere, accepted, signedOut).failure).toEqual({
      code: 'login.elsewhere',
      facts: { provider: 'openai', model: null, status: null, harness: 'codex' },
    })
  })

  it('keeps who cancelled, when it was taken and when it ended', () => {
    expect(turnOf(requested, accepted, cancel, ended('cancelled'))).toMatchObject({
      by: 'ada',
      cancelledBy: 'mei',
      requestedAt: at(1),
      acceptedAt: at(2),
      endedAt: at(4),
    })
  })
})

describe('the queue', () => {
  const second: Loose = { ...requested, turnId: two }
  const edited: Loose = { type: 'turn.edited', turnId: one, by: 'ada', prompt: text('Better') }
  const withdrawn: Loose = { type: 'turn.withdrawn', turnId: one, by: 'ada' }
  it('shows the prompt as it was edited, while it waits', () => {
    expect(turnOf(requested, edited).prompt).toEqual(text('Better'))
    expect(turnOf(requested, accepted, edited).prompt).toEqual(text('Hello'))
  })
  it('forgets a withdrawn turn for good, and only while it waits', () => {
    expect(view(requested, second, withdrawn).turns.map((turn) => turn.turnId)).toEqual([two])
    expect(view(requested, withdrawn, accepted, reply(0, 'x')).turns).toEqual([])
    expect(view(requested, accepted, withdrawn).turns).toHaveLength(1)
  })
  it('stands in the order that people gave it; whatever has started keeps its place', () => {
    const three = id(3)
    const third: Loose = { ...requested, turnId: three }
    const order = (...turnIds: string[]): Loose => ({ type: 'queue.reordered', by: 'mei', turnIds })
    const ids = (...facts: Loose[]) => view(...facts).turns.map((turn) => turn.turnId)
    expect(ids(requested, second, third, order(three, one, two))).toEqual([three, one, two])
    expect(ids(requested, second, third, accepted, order(three, two))).toEqual([one, three, two])
    // Taken in the same moment: the others stand as they were told to.
    expect(ids(requested, second, third, accepted, order(three, one, two))).toEqual([one, three, two])
    expect(ids(requested, second, third, order(three, two, one), { ...accepted, turnId: three })).toEqual([three, two, one])
  })
})

describe('text', () => {
  const pieces = (...facts: Loose[]) => turnOf(requested, accepted, ...facts).items
  it('is set at its offset, so a repeated piece changes nothing', () => {
    expect(pieces(reply(0, 'Hel'), reply(3, 'lo'), reply(3, 'lo'))).toEqual([{ is: 'reply', messageId: 'm', text: 'Hello' }])
    expect(pieces(reply(0, 'Hello'), reply(1, 'E'))).toEqual([{ is: 'reply', messageId: 'm', text: 'HEllo' }])
  })
  it('is kept apart by message, and thoughts apart from replies', () => {
    expect(pieces(thought(0, 'hm'), thought(2, '…'), reply(0, 'a'), reply(0, 'b', { messageId: 'n' }), reply(1, 'A'))).toEqual([
      { is: 'thought', messageId: 'm', text: 'hm…', startedAt: at(3), lastAt: at(4) },
      { is: 'reply', messageId: 'm', text: 'aA' },
      { is: 'reply', messageId: 'n', text: 'b' },
    ])
  })
  it('costs one new object on each level when a piece arrives', () => {
    const before = view(requested, { ...requested, turnId: two }, accepted, tool(), reply(0, 'a'))
    const [piece] = log(reply(1, 'b')).map((event) => ({ ...event, seq: before.seq + 1, seqFrom: before.seq + 1 }))
    const after = fold(before, piece!)
    expect(after.turns[1]).toBe(before.turns[1])
    expect(after.turns[0]!.items[0]).toBe(before.turns[0]!.items[0])
    expect(after.turns[0]!.items[1]).toEqual({ is: 'reply', messageId: 'm', text: 'ab' })
    expect(before.turns[0]!.items[1]).toEqual({ is: 'reply', messageId: 'm', text: 'a' })
  })
})

describe('tools and questions', () => {
  const itemsOf = (...facts: Loose[]) => turnOf(requested, accepted, ...facts).items
  const item = {
    is: 'tool',
    toolCallId: 't',
    title: 'Edit a.ts',
    kind: 'edit',
    status: 'in_progress',
    content: [],
    locations: [],
    startedAt: at(3),
    endedAt: null,
  }
  it('changes only what an update names', () => {
    const content = [{ type: 'text', text: 'done' }]
    expect(itemsOf(tool({ input: { a: 1 } }), toolUpdate({ status: 'completed', content, output: 2 }))).toEqual([
      { ...item, input: { a: 1 }, output: 2, status: 'completed', content, endedAt: at(4) },
    ])
    expect(itemsOf(tool(), toolUpdate({ title: 'T', kind: 'read', locations: [{ path: 'a', line: 1 }], input: 3 }))).toEqual([
      { ...item, title: 'T', kind: 'read', locations: [{ path: 'a', line: 1 }], input: 3 },
    ])
  })
  it('shows a call that was only ever updated, and one that is called again in its place', () => {
    expect(itemsOf(toolUpdate({ status: 'failed' }))).toEqual([{ ...item, title: '', kind: 'other', status: 'failed', endedAt: at(3) }])
    expect(itemsOf(toolUpdate({ title: 'first' }), tool())).toEqual([item])
  })
  it('ends what is open with its turn: cancelled, unless the turn completed', () => {
    expect(itemsOf(tool(), ended('cancelled'))).toEqual([{ ...item, status: 'cancelled', endedAt: at(4) }])
    expect(itemsOf(tool(), ended())).toEqual([{ ...item, endedAt: at(4) }])
    expect(itemsOf(tool({ status: 'completed' }), ended('cancelled'))).toEqual([{ ...item, status: 'completed', endedAt: at(3) }])
    expect(itemsOf(ended(), tool())).toEqual([{ ...item, startedAt: at(4), endedAt: at(4) }])
  })
  const question = {
    is: 'permission',
    requestId: ask,
    toolCallId: 't',
    title: 'Write a.ts',
    kind: 'edit',
    content: [],
    options: asked['options'],
    requestedAt: at(3),
  }
  it.each([
    ['open', [asked], { is: 'open' }],
    ['open, once', [asked, asked], { is: 'open' }],
    ['answered', [asked, answered], { is: 'answered', by: 'mei', optionId: 'yes', at: at(4) }],
    ['answered with a note', [asked, { ...answered, note: 'ok' }], { is: 'answered', by: 'mei', optionId: 'yes', note: 'ok', at: at(4) }],
    [
      'answered by the first',
      [asked, answered, { ...answered, by: 'bo' }, closed],
      { is: 'answered', by: 'mei', optionId: 'yes', at: at(4) },
    ],
    ['closed', [asked, closed, answered], { is: 'closed', reason: 'cancelled', at: at(4) }],
    ['closed with its turn', [asked, ended('cancelled')], { is: 'closed', reason: 'turn-ended', at: at(4) }],
    ['closed with its agent', [asked, interrupted], { is: 'closed', reason: 'agent-lost', at: at(4) }],
  ] as [string, Loose[], object][])('shows a question that is %s', (_, facts, answer) => {
    expect(itemsOf(...facts)).toEqual([{ ...question, answer }])
  })
  it('shows what the proxy saw fail', () => {
    expect(itemsOf(failed())).toEqual([
      {
        is: 'model-failure',
        failure: { code: 'provider.out-of-quota', facts: { provider: 'openai', model: 'm', status: 429 } },
        provider: 'openai',
        model: 'm',
        at: at(3),
      },
    ])
  })
})

describe('the order of events', () => {
  const story = log(
    created,
    requested,
    accepted,
    thought(0, 'hm'),
    reply(0, 'Hel'),
    reply(3, 'lo'),
    tool(),
    asked,
    answered,
    failed(),
    metered(),
    changes,
    ended(),
  )
  it('tells the known from the next and from a gap', () => {
    const [first, second, third] = story
    expect(standing(emptyChat, first!)).toBe('next')
    expect(standing({ seq: 1 }, first!)).toBe('known')
    expect(standing({ seq: 1 }, third!)).toBe('gap')
    expect(standing({ seq: 1 }, { seq: 4, seqFrom: 2 })).toBe('next')
    expect(standing({ seq: 3 }, { seq: 4, seqFrom: 2 })).toBe('next')
    const chat = fold(emptyChat, first!)
    expect(fold(chat, first!)).toBe(chat)
    expect(fold(chat, third!)).toBe(chat)
    expect(fold(chat, second!).seq).toBe(2)
  })

  it('gives the same view however the log is cut into pages, and however often a page comes', () => {
    const whole = foldAll(emptyChat, story)
    const anyDelivery = fc.array(fc.tuple(fc.nat(story.length), fc.nat(story.length)), { maxLength: 20 })
    fc.assert(
      fc.property(anyDelivery, (cuts) => {
        // Any pages in any order: what leaves a gap is not applied. In the end everything comes once more.
        const pages = cuts.map(([from, to]) => story.slice(Math.min(from, to), Math.max(from, to)))
        expect([...pages, story].reduce(foldAll, emptyChat)).toEqual(whole)
      }),
    )
  })

  it('takes a compacted row for its pieces at every cursor within them', () => {
    const pieces = log(created, requested, accepted, reply(0, 'one '), reply(4, 'two '), reply(8, 'three'))
    const whole = foldAll(emptyChat, pieces)
    const compacted = ChatEvent.parse({ ...reply(0, 'one two three'), chatId, seq: 6, seqFrom: 4, at: at(6) })
    for (const cursor of [3, 4, 5]) {
      expect(fold(foldAll(emptyChat, pieces.slice(0, cursor)), compacted)).toEqual(whole)
    }
  })

  it('never changes a view that somebody holds', () => {
    const frozen = (value: unknown): void => {
      if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return
      Object.freeze(value)
      Object.values(value).forEach(frozen)
    }
    const end = story.reduce((chat, event) => {
      frozen(chat)
      frozen(event)
      return fold(chat, event)
    }, emptyChat)
    expect(end.seq).toBe(story.length)
  })
})

describe('a question that an agent asks by a tool', () => {
  const questionAsked: Loose = { type: 'question.asked', questionId: ask, turnId: one, question: 'Which?', choices: ['this'] }
  const toldBy = (by: string): Loose => ({ type: 'question.answered', questionId: ask, by, answer: 'this' })
  const item = (turn: Turn) => turn.items.at(-1)

  it('keeps the turn waiting until the first answer, beside a permission too', () => {
    expect(turnOf(created, requested, accepted, questionAsked)).toMatchObject({
      status: 'waiting',
      items: [{ is: 'question', answer: { is: 'open' } }],
    })
    const answeredOnce = turnOf(created, requested, accepted, questionAsked, toldBy('mei'), toldBy('ada'))
    expect(answeredOnce).toMatchObject({ status: 'running' })
    expect(item(answeredOnce)).toMatchObject({ answer: { is: 'answered', by: 'mei', text: 'this' } })
    expect(turnOf(created, requested, accepted, asked, questionAsked, toldBy('mei'))).toMatchObject({ status: 'waiting' })
  })

  it('is closed with its turn', () => {
    const over = turnOf(created, requested, accepted, questionAsked, ended(), toldBy('mei'))
    expect(item(over)).toMatchObject({ is: 'question', answer: { is: 'closed' } })
  })
})

it('shows where an agent says that it stands, and nothing of the calls that the log keeps beside', () => {
  const called: Loose = {
    type: 'mcp.called',
    turnId: one,
    server: 'gatehouse',
    tool: 'read_chat',
    arguments: '',
    outcome: 'completed',
    durationMs: 3,
  }
  const at = (note: string): Loose => ({ type: 'progress.reported', turnId: one, note, fraction: 0.5 })
  expect(turnOf(created, requested, accepted, at('Half way'), called)).toMatchObject({
    status: 'running',
    progress: { note: 'Half way', fraction: 0.5 },
    items: [],
  })
  expect(turnOf(created, requested, accepted, ended(), at('Late')).progress).toBe(null)
})
