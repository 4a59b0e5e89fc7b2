/** What holds once a connection is gone or disabled, in one sentence. */
import type { Scope } from '#core/connections/connection.ts'
import { scopeWords } from '#components/connections/scope-words.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

type Afterwards = Outputs['connections']['preview']['afterwards']

export function afterwardsSentence(
  { state, scope, credentialName }: Pick<Afterwards, 'state' | 'scope' | 'credentialName'>,
  { harnessName, act, scope: from }: { harnessName: string; act: 'disconnect' | 'disable'; scope: Scope },
): string {
  if (act === 'disable' && scope === from) return `${harnessName} is off ${whereOf[from]} until somebody enables it or takes this one away.`
  const name = credentialName ?? 'another credential'
  const whose = scope ? ` (${scopeWords[scope].whose})` : ''
  switch (state) {
    case 'active':
      return `${harnessName} runs on ${name}${whose}.`
    case 'disabled':
      return `${harnessName} is off: ${name}${whose} is disabled.`
    case 'broken':
      return `${harnessName} cannot run: ${name}${whose} is broken.`
    case 'missing':
      return `${harnessName} has no connection ${whereOf[from]} until you connect one.`
  }
}

const whereOf = { project: 'in this project', user: 'for you', platform: 'for whoever has none of their own' } as const satisfies Record<
  Scope,
  string
>

/** What an act has stopped, for the toast after it; undefined when that is nothing. Private chats of others have no name. */
export function stoppedNote({ stops, privateStops }: { stops: readonly { title: string }[]; privateStops: number }): string | undefined {
  const unnamed = privateStops === 0 ? [] : [privateStops === 1 ? 'a private chat' : `${privateStops} private chats`]
  const all = [...stops.map((each) => each.title || 'a new chat'), ...unnamed]
  return all.length > 0 ? `Stopped: ${all.join(', ')}` : undefined
}
