import { describe, expect, it } from 'vitest'
import { DaemonFact } from '#core/chat/events.ts'
import { TurnId } from '#core/ids.ts'
import { isAboutSession, sessionFacts, translate, translatePermission } from '#agent/acp/translate.ts'

const turnId = TurnId.parse('0199aaaa-0000-7000-8000-000000000001')
const workdir = '/work'
const update = (fields: Record<string, unknown>) => ({ sessionId: 's', update: fields })
const chunk = (sessionUpdate: string, content: unknown, rest = {}) => update({ sessionUpdate, content, ...rest })
const text = (words: string) => ({ type: 'text', text: words })

const inTurn: { name: string; params: unknown; drafts: unknown[] }[] = [
  {
    name: 'a piece of reply with the agent’s own message id',
    params: chunk('agent_message_chunk', text('hi'), { messageId: 'm1' }),
    drafts: [{ is: 'text', of: 'reply', messageId: 'm1', text: 'hi' }],
  },
  {
    name: 'a piece of thought without one',
    params: chunk('agent_thought_chunk', text('hm')),
    drafts: [{ is: 'text', of: 'thought', messageId: null, text: 'hm' }],
  },
  { name: 'an empty piece', params: chunk('agent_message_chunk', text('')), drafts: [] },
  { name: 'our own prompt said back', params: chunk('user_message_chunk', text('do it')), drafts: [] },
  {
    name: 'a link, as Markdown',
    params: chunk('agent_message_chunk', { type: 'resource_link', name: 'a.ts', uri: 'file:///work/a.ts' }),
    drafts: [{ is: 'text', of: 'reply', messageId: null, text: '[a.ts](file:///work/a.ts)' }],
  },
  {
    name: 'a tool call with a diff, paths told relative to the working directory',
    params: update({
      sessionUpdate: 'tool_call',
      toolCallId: 't1',
      title: 'Edit a.ts',
      kind: 'edit',
      status: 'in_progress',
      locations: [{ path: '/work/src/a.ts', line: 3 }, { path: '/etc/hosts' }],
      content: [{ type: 'diff', path: '/work/src/a.ts', oldText: 'a', newText: 'b' }],
      rawInput: { path: 'a.ts' },
    }),
    drafts: [
      {
        is: 'fact',
        fact: {
          type: 'tool.called',
          turnId,
          toolCallId: 't1',
          title: 'Edit a.ts',
          kind: 'edit',
          status: 'in_progress',
          content: [{ type: 'diff', path: 'src/a.ts', oldText: 'a', newText: 'b' }],
          locations: [{ path: 'src/a.ts', line: 3 }, { path: '/etc/hosts' }],
          input: { path: 'a.ts' },
        },
      },
    ],
  },
  {
    name: 'a tool call with next to nothing, and with words that are newer than we are',
    params: update({ sessionUpdate: 'tool_call', toolCallId: 't1', title: 'x', kind: 'teleport', status: 'paused' }),
    drafts: [
      {
        is: 'fact',
        fact: {
          type: 'tool.called',
          turnId,
          toolCallId: 't1',
          title: 'x',
          kind: 'other',
          status: 'in_progress',
          content: [],
          locations: [],
        },
      },
    ],
  },
  {
    name: 'an update of a tool call: only what it names',
    params: update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 't1',
      status: 'completed',
      title: null,
      content: [
        { type: 'content', content: text('out') },
        { type: 'terminal', terminalId: 'x' },
      ],
      rawOutput: 'done',
    }),
    drafts: [
      {
        is: 'fact',
        fact: {
          type: 'tool.updated',
          turnId,
          toolCallId: 't1',
          status: 'completed',
          content: [
            { type: 'text', text: 'out' },
            { type: 'raw', json: { type: 'terminal', terminalId: 'x' } },
          ],
          output: 'done',
        },
      },
    ],
  },
  {
    name: 'a plan',
    params: update({ sessionUpdate: 'plan', entries: [{ content: 'a', priority: 'high', status: 'pending' }] }),
    drafts: [{ is: 'fact', fact: { type: 'plan.set', turnId, entries: [{ content: 'a', priority: 'high', status: 'pending' }] } }],
  },
  {
    name: 'how full the context is',
    params: update({ sessionUpdate: 'usage_update', used: 5, size: 100, cost: { amount: 1, currency: 'USD' } }),
    drafts: [{ is: 'fact', fact: { type: 'context.measured', turnId, usedTokens: 5, sizeTokens: 100 } }],
  },
  {
    name: 'options, groups flattened',
    params: update({
      sessionUpdate: 'config_option_update',
      configOptions: [
        {
          id: 'model',
          name: 'Model',
          category: 'model',
          type: 'select',
          currentValue: 'a',
          options: [{ group: 'g', name: 'G', options: [{ value: 'a', name: 'A' }] }],
        },
        { id: 'fast', name: 'Fast', type: 'boolean', currentValue: true },
      ],
    }),
    drafts: [
      {
        is: 'fact',
        fact: {
          type: 'options.offered',
          options: [
            { id: 'model', name: 'Model', category: 'model', current: 'a', choices: [{ value: 'a', name: 'A' }] },
            { id: 'fast', name: 'Fast', current: true, choices: [] },
          ],
        },
      },
    ],
  },
  {
    name: 'a mode',
    params: update({ sessionUpdate: 'current_mode_update', currentModeId: 'plan' }),
    drafts: [{ is: 'fact', fact: { type: 'mode.changed', modeId: 'plan' } }],
  },
  {
    name: 'commands',
    params: update({ sessionUpdate: 'available_commands_update', availableCommands: [{ name: 'init' }] }),
    drafts: [{ is: 'fact', fact: { type: 'commands.offered', commands: [{ name: 'init', description: '' }] } }],
  },
  {
    name: 'a title',
    params: update({ sessionUpdate: 'session_info_update', title: 'Greeting' }),
    drafts: [{ is: 'fact', fact: { type: 'title.suggested', title: 'Greeting' } }],
  },
  { name: 'a title that was taken away', params: update({ sessionUpdate: 'session_info_update', title: null }), drafts: [] },
]

describe('what has a word', () => {
  it.each(inTurn)('translates $name', ({ params, drafts }) => {
    const found = translate(params, { turnId, workdir })
    expect(found).toEqual(drafts)
    for (const draft of found) if (draft.is === 'fact') expect(DaemonFact.parse(draft.fact)).toEqual(draft.fact)
  })
})

describe('what has none', () => {
  it.each([
    ['an unknown kind', update({ sessionUpdate: 'brand_new', x: 1 })],
    ['a malformed one', update({ sessionUpdate: 'tool_call', toolCallId: 7 })],
    ['an image', chunk('agent_message_chunk', { type: 'image', data: 'AA==', mimeType: 'image/png' })],
    ['no update at all', { sessionId: 's' }],
    ['nothing', null],
  ])('keeps %s as it came', (_, params) => {
    expect(translate(params, { turnId, workdir })).toEqual([
      { is: 'fact', fact: { type: 'agent.said', turnId, method: 'session/update', raw: params } },
    ])
  })

  it('keeps what belongs to a turn when there is none', () => {
    const late = chunk('agent_message_chunk', text('late'))
    expect(translate(late, { turnId: null, workdir })).toEqual([
      { is: 'fact', fact: { type: 'agent.said', turnId: null, method: 'session/update', raw: late } },
    ])
    expect(isAboutSession(late)).toBe(false)
    expect(isAboutSession(update({ sessionUpdate: 'current_mode_update', currentModeId: 'plan' }))).toBe(true)
  })
})

it('cuts what is too large and says how much', () => {
  const [draft] = translate(
    update({
      sessionUpdate: 'tool_call_update',
      toolCallId: 't',
      content: [{ type: 'content', content: text('x'.repeat(100_000)) }],
      rawOutput: { log: 'y'.repeat(100_000) },
    }),
    { turnId, workdir },
  )
  expect(draft).toMatchObject({
    fact: { content: [{ type: 'text', truncated: 40_000 }], output: { truncated: expect.any(Number) } },
  })
})

it('reads the answer to a session request', () => {
  expect(sessionFacts({ modes: { currentModeId: 'default', availableModes: [] } })).toEqual([{ type: 'mode.changed', modeId: 'default' }])
  expect(sessionFacts(null)).toEqual([])
})

it('reads a permission question, also of an agent that says little', () => {
  expect(
    translatePermission({ toolCall: { toolCallId: 't' }, options: [{ optionId: 'a', name: 'A', kind: 'allow_once' }] }, workdir),
  ).toEqual({
    toolCallId: 't',
    title: '',
    kind: 'other',
    content: [],
    options: [{ optionId: 'a', name: 'A', kind: 'allow_once' }],
  })
  expect(translatePermission({ toolCall: { toolCallId: 't' }, options: [] }, workdir)).toBeNull()
})
