/** What the connect form holds, and what of it is sent. Everything typed is kept when the kind or provider changes. */
import { loginName } from '#core/connections/login-names.ts'
import type { Attachment, ConnectionRow } from '#components/connections/lanes.model.ts'
import type { Inputs } from '#components/trpc/trpc.ts'

export type Accepts = ConnectionRow['accepts']
export type Kind = Accepts[number]['kind']
type ConnectInput = Inputs['connections']['connect']

export type ConnectFields = {
  kind: Kind
  provider: string
  key: string
  baseUrl: string
  dialect: string
  models: string
  file: string
  /** Of a file that was chosen or dropped: its contents are not shown. Null when they were pasted. */
  fileName: string | null
  token: string
}

export const FILE_MAX_BYTES = 256 * 1024

export const CUSTOM = 'custom'

const acceptOf = <K extends Kind>(accepts: Accepts, kind: K) =>
  accepts.find((each): each is Extract<Accepts[number], { kind: K }> => each.kind === kind) ?? null

export const keyAccept = (accepts: Accepts) => acceptOf(accepts, 'api-key')
export const fileAccept = (accepts: Accepts) => acceptOf(accepts, 'auth-file')
export const tokenAccept = (accepts: Accepts) => acceptOf(accepts, 'oauth-token')

/** What replaces a credential begins as what it replaces, without the secret. */
export function emptyFields(accepts: Accepts, replaces?: Pick<Attachment, 'credential' | 'settings'>): ConnectFields {
  const key = keyAccept(accepts)
  const { kind, provider, baseUrl, dialect } = replaces?.credential ?? {}
  const isOffered = kind !== undefined && accepts.some((each) => each.kind === kind)
  const providerId = key?.providers.find((each) => each.id === provider)?.id
  // What the harness does not speak is why it is replaced, and nothing that the form could show.
  const spoken = key?.dialects.find((each) => each === dialect)
  return {
    kind: isOffered ? kind : (accepts[0]?.kind ?? 'api-key'),
    provider: providerId ?? key?.providers[0]?.id ?? CUSTOM,
    key: '',
    baseUrl: baseUrl ?? '',
    dialect: spoken ?? key?.dialects[0] ?? '',
    models: providerId === CUSTOM ? (replaces?.settings['models'] ?? '') : '',
    file: '',
    fileName: null,
    token: '',
  }
}

/** The kinds in plain words; none repeats the label of a field below it, or nobody could tell the two by name. */
export function kindChoices(accepts: Accepts): { value: Kind; label: string; note: string }[] {
  return accepts.map((each) => {
    switch (each.kind) {
      case 'api-key':
        return { value: each.kind, label: 'Key, billed by use', note: 'Agents never see it. Can be shared.' }
      case 'auth-file':
        return { value: each.kind, label: `${loginName(each.format)} account`, note: 'Sign in with your own plan.' }
      case 'oauth-token':
        return { value: each.kind, label: 'Setup token', note: 'Long-lived, of your own plan.' }
    }
  })
}

/** Who is asked whether the credential is good; null when nobody is. */
export function checkerOf({ kind, provider }: Pick<ConnectFields, 'kind' | 'provider'>, accepts: Accepts): string | null {
  if (kind !== 'api-key') return (kind === 'auth-file' ? fileAccept(accepts) : tokenAccept(accepts))?.checkedBy ?? null
  const found = keyAccept(accepts)?.providers.find((each) => each.id === provider)
  return found && found.id !== CUSTOM ? found.name : 'the provider'
}

/**
 * A pasted key that says whose it is chooses its provider: people paste first and read later.
 * A custom provider stays, since its keys may look like anybody's.
 */
export function withKey(fields: Pick<ConnectFields, 'provider'>, key: string, accepts: Accepts): Pick<ConnectFields, 'key' | 'provider'> {
  if (fields.provider === CUSTOM) return { key, provider: CUSTOM }
  const prefixOf = (hint: string | null) => (hint ?? '').replace(/…$/, '')
  const owner = (keyAccept(accepts)?.providers ?? [])
    // "sk-" alone says nothing.
    .filter(({ keyHint }) => prefixOf(keyHint).length > 3 && key.trim().startsWith(prefixOf(keyHint)))
    .sort((a, b) => prefixOf(b.keyHint).length - prefixOf(a.keyHint).length)[0]
  return { key, provider: owner?.id ?? fields.provider }
}

/** Whether there is enough to send; whether it is right, the server says. */
export function isComplete({ kind, key, provider, baseUrl, file, token }: ConnectFields): boolean {
  if (kind === 'api-key') return key.trim() !== '' && (provider !== CUSTOM || baseUrl.trim() !== '')
  return kind === 'auth-file' ? file.trim() !== '' : token.trim() !== ''
}

export function connectInput(
  fields: ConnectFields,
  {
    accepts,
    harness,
    scope,
    projectId,
    onRefused,
  }: {
    accepts: Accepts
    harness: string
    scope: ConnectInput['scope']
    projectId: string | undefined
    /** `keep` is what "Save anyway" means. */
    onRefused: 'keep' | 'reject'
  },
): ConnectInput {
  const models = fields.models.trim()
  return {
    harness,
    scope,
    onRefused,
    ...(projectId === undefined ? {} : { projectId }),
    secret: secretOf(fields, accepts),
    ...(fields.kind === 'api-key' && fields.provider === CUSTOM && models ? { settings: { models } } : {}),
  }
}

function secretOf(fields: ConnectFields, accepts: Accepts): ConnectInput['secret'] {
  switch (fields.kind) {
    case 'api-key':
      return fields.provider === CUSTOM
        ? {
            kind: 'api-key',
            provider: CUSTOM,
            key: fields.key.trim(),
            baseUrl: fields.baseUrl.trim(),
            dialect: fields.dialect as 'openai-chat',
          }
        : { kind: 'api-key', provider: fields.provider, key: fields.key.trim() }
    case 'auth-file':
      return { kind: 'auth-file', format: fileAccept(accepts)?.format ?? '', contents: fields.file }
    case 'oauth-token':
      return { kind: 'oauth-token', issuer: tokenAccept(accepts)?.issuer ?? '', token: fields.token.trim() }
  }
}
