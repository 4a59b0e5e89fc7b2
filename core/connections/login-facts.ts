/**
 * What a harness's own login file says of itself, and the few changes that we make to one. Each format is told
 * apart here and nowhere else. Facts are for people and for comparing; nothing in them opens anything.
 * Read at connect (`server/connections/service.ts`), at a refresh and at a sync-back (`server/logins/`).
 */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'

export const LoginFacts = z.object({
  /** The vendor's id of the account or workspace that pays; several, joined by `+`, when the file contradicts itself. */
  account: z.string().nullable(),
  /** The vendor's id of the person in that account. */
  person: z.string().nullable(),
  email: z.string().nullable(),
  plan: z.string().nullable(),
  /** ISO; of the access token, or the earliest of several. Null when it does not say. */
  expiresAt: z.string().nullable(),
  /** ISO; when the tokens in it were made, where the file tells. */
  refreshedAt: z.string().nullable(),
  /** What the login may do, sorted; empty when it does not say. */
  scopes: z.array(z.string()),
  /** Whether it holds what gets the next access token. */
  canRefresh: z.boolean(),
})
export type LoginFacts = z.infer<typeof LoginFacts>

export type LoginRead =
  | { is: 'login'; facts: LoginFacts }
  /** The program took its tokens out: signed out, or refused by its vendor. */
  | { is: 'signed-out' }
  | { is: 'malformed' }

export type NewTokens = { accessToken: string | null; idToken: string | null; refreshToken: string | null }

type Format = {
  read: (file: unknown) => LoginRead
  accessToken: (file: unknown) => string | null
  refreshToken: (file: unknown) => string | null
  /** Of a file with logins of several vendors: what lasts of each, by vendor, and whether its account stands beside it. */
  lasting?: (file: unknown) => ReadonlyMap<string, { token: string | null; isNamed: boolean }>
  /** Null keeps what is there. */
  withTokens: (file: unknown, tokens: NewTokens, atIso: string | null) => unknown
}

// --- Codex: auth.json, whose tokens are JWTs -------------------------------------------------------------------

const text = z.string().nullish().catch(null)
const CodexFile = z.looseObject({
  tokens: z.looseObject({ access_token: text, refresh_token: text, id_token: text, account_id: text }).nullish(),
  last_refresh: text,
})
const OPENAI_AUTH = 'https://api.openai.com/auth'
const OPENAI_PROFILE = 'https://api.openai.com/profile'
const Claims = z.looseObject({
  exp: z.number().optional().catch(undefined),
  sub: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  scp: z.array(z.string()).optional().catch(undefined),
  scope: z.string().optional().catch(undefined),
  [OPENAI_AUTH]: z.looseObject({ chatgpt_account_id: text, chatgpt_plan_type: text }).optional().catch(undefined),
  [OPENAI_PROFILE]: z.looseObject({ email: text }).optional().catch(undefined),
})
type Claims = z.infer<typeof Claims>

/** Unverified, and that is enough: what a vendor will honour is the vendor's to say. */
function claimsOf(token: string | null | undefined): Claims {
  const payload = token?.split('.')[1]
  if (!payload) return {}
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    return Claims.catch({}).parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return {}
  }
}

const joined = (values: readonly (string | null | undefined)[]): string | null =>
  [...new Set(values.filter((value): value is string => Boolean(value)))].join('+') || null

const sorted = (scopes: readonly string[]): string[] => [...new Set(scopes.filter(Boolean))].toSorted()

/** Beyond what a Date can be, a program's number says nothing. */
const isoOf = (ms: number | null | undefined): string | null => (ms && ms > 0 && ms < 8.64e15 ? new Date(ms).toISOString() : null)

const codex: Format = {
  read(file) {
    const parsed = CodexFile.safeParse(file)
    if (!parsed.success) return { is: 'malformed' }
    const { tokens, last_refresh: refreshed } = parsed.data
    if (!tokens?.access_token && !tokens?.refresh_token) return { is: 'signed-out' }
    const [access, id] = [claimsOf(tokens.access_token), claimsOf(tokens.id_token)]
    return {
      is: 'login',
      facts: {
        account: joined([access[OPENAI_AUTH]?.chatgpt_account_id, id[OPENAI_AUTH]?.chatgpt_account_id, tokens.account_id]),
        person: joined([access.sub, id.sub]),
        email: id.email ?? access[OPENAI_PROFILE]?.email ?? null,
        plan: access[OPENAI_AUTH]?.chatgpt_plan_type ?? id[OPENAI_AUTH]?.chatgpt_plan_type ?? null,
        expiresAt: isoOf((access.exp ?? 0) * 1000),
        refreshedAt: isoOf(Date.parse(refreshed ?? '')),
        scopes: sorted([...(access.scp ?? []), ...(access.scope?.split(' ') ?? [])]),
        canRefresh: Boolean(tokens.refresh_token),
      },
    }
  },
  accessToken: (file) => CodexFile.safeParse(file).data?.tokens?.access_token || null,
  refreshToken: (file) => CodexFile.safeParse(file).data?.tokens?.refresh_token || null,
  withTokens(file, { accessToken, idToken, refreshToken }, atIso) {
    const former = CodexFile.parse(file)
    const tokens = {
      ...former.tokens,
      ...(accessToken !== null && { access_token: accessToken }),
      ...(idToken !== null && { id_token: idToken }),
      ...(refreshToken !== null && { refresh_token: refreshToken }),
    }
    return { ...former, tokens, ...(atIso !== null && { last_refresh: atIso }) }
  },
}

// --- Claude Code: .credentials.json, whose tokens say nothing of themselves ------------------------------------

const ClaudeFile = z.looseObject({
  claudeAiOauth: z
    .looseObject({
      accessToken: text,
      refreshToken: text,
      expiresAt: z.number().nullish().catch(null),
      scopes: z.array(z.string()).nullish().catch(null),
      subscriptionType: text,
    })
    .nullish(),
  organizationUuid: text,
})

const claude: Format = {
  read(file) {
    const parsed = ClaudeFile.safeParse(file)
    if (!parsed.success) return { is: 'malformed' }
    const { claudeAiOauth: login, organizationUuid } = parsed.data
    if (!login?.accessToken) return { is: 'signed-out' }
    return {
      is: 'login',
      facts: {
        account: organizationUuid || null,
        person: null,
        email: null,
        plan: login.subscriptionType || null,
        expiresAt: isoOf(login.expiresAt),
        refreshedAt: null,
        scopes: sorted(login.scopes ?? []),
        canRefresh: Boolean(login.refreshToken),
      },
    }
  },
  accessToken: (file) => ClaudeFile.safeParse(file).data?.claudeAiOauth?.accessToken || null,
  refreshToken: (file) => ClaudeFile.safeParse(file).data?.claudeAiOauth?.refreshToken || null,
  withTokens(file, { accessToken, refreshToken }) {
    const former = ClaudeFile.parse(file)
    const changed = { ...(accessToken !== null && { accessToken }), ...(refreshToken !== null && { refreshToken }) }
    return { ...former, claudeAiOauth: { ...former.claudeAiOauth, ...changed } }
  },
}

// --- OpenCode: auth.json, one entry for each vendor ------------------------------------------------------------

const OpenCodeEntry = z.looseObject({
  type: z.string(),
  access: text,
  refresh: text,
  token: text,
  accountId: text,
  expires: z.number().nullish(),
})
const OpenCodeFile = z.record(z.string(), OpenCodeEntry)
type OpenCodeEntry = z.infer<typeof OpenCodeEntry>

const accountIn = ({ accountId, access }: OpenCodeEntry) => accountId || claimsOf(access)[OPENAI_AUTH]?.chatgpt_account_id
const holdsLogin = ({ access, refresh, token, type }: OpenCodeEntry) => Boolean(access || refresh || token) || type === 'api'

const opencode: Format = {
  read(file) {
    const parsed = OpenCodeFile.safeParse(file)
    if (!parsed.success) return { is: 'malformed' }
    const entries = Object.entries(parsed.data).filter(([, entry]) => holdsLogin(entry))
    if (entries.length === 0) return { is: 'signed-out' }
    const accounts = entries.map(([vendor, entry]) => {
      const account = accountIn(entry)
      return account ? `${vendor}:${account}` : null
    })
    const expiries = entries.flatMap(([, { expires }]) => (expires ? [expires] : []))
    return {
      is: 'login',
      facts: {
        account: joined(accounts.filter((each) => each !== null).toSorted((one, other) => (one < other ? -1 : 1))),
        person: null,
        email: null,
        plan: null,
        expiresAt: expiries.length > 0 ? isoOf(Math.min(...expiries)) : null,
        refreshedAt: null,
        // One vendor more, or a key where a login was, opens more than was connected.
        scopes: sorted(entries.map(([vendor, { type }]) => (type === 'oauth' ? vendor : `${vendor} (${type})`))),
        canRefresh: entries.every(([, { refresh, type }]) => Boolean(refresh) || type !== 'oauth'),
      },
    }
  },
  accessToken: () => null,
  refreshToken: () => null,
  lasting: (file) =>
    new Map(
      Object.entries(OpenCodeFile.safeParse(file).data ?? {})
        .filter(([, entry]) => holdsLogin(entry))
        .map(([vendor, entry]) => [vendor, { token: entry.refresh || entry.token || null, isNamed: Boolean(accountIn(entry)) }]),
    ),
  withTokens: (file) => file,
}

// --- all of them -----------------------------------------------------------------------------------------------

const formats: Readonly<Record<string, Format>> = { codex, claude, opencode }

function parseJson(contents: string): unknown {
  try {
    return JSON.parse(contents)
  } catch {
    return undefined
  }
}

/** Says nothing of a format that is not ours: such a login is handed out as it came. A file that is gone is signed out. */
export function readLogin(format: string, contents: string): LoginRead {
  if (contents.trim() === '') return { is: 'signed-out' }
  const file = parseJson(contents)
  return file === undefined ? { is: 'malformed' } : (formats[format]?.read(file) ?? { is: 'malformed' })
}

/** What the vendor takes for the next access token; null when there is none, or when it is not ours to know. */
export const refreshTokenOf = (format: string, contents: string): string | null =>
  formats[format]?.refreshToken(parseJson(contents)) ?? null

/** What its vendor knows its owner by; null when it holds none, or several. */
export const accessTokenOf = (format: string, contents: string): string | null => formats[format]?.accessToken(parseJson(contents)) ?? null

/** The file as a run gets it: whoever reads it can refresh through our broker and nowhere else. */
export const withSentinel = (format: string, contents: string, sentinel: string): string =>
  JSON.stringify(formats[format]!.withTokens(JSON.parse(contents), { accessToken: null, idToken: null, refreshToken: sentinel }, null))

/** The file with what a refresh brought; what it did not bring stays. */
export const withTokens = (format: string, contents: string, tokens: NewTokens, atIso: string): string =>
  JSON.stringify(formats[format]!.withTokens(JSON.parse(contents), tokens, atIso))

/** Of a codex file, what its refresh answers; the broker gives it out again to a run that is behind. */
export function accessOf(contents: string): { accessToken: string; idToken: string | null } | null {
  const tokens = CodexFile.safeParse(parseJson(contents)).data?.tokens
  return tokens?.access_token ? { accessToken: tokens.access_token, idToken: tokens.id_token || null } : null
}

/**
 * Why a login may not take the place of what it was made from. What the former said and the next one does not say
 * counts as changed; where the former said nothing there is nothing to compare.
 */
export function whyNotTheSame(
  former: LoginFacts,
  next: LoginFacts,
): Extract<FailureCode, 'login.other-account' | 'login.wider-scope'> | null {
  const isOther = (one: string | null, other: string | null) => one !== null && one !== other
  if (isOther(former.account, next.account) || isOther(former.person, next.person)) return 'login.other-account'
  const isWider = former.scopes.length > 0 && next.scopes.some((scope) => !former.scopes.includes(scope))
  return isWider ? 'login.wider-scope' : null
}

/**
 * Whether a file may be somebody else's although nothing in it says so: what lasts of a login has changed whose account
 * did not stand in the file. Who renews such a login has to connect it anew.
 */
export function isAnothers(format: string, { former, next }: { former: string; next: string }): boolean {
  const lasting = formats[format]?.lasting
  if (!lasting) return false
  const present = lasting(parseJson(next))
  return [...lasting(parseJson(former))].some(([vendor, { token, isNamed }]) => {
    const now = present.get(vendor)
    return !isNamed && now !== undefined && now.token !== token
  })
}

/** A login that is over and cannot mend itself. */
export const isExpired = ({ expiresAt, canRefresh }: LoginFacts, nowMs: number): boolean =>
  !canRefresh && expiresAt !== null && Date.parse(expiresAt) <= nowMs
