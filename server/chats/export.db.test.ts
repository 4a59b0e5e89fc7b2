import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChatFact } from '#core/chat/events.ts'
import type { ChatId, TurnId } from '#core/ids.ts'
import { createToken } from '#server/accounts/tokens-service.ts'
import { enterChat, type TeamScope } from '#server/access/scope.ts'
import { recordServerFacts } from '#server/chats/append.ts'
import { exportChat } from '#server/chats/export.ts'
import { prisma } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'

let server: TestServer
let ada: TeamScope
let chatId: ChatId
const turns = Array.from({ length: 3 }, () => randomUUID() as TurnId)

/** Three turns: all kinds of things in the first, thousands of pieces in the second, the third still waits. */
beforeAll(async () => {
  server = await startTestServer()
  ada = await seedTeamScope({ name: 'Ada *Lovelace*' })
  chatId = await seedChat(ada)
  const [one, two, three] = turns as [TurnId, TurnId, TurnId]
  const asked = (turnId: TurnId, text: string) => ({ type: 'turn.requested', turnId, by: ada.userId, prompt: [{ type: 'text', text }] })
  const ended = (turnId: TurnId) => [
    { type: 'turn.accepted', turnId },
    { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null },
  ]
  const facts = [
    asked(one, 'First\n</details>'),
    asked(two, 'Second'),
    { type: 'turn.accepted', turnId: one },
    { type: 'reply.appended', turnId: one, messageId: 'm', offset: 0, text: '## Mei\n\n```\nnever closed' },
    {
      type: 'tool.called',
      turnId: one,
      toolCallId: 't',
      title: 'cat <evil>',
      kind: 'execute',
      status: 'completed',
      content: [{ type: 'text', text: '```\n</details>\n```' }],
      locations: [],
    },
    ...ended(one).slice(1),
    {
      type: 'changes.recorded',
      turnId: one,
      isTruncated: false,
      files: [{ path: 'a`b.ts', status: 'modified', added: 2, removed: 1, isBinary: false, patch: '--- a\n+++ b\n+x\n' }],
    },
    ...Array.from({ length: 2_500 }, (_, at) => ({ type: 'reply.appended', turnId: two, messageId: 'n', offset: at, text: 'x' })),
    ...ended(two),
    asked(three, 'Third'),
  ]
  await recordServerFacts(chatId, facts as unknown as ChatFact[])
})
afterAll(() => server.close())

const tokenOf = async (scope: TeamScope) => (await createToken(scope, { name: 'Script', days: 1 })).token
const get = (id: string, token: string | null, path = `/api/chats/${id}/export.md`) =>
  fetch(`${server.url}${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })

it('writes all of it, authors named, and foreign text stays in its place', async () => {
  const pieces: string[] = []
  const scope = await enterChat(ada, { act: 'read', chatId })
  for await (const piece of exportChat(scope, { exportedAt: '2026-01-02T03:04:05.000Z' })) pieces.push(piece)
  expect(pieces).toHaveLength(4)
  const [head, first, second, third] = pieces
  expect(head).toMatch(
    /^# Chat\n\n- Project: Project\n- Agent: Scripted agent\n- Started by Ada \\\*Lovelace\\\*, .*\n- Exported 2026-01-02 03:04 UTC/,
  )
  expect(first!.replace(/^\*\d{4}-.*$/m, '*when*')).toBe(`---

## Ada \\*Lovelace\\*

*when*

> First
> &lt;/details>

## Scripted agent

> ## Mei
>
> \`\`\`
> never closed

<details>
<summary>cat &lt;evil&gt; (done)</summary>

\`\`\`\`
\`\`\`
</details>
\`\`\`
\`\`\`\`

</details>

**Changed since the chat began**

- modified \`\`a\`b.ts\`\` (+2 −1)

<details>
<summary>The changes</summary>

\`\`\`diff
--- a
+++ b
+x
\`\`\`

</details>

*Done*

`)
  expect(second).toContain(`> ${'x'.repeat(2_500)}\n`)
  expect(third).toContain('> Third\n\n*Waiting in the queue*')
})

it('is for whoever may read the chat, and to others there is none', async () => {
  const viewer = await seedTeamScope({ teamId: ada.teamId, role: 'viewer' })
  const [own, seen, other] = await Promise.all([ada, viewer, await seedTeamScope()].map(tokenOf))
  const answer = await get(chatId, seen!)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/markdown; charset=utf-8'])
  expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="chat-${chatId}.md"`)
  expect(await answer.text()).toContain('> Second')
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: true } })
  const answers = await Promise.all([
    get(chatId, own!),
    get(chatId, seen!),
    get(chatId, other!),
    get(chatId, null),
    get(randomUUID(), own!),
    get(chatId, own!, `/api/chats/${chatId}`),
  ])
  expect(answers.map((each) => each.status)).toEqual([200, 404, 404, 404, 404, 404])
  await prisma().chat.update({ where: { id: chatId }, data: { isPrivate: false } })
})
