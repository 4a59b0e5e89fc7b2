/** What goes with a member, as the lines of a list: chats and credentials by name, the rest by number. */
import type { Outputs } from '#components/trpc/trpc.ts'

type Preview = Outputs['team']['previewRemoval']
type Line = { name: string; items: string[] }

const SHOWN = 5

export function removalLines({
  chats,
  privateChats,
  nodes,
  connections,
  projects,
  tokens,
  sessions,
  invitations,
  signIns,
}: Preview): Line[] {
  const destroyed = projects.filter(({ becomes }) => becomes === 'destroyed')
  const kept = projects.filter(({ becomes }) => becomes === 'stays')
  return [
    {
      name: 'Stops now',
      items:
        chats.length + privateChats === 0
          ? ['No chat is running for them.']
          : [...shortened(chats.map((each) => each.title || 'A new chat')), ...privateLine(privateChats)],
    },
    {
      name: 'Destroyed',
      items: [
        ...connections.map((each) => `${each.harnessName}: their ${each.kind === 'api-key' ? 'personal key' : 'login'}`),
        ...destroyed.map((each) => `${each.harnessName}: the login that ${each.name} runs on`),
      ],
    },
    {
      name: 'Ends',
      items: [
        ...nodes.map((each) => `${each.name}: the node that they let join`),
        counted(sessions, 'signed-in browser', 'signed-in browsers'),
        counted(tokens, 'access token', 'access tokens'),
        counted(invitations, 'open invitation of theirs', 'open invitations of theirs'),
        counted(signIns, 'sign-in under way', 'sign-ins under way'),
      ].filter((each) => each !== null),
    },
    { name: 'Stays', items: kept.map((each) => `${each.harnessName}: the key of ${each.name}, now the project’s`) },
  ].filter(({ items }) => items.length > 0)
}

/** What it is called is nobody else's business. */
const privateLine = (count: number): string[] => (count === 0 ? [] : [count === 1 ? 'a private chat' : `${count} private chats`])

const shortened = (titles: readonly string[]): string[] =>
  titles.length <= SHOWN ? [...titles] : [...titles.slice(0, SHOWN - 1), `and ${titles.length - SHOWN + 1} more`]

const counted = (count: number, one: string, many: string): string | null => (count === 0 ? null : `${count} ${count === 1 ? one : many}`)
