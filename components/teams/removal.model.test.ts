import { expect, it } from 'vitest'
import { removalLines } from '#components/teams/removal.model.ts'

const nothing = {
  name: 'Mei Lin',
  chats: [],
  privateChats: 0,
  nodes: [],
  tokens: 0,
  sessions: 0,
  invitations: 0,
  signIns: 0,
  connections: [],
  projects: [],
}
const codex = { harness: 'codex', harnessName: 'Codex' }

it('says of somebody who has nothing that nothing stops', () => {
  expect(removalLines(nothing)).toEqual([{ name: 'Stops now', items: ['No chat is running for them.'] }])
})

it('names chats and credentials, counts the rest, and says what stays', () => {
  const chat = (title: string) => ({ chatId: title, title, projectName: 'Payments' })
  expect(
    removalLines({
      ...nothing,
      chats: ['One', 'Two', 'Three', 'Four', 'Five', ''].map(chat),
      connections: [
        { ...codex, connectionId: 'c1', kind: 'auth-file' },
        { harness: 'opencode', harnessName: 'OpenCode', connectionId: 'c2', kind: 'api-key' },
      ],
      projects: [
        { ...codex, projectId: 'p1', name: 'Payments', becomes: 'destroyed' },
        { ...codex, projectId: 'p2', name: 'Website', becomes: 'stays' },
      ],
      privateChats: 1,
      nodes: [{ nodeId: 'n1', name: 'attic' }],
      sessions: 2,
      tokens: 1,
    }),
  ).toEqual([
    { name: 'Stops now', items: ['One', 'Two', 'Three', 'Four', 'and 2 more', 'a private chat'] },
    { name: 'Destroyed', items: ['Codex: their login', 'OpenCode: their personal key', 'Codex: the login that Payments runs on'] },
    { name: 'Ends', items: ['attic: the node that they let join', '2 signed-in browsers', '1 access token'] },
    { name: 'Stays', items: ['Codex: the key of Website, now the project’s'] },
  ])
})
