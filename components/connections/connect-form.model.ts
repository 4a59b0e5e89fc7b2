/** What the connect form holds, and what of it is sent. Everything typed is kept when the kind or provider changes. */
import type { ConnectionRow } from '#components/connections/lanes.model.ts'
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
  token: string
}

export const CUSTOM = 'custom'

const acceptOf = <K extends Kind>(accepts: Accepts, kind: K) =>
  accepts.find((each): each is Extract<Accepts[number], { kind: K }> => each.kind === kind) ?? null

export const keyAccept = (accepts: Accepts) => acceptOf(accepts, 'api-key')
export const fileAccept = (accepts: Accepts) => acceptOf(accepts, 'auth-file')
export const tokenAccept = (accepts: Accepts) => acceptOf(accepts, 'oauth-token')

export function emptyFields(accepts: Accepts): ConnectFields {
  const key = keyAccept(accepts)
  return {
    kind: accepts[0]?.kind ?? 'api-key',
    provider: key?.providers[0]?.id ?? CUSTOM,
    key: '',
    baseUrl: '',
    dialect: key?.dialects[0] ?? '',
    models: '',
    file: '',
    token: '',
  }
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
  }: { accepts: Accepts; harness: string; scope: ConnectInput['scope']; projectId: string | undefined },
): ConnectInput {
  const models = fields.models.trim()
  return {
    harness,
    scope,
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
