/** The three lists and how they hang together: a configuration uses a credential, an attachment binds a configuration. */
import type { Selected } from '#components/advanced/primitive-path.ts'
import { kindNames } from '#components/connections/scope-words.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type Credential = Outputs['credentials']['list'][number]
export type Configuration = Outputs['configurations']['list'][number]
export type Attachment = Outputs['attachments']['list'][number]
export type Primitives = {
  credentials: readonly Credential[]
  configurations: readonly Configuration[]
  attachments: readonly Attachment[]
}

/** What belongs to one primitive, itself among it; null when it is not there. */
export function relatedTo(all: Primitives, { noun, id }: Selected): Primitives | null {
  switch (noun) {
    case 'credentials': {
      const credentials = all.credentials.filter((each) => each.credentialId === id)
      const configurations = all.configurations.filter((each) => each.credentialId === id)
      return credentials.length > 0 ? { credentials, configurations, attachments: attachedTo(all, configurations) } : null
    }
    case 'configurations': {
      const configurations = all.configurations.filter((each) => each.configurationId === id)
      const credentials = all.credentials.filter((each) => each.credentialId === configurations[0]?.credentialId)
      return configurations.length > 0 ? { credentials, configurations, attachments: attachedTo(all, configurations) } : null
    }
    case 'attachments': {
      const attachments = all.attachments.filter((each) => each.attachmentId === id)
      const configurations = all.configurations.filter((each) => each.configurationId === attachments[0]?.configurationId)
      const credentials = all.credentials.filter((each) => each.credentialId === attachments[0]?.credentialId)
      return attachments.length > 0 ? { credentials, configurations, attachments } : null
    }
  }
}

const attachedTo = ({ attachments }: Primitives, configurations: readonly Configuration[]) =>
  attachments.filter((each) => configurations.some(({ configurationId }) => configurationId === each.configurationId))

/** Where an attachment holds, as the person who looks calls it. */
export function placeOf({ scope, projectName, userName, isOwn }: Pick<Attachment, 'scope' | 'projectName' | 'userName' | 'isOwn'>): string {
  if (scope === 'project') return projectName ?? 'A project'
  if (scope === 'platform') return 'Everybody'
  return isOwn ? 'You' : (userName ?? 'Somebody')
}

/** The attachment that would have to go from a place before another of the same harness is bound to it. */
export const standsIn = (
  attachments: readonly Attachment[],
  wanted: { harness: string; scope: Attachment['scope']; projectId: string | null },
): Attachment | null =>
  attachments.find(
    (each) =>
      each.harness === wanted.harness &&
      each.scope === wanted.scope &&
      (wanted.scope !== 'project' || each.projectId === wanted.projectId) &&
      (wanted.scope !== 'user' || each.isOwn),
  ) ?? null

/** "gpt-6-sol, effort high": what differs from the harness's own choice. */
export const settingsWords = ({ settings }: Configuration): string =>
  Object.entries(settings)
    .map(([name, value]) => (name === 'model' ? value : `${name} ${value}`))
    .join(', ')

/** "API key · OpenRouter", "ChatGPT login". */
export const sortOf = ({ kind, providerName }: Credential): string =>
  kind === 'auth-file' ? providerName : `${kindNames[kind]} · ${providerName}`
