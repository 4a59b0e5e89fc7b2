import { expect, it } from 'vitest'
import { PROMPT_MAX_CHARS, type ChatCommand, type ChatState, type UnaskedCommand } from '#core/chat/commands.ts'
import { decide } from '#core/chat/decide.ts'
import { MASKED, type ElicitationForm } from '#core/chat/elicitation.ts'

const [a, b, c] = ['a', 'b', 'c'] as unknown as [never, never, never]
const [ada, mei] = ['ada', 'mei'] as unknown as [never, never]
const prompt = [{ type: 'text' as const, text: 'Hello' }]
const other = [{ type: 'text' as const, text: 'Other' }]
const tooLong = [
  { type: 'text' as const, text: 'x'.repeat(PROMPT_MAX_CHARS) },
  { type: 'text' as const, text: 'y' },
]
const idle: ChatState = {
  isArchived: false,
  title: 'T',
  model: null,
  activeTurn: null,
  isCancelling: false,
  openQuestions: 0,
  queued: [],
  turn: null,
  question: null,
  isMaintainer: false,
}
const sent = { turnId: a, by: ada, prompt }
const waiting: ChatState = { ...idle, queued: [{ turnId: a, by: ada }], turn: sent }
const busy: ChatState = {
  ...idle,
  activeTurn: a,
  queued: [
    { turnId: b, by: mei },
    { turnId: c, by: ada },
  ],
}
const question = { kind: 'permission' as const, turnId: a, options: ['yes', 'no'], form: null, isOpen: true, answer: null }
const when = '2026-01-01T00:00:00.000Z'

const send: ChatCommand = { do: 'sendPrompt', by: ada, turnId: a, prompt }
const edit: ChatCommand = { do: 'editQueued', by: ada, turnId: a, prompt: other }
const withdraw: ChatCommand = { do: 'withdraw', by: ada, turnId: a }
const answer: ChatCommand = { do: 'answerPermission', by: ada, requestId: c, optionId: 'yes' }
const told: Extract<ChatCommand, { do: 'answerElicitation' }> = {
  do: 'answerElicitation',
  by: ada,
  requestId: c,
  action: 'accept',
  answers: { colour: 'blue', apiKey: 'hunter2' },
}

const settled = { ok: true, facts: [], orders: [] }
const refused = (code: string, facts = {}) => ({ ok: false, code, facts })
const requested = {
  ok: true,
  facts: [{ type: 'turn.requested', turnId: a, by: ada, prompt }],
  orders: [{ order: 'queue-prompt', turnId: a, by: ada, prompt }],
  turnId: a,
}
const cancelsActive = {
  ok: true,
  facts: [{ type: 'cancel.requested', turnId: a, by: ada }],
  orders: [{ order: 'cancel', turnId: a, by: ada }],
  turnId: a,
}
const moved = {
  ok: true,
  facts: [{ type: 'queue.reordered', by: ada, turnIds: [c, b] }],
  orders: [{ order: 'reorder-prompts', turnIds: [c, b] }],
  turnId: c,
}
const endsQueued = (turnId: never) => ({
  ok: true,
  facts: [
    { type: 'cancel.requested', turnId, by: ada },
    { type: 'turn.ended', turnId, outcome: 'cancelled', stopReason: null },
  ],
  orders: [{ order: 'withdraw-prompt', turnId }],
  turnId,
})
const large = refused('prompt.too-large', { chars: PROMPT_MAX_CHARS + 1, maxChars: PROMPT_MAX_CHARS })

const byRule: UnaskedCommand = { do: 'answerByRule', by: null, requestId: c, optionId: 'yes', rule: 'allow execute ls' }
const expired: UnaskedCommand = { do: 'expireQuestion', by: null, requestId: c, optionId: 'no' }
const form: ElicitationForm = {
  mode: 'form',
  fields: ['colour', 'apiKey'].map((name) => ({
    type: 'text',
    name,
    title: name,
    description: null,
    isRequired: true,
    isSecret: name === 'apiKey',
    format: null,
    minLength: null,
    maxLength: null,
    initial: null,
  })),
}
const eliciting = { ...question, kind: 'elicitation' as const, form }
const nobodys = (rule: string | null) => ({
  ...question,
  isOpen: false,
  answer: { by: null, rule, optionId: 'no', action: null, at: when },
})
const asked = { ...question, kind: 'question' as const, options: ['this', 'that'] }
const toldBy = (by: typeof ada) => ({ ...asked, isOpen: false, answer: { by, rule: null, optionId: null, action: null, at: when } })
const askPeople: ChatCommand = {
  do: 'askQuestion',
  by: ada,
  questionId: c as never,
  turnId: a,
  question: 'Which?',
  choices: ['this', 'that'],
}
const tellAgent: ChatCommand = { do: 'answerQuestion', by: ada, requestId: c as never, answer: 'this' }

const table: [string, ChatCommand | UnaskedCommand, ChatState, unknown][] = [
  ['a prompt is queued', send, idle, requested],
  ['a prompt is queued while another turn runs', send, { ...busy, activeTurn: c }, requested],
  ['a retried prompt lands on its turn', send, waiting, { ...settled, turnId: a }],
  ['a retried prompt lands on its turn, whatever became of it', send, { ...idle, isArchived: true, turn: sent }, { ...settled, turnId: a }],
  ['an id is not reused for another prompt', { ...send, prompt: other }, waiting, refused('turn.id-taken', { turnId: a })],
  ['an id is not reused for a longer prompt', { ...send, prompt: [...prompt, ...other] }, waiting, refused('turn.id-taken', { turnId: a })],
  ['an id is not reused by another person', { ...send, by: mei }, waiting, refused('turn.id-taken', { turnId: a })],
  ['nothing is sent to an archived chat', send, { ...idle, isArchived: true }, refused('chat.archived')],
  ['a file is not a prompt', { ...send, prompt: tooLong }, idle, large],

  [
    'a queued prompt is edited by its author',
    edit,
    waiting,
    {
      ok: true,
      facts: [{ type: 'turn.edited', turnId: a, by: ada, prompt: other }],
      orders: [{ order: 'replace-prompt', turnId: a, prompt: other }],
      turnId: a,
    },
  ],
  ['a queued prompt is not edited by others', { ...edit, by: mei }, waiting, refused('access.denied')],
  ['nor by a maintainer', { ...edit, by: mei }, { ...waiting, isMaintainer: true }, refused('access.denied')],
  ['a prompt that was taken is not edited', edit, { ...busy, turn: sent }, refused('turn.not-queued')],
  ['an unknown prompt is not edited', edit, idle, refused('turn.missing')],
  ['an edit may not grow into a file', { ...edit, prompt: tooLong }, waiting, large],

  [
    'a queued prompt is withdrawn by its author',
    withdraw,
    waiting,
    { ok: true, facts: [{ type: 'turn.withdrawn', turnId: a, by: ada }], orders: [{ order: 'withdraw-prompt', turnId: a }], turnId: a },
  ],
  ['a queued prompt is not withdrawn by others', { ...withdraw, by: mei }, waiting, refused('access.denied')],
  [
    'but by a maintainer',
    { ...withdraw, by: mei },
    { ...waiting, isMaintainer: true },
    { ok: true, facts: [{ type: 'turn.withdrawn', turnId: a, by: mei }], orders: [{ order: 'withdraw-prompt', turnId: a }], turnId: a },
  ],
  ['a prompt that was taken is not withdrawn', withdraw, { ...busy, turn: sent }, refused('turn.not-queued')],
  ['an unknown prompt is not withdrawn', withdraw, idle, refused('turn.missing')],

  ['a waiting prompt moves in front of another', { do: 'moveQueued', by: ada, turnId: c, before: b }, { ...busy, turn: sent }, moved],
  ['or to the end', { do: 'moveQueued', by: ada, turnId: b, before: null }, { ...busy, turn: sent }, { ...moved, turnId: b }],
  [
    'where it stands already nothing changes',
    { do: 'moveQueued', by: ada, turnId: b, before: c },
    { ...busy, turn: sent },
    { ...settled, turnId: b },
  ],
  ['nor in front of itself', { do: 'moveQueued', by: ada, turnId: b, before: b }, { ...busy, turn: sent }, { ...settled, turnId: b }],
  [
    'nothing stands in front of what has left the queue',
    { do: 'moveQueued', by: ada, turnId: b, before: a },
    { ...busy, turn: sent },
    refused('turn.not-queued'),
  ],
  [
    'what the agent has is not moved',
    { do: 'moveQueued', by: ada, turnId: a, before: b },
    { ...busy, turn: sent },
    refused('turn.not-queued'),
  ],
  ['an unknown prompt is not moved', { do: 'moveQueued', by: ada, turnId: a, before: null }, idle, refused('turn.missing')],
  [
    'sent now, a prompt is next and the running turn is cancelled',
    { do: 'sendNow', by: ada, turnId: c },
    { ...busy, turn: sent },
    {
      ok: true,
      facts: [...moved.facts, ...cancelsActive.facts],
      orders: [...moved.orders, ...cancelsActive.orders],
      turnId: c,
    },
  ],
  [
    'sent now, the next prompt only loses what it waits for',
    { do: 'sendNow', by: ada, turnId: b },
    { ...busy, turn: sent },
    { ...cancelsActive, turnId: b },
  ],
  ['a turn is cancelled once', { do: 'sendNow', by: ada, turnId: c }, { ...busy, isCancelling: true, turn: sent }, moved],
  ['where nothing runs, none is cancelled', { do: 'sendNow', by: ada, turnId: c }, { ...busy, activeTurn: null, turn: sent }, moved],
  ['what runs is not sent now', { do: 'sendNow', by: ada, turnId: a }, { ...busy, turn: sent }, refused('turn.not-queued')],
  ['nor what is unknown', { do: 'sendNow', by: ada, turnId: a }, idle, refused('turn.missing')],

  ['the running turn is cancelled', { do: 'cancelTurn', by: ada }, busy, cancelsActive],
  ['the named running turn is cancelled', { do: 'cancelTurn', by: ada, turnId: a }, busy, cancelsActive],
  ['cancelling twice is cancelling once', { do: 'cancelTurn', by: mei }, { ...busy, isCancelling: true }, { ...settled, turnId: a }],
  ['without a running turn the next one ends unseen', { do: 'cancelTurn', by: ada }, { ...busy, activeTurn: null }, endsQueued(b)],
  ['a named queued turn ends unseen, and the running one goes on', { do: 'cancelTurn', by: ada, turnId: c }, busy, endsQueued(c)],
  [
    'a turn that has ended is not cancelled',
    { do: 'cancelTurn', by: ada, turnId: a },
    { ...busy, activeTurn: b, turn: sent },
    refused('turn.nothing-to-cancel'),
  ],
  ['an unknown turn is not cancelled', { do: 'cancelTurn', by: ada, turnId: 'x' as never }, busy, refused('turn.missing')],
  ['there is nothing to cancel', { do: 'cancelTurn', by: ada }, idle, refused('turn.nothing-to-cancel')],

  [
    'a question is answered',
    answer,
    { ...busy, question },
    {
      ok: true,
      facts: [{ type: 'permission.answered', requestId: c, by: ada, optionId: 'yes' }],
      orders: [{ order: 'answer', turnId: a, requestId: c, by: ada, optionId: 'yes' }],
    },
  ],
  [
    'a question is answered with a note, which the agent reads as the next prompt',
    { ...answer, optionId: 'no', note: { turnId: b, text: 'not there' } },
    { ...busy, question },
    {
      ok: true,
      facts: [
        { type: 'permission.answered', requestId: c, by: ada, optionId: 'no', note: 'not there' },
        { type: 'turn.requested', turnId: b, by: ada, prompt: [{ type: 'text', text: 'not there' }] },
      ],
      orders: [
        { order: 'answer', turnId: a, requestId: c, by: ada, optionId: 'no' },
        { order: 'queue-prompt', turnId: b, by: ada, prompt: [{ type: 'text', text: 'not there' }] },
      ],
    },
  ],
  [
    'whoever is late hears who decided',
    { ...answer, by: mei, optionId: 'no' },
    { ...busy, question: { ...question, isOpen: false, answer: { by: ada, rule: null, optionId: 'yes', action: null, at: when } } },
    refused('permission.already-answered', { by: ada, optionId: 'yes', at: when }),
  ],
  [
    'somebody else who says the same is late too',
    { ...answer, by: mei },
    { ...busy, question: { ...question, answer: { by: ada, rule: null, optionId: 'yes', action: null, at: when } } },
    refused('permission.already-answered', { by: ada, optionId: 'yes', at: when }),
  ],
  [
    'whoever repeats their own answer hears yes',
    answer,
    { ...busy, question: { ...question, answer: { by: ada, rule: null, optionId: 'yes', action: null, at: when } } },
    settled,
  ],
  [
    'an archived chat is brought back',
    { do: 'unarchive', by: ada },
    { ...idle, isArchived: true },
    { ...settled, facts: [{ type: 'chat.unarchived', by: ada }] },
  ],
  ['once', { do: 'unarchive', by: ada }, idle, settled],
  [
    'a rule answers, and is named',
    byRule,
    { ...busy, question },
    {
      ...settled,
      facts: [{ type: 'permission.answered', requestId: c, by: null, rule: 'allow execute ls', optionId: 'yes' }],
      orders: [{ order: 'answer', turnId: a, requestId: c, by: null, rule: 'allow execute ls', optionId: 'yes' }],
    },
  ],
  [
    'a question whose time is over is answered with no',
    expired,
    { ...busy, question },
    {
      ...settled,
      facts: [{ type: 'permission.closed', requestId: c, reason: 'expired' }],
      orders: [{ order: 'answer', turnId: a, requestId: c, by: null, optionId: 'no' }],
    },
  ],
  ['a person who was faster than a rule stands', byRule, { ...busy, question: { ...question, isOpen: false } }, settled],
  ['and than the deadline', expired, { ...busy, question: { ...question, isOpen: false } }, settled],
  [
    'nothing is answered by an option that is not there',
    { ...expired, optionId: 'never' },
    { ...busy, question },
    refused('permission.option-unknown'),
  ],
  [
    'whoever comes after a rule hears which',
    answer,
    { ...busy, question: nobodys('deny execute *') },
    refused('permission.already-answered', { by: null, optionId: 'no', at: when, rule: 'deny execute *' }),
  ],
  ['whoever comes after the deadline is too late', answer, { ...busy, question: nobodys(null) }, refused('permission.missing')],
  ['a closed question is no longer answered', answer, { ...busy, question: { ...question, isOpen: false } }, refused('permission.missing')],
  [
    'what the agent wants to know is answered, and what looks like a secret stays out of the log',
    told,
    { ...busy, question: eliciting },
    {
      ok: true,
      facts: [{ type: 'elicitation.answered', requestId: c, by: ada, action: 'accept', answers: { colour: 'blue', apiKey: MASKED } }],
      orders: [{ order: 'answer-form', turnId: a, requestId: c, by: ada, action: 'accept', answers: told.answers }],
    },
  ],
  [
    'or declined, with nothing in it',
    { ...told, action: 'decline' },
    { ...busy, question: eliciting },
    {
      ok: true,
      facts: [{ type: 'elicitation.answered', requestId: c, by: ada, action: 'decline' }],
      orders: [{ order: 'answer-form', turnId: a, requestId: c, by: ada, action: 'decline', answers: {} }],
    },
  ],
  [
    'answers that are not as the form wants them answer nothing',
    { ...told, answers: { colour: 5, shape: 'x' } },
    { ...busy, question: eliciting },
    refused('elicitation.invalid', { fields: ['shape', 'colour', 'apiKey'] }),
  ],
  [
    'the first who tells it wins',
    told,
    {
      ...busy,
      question: { ...eliciting, isOpen: false, answer: { by: mei, rule: null, optionId: null, action: 'decline', at: when } },
    },
    refused('permission.already-answered', { by: mei, action: 'decline', at: when }),
  ],
  [
    'and may say it again',
    told,
    {
      ...busy,
      question: { ...eliciting, isOpen: false, answer: { by: ada, rule: null, optionId: null, action: 'accept', at: when } },
    },
    settled,
  ],
  [
    'whoever tells it after its time is too late',
    told,
    {
      ...busy,
      question: { ...eliciting, isOpen: false, answer: { by: null, rule: null, optionId: null, action: 'cancel', at: when } },
    },
    refused('permission.missing'),
  ],
  [
    'after its time the agent hears that nobody answers',
    { ...expired, optionId: null },
    { ...busy, question: eliciting },
    {
      ...settled,
      facts: [{ type: 'elicitation.closed', requestId: c, reason: 'expired' }],
      orders: [{ order: 'answer-form', turnId: a, requestId: c, by: null, action: 'cancel', answers: {} }],
    },
  ],
  ['a form is not answered by an option', answer, { ...busy, question: eliciting }, refused('permission.missing')],
  ['nor permission by a form', told, { ...busy, question }, refused('permission.missing')],
  ['an unknown question is not answered', answer, busy, refused('permission.missing')],
  ['an option must be one of those offered', { ...answer, optionId: 'maybe' }, { ...busy, question }, refused('permission.option-unknown')],

  [
    'a chat is renamed',
    { do: 'rename', by: ada, title: 'U' },
    idle,
    { ok: true, facts: [{ type: 'chat.renamed', by: ada, title: 'U' }], orders: [] },
  ],
  ['the same name is no news', { do: 'rename', by: ada, title: 'T' }, idle, settled],
  [
    'a model is chosen',
    { do: 'chooseModel', by: ada, model: 'm' },
    idle,
    { ok: true, facts: [{ type: 'model.chosen', by: ada, model: 'm' }], orders: [] },
  ],
  ['the same model is no news', { do: 'chooseModel', by: ada, model: 'm' }, { ...idle, model: 'm' }, settled],
  [
    'no model is chosen for an archived chat',
    { do: 'chooseModel', by: ada, model: 'm' },
    { ...idle, isArchived: true },
    refused('chat.archived'),
  ],
  ['an idle chat is archived', { do: 'archive', by: ada }, idle, { ok: true, facts: [{ type: 'chat.archived', by: ada }], orders: [] }],
  ['archiving twice is archiving once', { do: 'archive', by: ada }, { ...idle, isArchived: true }, settled],
  [
    'archiving empties the queue and cancels what runs',
    { do: 'archive', by: ada },
    busy,
    {
      ok: true,
      facts: [
        { type: 'turn.withdrawn', turnId: b, by: ada },
        { type: 'turn.withdrawn', turnId: c, by: ada },
        { type: 'cancel.requested', turnId: a, by: ada },
        { type: 'chat.archived', by: ada },
      ],
      orders: [
        { order: 'withdraw-prompt', turnId: b },
        { order: 'withdraw-prompt', turnId: c },
        { order: 'cancel', turnId: a, by: ada },
      ],
    },
  ],
  [
    'an agent asks the people of its chat',
    askPeople,
    busy,
    {
      ok: true,
      facts: [{ type: 'question.asked', questionId: c, turnId: a, question: 'Which?', choices: ['this', 'that'] }],
      orders: [],
    },
  ],
  ['but not for a turn that is over', askPeople, { ...busy, activeTurn: b }, refused('turn.missing')],
  ['nor for one that is being stopped', askPeople, { ...busy, isCancelling: true }, refused('turn.missing')],
  ['nor more and more', askPeople, { ...busy, openQuestions: 5 }, refused('question.too-many', { most: 5 })],
  [
    'its question is answered in words, and no daemon is told',
    tellAgent,
    { ...busy, question: asked },
    { ok: true, facts: [{ type: 'question.answered', questionId: c, by: ada, answer: 'this' }], orders: [] },
  ],
  ['the first answer stands', tellAgent, { ...busy, question: toldBy(mei) }, refused('question.already-answered', { by: mei })],
  ['whoever repeats their own hears yes', tellAgent, { ...busy, question: toldBy(ada) }, settled],
  ['nobody answers once the turn is over', tellAgent, { ...busy, question: { ...asked, isOpen: false } }, refused('question.missing')],
  ['a permission is not answered in words', tellAgent, { ...busy, question }, refused('question.missing')],
  ['nor a question with an option', { ...answer, optionId: 'this' }, { ...busy, question: asked }, refused('permission.missing')],
  [
    'archiving does not cancel twice',
    { do: 'archive', by: ada },
    { ...idle, activeTurn: a, isCancelling: true },
    { ok: true, facts: [{ type: 'chat.archived', by: ada }], orders: [] },
  ],
]

it.each(table)('%s', (_, command, state, decision) => {
  expect(decide(command, state)).toEqual(decision)
})
