/**
 * The logins of the fake vendors: accounts, access tokens, and refresh tokens that work
 * once. Whatever is spent, expired or unknown is refused in the vendor's own words.
 */
import { createHash, randomBytes } from 'node:crypto'
import { demand, isObject, type Json } from '#e2e/world/fake-provider-scene.ts'

export type VendorName = 'openai' | 'anthropic'

export type Account = { accountId: string; email: string; plan: string }
type Access = { account: Account; vendor: VendorName; expiresAtMs: number; scope: string }
type Refresh = { account: Account; vendor: VendorName; scope: string; isSpent: boolean }
export type Issued = { access: string; refresh: string; idToken: string; expiresAtMs: number; scope: string; account: Account }

export const scopeOf = {
  openai: 'openid profile email offline_access',
  anthropic: 'user:inference user:profile',
} as const satisfies Record<VendorName, string>

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Nobody but the vendor checks the signature, so it is noise; the noise keeps two tokens apart. */
const jwt = (claims: Json): string =>
  `${base64({ alg: 'RS256', typ: 'JWT', kid: 'fake' })}.${base64(claims)}.${randomBytes(32).toString('base64url')}`

export type Logins = ReturnType<typeof keepLogins>

export function keepLogins() {
  const access = new Map<string, Access>()
  const refresh = new Map<string, Refresh>()
  /** Every refresh that was asked for, and how it went. */
  const refreshes: { vendor: VendorName; accountId: string | null; outcome: 'refreshed' | 'reused' | 'unknown' }[] = []

  function newAccount({ email = `${randomBytes(4).toString('hex')}@example.test`, plan = 'plus' }: Partial<Account> = {}): Account {
    return { accountId: `acct-${randomBytes(8).toString('hex')}`, email, plan }
  }

  function issue(vendor: VendorName, account: Account, { expiresInMs = 3600_000, scope = scopeOf[vendor] as string } = {}): Issued {
    const expiresAtMs = Date.now() + expiresInMs
    const claims = claimsOf(account, expiresAtMs)
    const issued = {
      account,
      scope,
      expiresAtMs,
      access: vendor === 'openai' ? jwt({ ...claims, scp: scope.split(' ') }) : `sk-ant-oat01-${randomBytes(32).toString('base64url')}`,
      refresh:
        vendor === 'openai' ? `rt_${randomBytes(32).toString('base64url')}` : `sk-ant-ort01-${randomBytes(32).toString('base64url')}`,
      idToken: jwt({ ...claims, email: account.email, email_verified: true }),
    }
    access.set(issued.access, { account, vendor, expiresAtMs, scope })
    refresh.set(issued.refresh, { account, vendor, scope, isSpent: false })
    return issued
  }

  return {
    refreshes: refreshes as readonly (typeof refreshes)[number][],
    newAccount,
    issue,
    /** The account that a request's bearer token belongs to; null when it is refused. */
    accountOf(vendor: VendorName, authorization: string | undefined): Account | null {
      const found = access.get(authorization?.replace(/^Bearer /, '') ?? '')
      return found && found.vendor === vendor && found.expiresAtMs > Date.now() ? found.account : null
    },
    /** The token endpoint: the old refresh token is spent, whatever becomes of the answer. */
    renew(
      vendor: VendorName,
      token: unknown,
      to?: { account?: Account; scope?: string },
    ): { issued: Issued } | { refused: 'reused' | 'unknown' } {
      const known = typeof token === 'string' ? refresh.get(token) : undefined
      const accountId = known?.account.accountId ?? null
      if (!known || known.vendor !== vendor || known.isSpent) {
        const outcome = known?.isSpent ? 'reused' : 'unknown'
        refreshes.push({ vendor, accountId, outcome })
        return { refused: outcome }
      }
      known.isSpent = true
      refreshes.push({ vendor, accountId, outcome: 'refreshed' })
      return { issued: issue(vendor, to?.account ?? known.account, { scope: to?.scope ?? known.scope }) }
    },
    /** Somebody signed in elsewhere used it. */
    spend(token: string): void {
      const known = refresh.get(token)
      demand(known, 'this refresh token was never issued')
      known.isSpent = true
    },
  }
}

function claimsOf({ accountId, plan }: Account, expiresAtMs: number): Json {
  return {
    iss: 'https://auth.openai.com',
    aud: ['app_EMoamEEZ73f0CkXaXp7hrann'],
    sub: `user-${accountId}`,
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(expiresAtMs / 1000),
    jti: createHash('sha256').update(randomBytes(8)).digest('hex').slice(0, 16),
    'https://api.openai.com/auth': {
      chatgpt_account_id: accountId,
      chatgpt_plan_type: plan,
      chatgpt_user_id: `user-${accountId}`,
      user_id: `user-${accountId}`,
    },
  }
}

/** Codex's `auth.json`. */
export const codexFile = ({ access, refresh, idToken, account }: Issued): string =>
  JSON.stringify(
    {
      OPENAI_API_KEY: null,
      tokens: { id_token: idToken, access_token: access, refresh_token: refresh, account_id: account.accountId },
      last_refresh: new Date().toISOString(),
    },
    null,
    2,
  )

/** Claude Code's `.credentials.json`. */
export const claudeFile = ({ access, refresh, expiresAtMs, scope, account }: Issued): string =>
  JSON.stringify({
    claudeAiOauth: {
      accessToken: access,
      refreshToken: refresh,
      expiresAt: expiresAtMs,
      scopes: scope.split(' '),
      subscriptionType: account.plan,
      rateLimitTier: 'default_claude_max_5x',
    },
  })

/** A JSON body or a form, as the token endpoints take both. */
export function fieldsOf(body: string, contentType: string | undefined): Json {
  if (contentType?.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body))
  const parsed: unknown = JSON.parse(body)
  demand(isObject(parsed), 'the body is no object')
  return parsed
}
