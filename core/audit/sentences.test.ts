import { expect, it } from 'vitest'
import { acts } from '#core/audit/acts.ts'
import { sayAct } from '#core/audit/sentences.ts'

it.each([
  [
    'connection.connected',
    { harness: 'codex', scope: 'project', projectName: 'Web', credentialName: 'OpenAI key' },
    'connected Codex for the project “Web” with “OpenAI key”',
  ],
  ['connection.disconnected', { harness: 'claude-code', scope: 'user' }, 'disconnected Claude Code for themselves'],
  [
    'connection.validated',
    { harness: 'codex', scope: 'platform', verdict: 'refused' },
    'validated Codex for everybody on this Gatehouse: it was refused',
  ],
  ['connection.disconnected', { harness: 'codex', scope: 'user', ownerName: 'Ben' }, 'disconnected Codex for Ben'],
  ['sign-in.finished', { harness: 'codex', scope: 'user', outcome: 'expired' }, 'let run out a guided sign-in of Codex for themselves'],
  ['credential.renamed', { formerName: 'a', name: 'b' }, 'renamed the credential “a” to “b”'],
  [
    'run.started',
    { harness: 'codex', chatTitle: 'Fix it', credentialName: 'Team key' },
    'started Codex in the chat “Fix it” on “Team key”',
  ],
  ['run.started', { harness: 'codex', isPrivate: true, credentialName: 'My login' }, 'started Codex in a private chat on “My login”'],
  ['chat.made-private', {}, 'became the only one to see the chat id-1'],
  ['chat.handed-over', { chatTitle: 'Fix it', name: 'Ada' }, 'took over the chat “Fix it” from Ada'],
  ['member.role-changed', { name: 'Ben', formerRole: 'viewer', role: 'admin' }, 'changed the role of Ben from viewer to admin'],
  ['budget.set', { scope: 'team', period: 'day', limitMicros: 5_000_000 }, 'set the budget of the team for each day to $5.00'],
  ['budget.set', { scope: 'member', ownerName: 'Ben', period: 'month', limitMicros: 0 }, 'set the budget of Ben for each month to $0.00'],
  ['budget.removed', { scope: 'chat', chatId: 'c-1', period: 'day' }, 'removed the budget of the chat c-1 for each day'],
  ['key.rotated', { version: 2 }, 'added version 2 of the master key'],
  ['task.created', { taskTitle: 'Fix it', by: 'the schedule “Nightly”' }, 'made the task “Fix it” by the schedule “Nightly”'],
  ['task.changed', { taskTitle: 'Fix it', changed: 'assignee, due date' }, 'changed the task “Fix it”: assignee, due date'],
  [
    'task.changed',
    { taskTitle: 'Fix it', changed: 'title', by: 'the agent “Codex”' },
    'changed the task “Fix it” by the agent “Codex”: title',
  ],
  ['task.started', { taskTitle: 'Fix it', harness: 'codex' }, 'started Codex on the task “Fix it”'],
  ['task.closed', { taskTitle: 'Fix it', as: 'done' }, 'closed the task “Fix it” as done'],
  [
    'trigger.saved',
    { kind: 'schedule', name: 'Nightly', when: 'Every day at 02:00 (UTC)' },
    'saved the schedule “Nightly” (Every day at 02:00 (UTC))',
  ],
  ['moon.landed', {}, 'did moon.landed to id-1'],
])('%s %j', (act, facts, sentence) => {
  expect(sayAct({ act, facts, subjectId: 'id-1' })).toBe(sentence)
})

it.each(acts)('%s can be said without any fact', (act) => {
  expect(sayAct({ act, facts: {}, subjectId: 'id-1' })).not.toMatch(/undefined|null|\s\s|^\s|\s$/)
})
