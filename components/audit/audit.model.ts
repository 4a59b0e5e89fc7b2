import { acts } from '#core/audit/acts.ts'
import type { Choice } from '#components/ui/select.tsx'

const nouns: Readonly<Record<string, string>> = {
  connection: 'Connections',
  override: 'Overrides',
  credential: 'Credentials',
  configuration: 'Configurations',
  attachment: 'Attachments',
  login: 'Logins',
  chat: 'Chats',
  run: 'Runs',
  'sign-in': 'Guided sign-ins',
  member: 'Members',
  invitation: 'Invitations',
  token: 'Access tokens',
  node: 'Nodes',
  project: 'Projects',
  'mcp-server': 'MCP servers',
  task: 'Tasks',
  template: 'Task templates',
  trigger: 'Schedules and webhooks',
  model: 'Models',
  budget: 'Budgets',
  team: 'Team',
  key: 'Master key',
  audit: 'Audit log',
}

/** No act and no person has this id. */
export const EVERY = '*'
/** What nobody did: the server itself. */
export const SYSTEM = 'system'

/** What one can look at alone, in the order in which the acts are listed. */
export const nounChoices: readonly Choice[] = [
  { value: EVERY, label: 'Everything' },
  ...[...new Set(acts.map((act) => act.split('.')[0]!))].map((noun) => ({ value: noun, label: nouns[noun] ?? noun })),
]

export const personChoices = (members: readonly { userId: string; name: string }[]): readonly Choice[] => [
  { value: EVERY, label: 'Everybody' },
  ...members.map(({ userId, name }) => ({ value: userId, label: name })),
  { value: SYSTEM, label: 'Gatehouse itself' },
]

export type Subject = { kind: string; id: string }

/** As the server wants it. */
export const filterOf = ({
  noun,
  actorId,
  subject,
}: {
  noun: string
  actorId: string
  subject: Subject | null
}): { act?: string; actorId?: string; subject?: string } => ({
  ...(noun === EVERY ? {} : { act: noun }),
  ...(actorId === EVERY ? {} : { actorId }),
  ...(subject ? { subject: subject.id } : {}),
})

const dayFormat = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const

/** Days with their entries, in the order in which they come. `timeZone` null: the reader's own. */
export function byDay<E extends { at: string }>(entries: readonly E[], timeZone: string | null): { day: string; entries: E[] }[] {
  const format = new Intl.DateTimeFormat('en-GB', { ...dayFormat, ...(timeZone === null ? {} : { timeZone }) })
  const days: { day: string; entries: E[] }[] = []
  for (const entry of entries) {
    // Older and newer tables of dates disagree about the comma, and so would server and browser.
    const day = format.format(new Date(entry.at)).replace(',', '')
    const last = days.at(-1)
    if (last?.day === day) last.entries.push(entry)
    else days.push({ day, entries: [entry] })
  }
  return days
}

/** Facts by name: "credentialName" reads "Credential name". */
export const factLines = (facts: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(facts)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => [words(name), String(value)])

const words = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** JSON lines as one JSON document. */
export const jsonDocument = (lines: string): string => `[${lines.trimEnd().split('\n').filter(Boolean).join(',\n')}]\n`
