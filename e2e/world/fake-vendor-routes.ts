/**
 * What the fake vendors serve, by method, host and path: found by letting the real programs
 * ask. Anything else is nothing that they are known to ask for.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Json } from '#e2e/world/fake-provider-scene.ts'
import { fieldsOf, type Account, type Issued, type Logins, type VendorName } from '#e2e/world/fake-vendor-logins.ts'

export const vendorHosts = ['chatgpt.com', 'auth.openai.com', 'api.anthropic.com', 'platform.claude.com'] as const
type Host = (typeof vendorHosts)[number]

/** One request as it arrived; its body is decompressed. */
export type VendorRequest = {
  host: Host
  method: string
  /** Without the query. */
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  account: Account | null
  status: number | null
}

export type Answer = { status: number; body: Json; headers?: Record<string, string> }
/** Answers a route in place of the usual one; null leaves it to the next. */
export type Route = (request: VendorRequest) => Answer | Promise<Answer> | null

export const vendorOf = (host: Host): VendorName => (host === 'chatgpt.com' || host === 'auth.openai.com' ? 'openai' : 'anthropic')

/** Answered by the provider behind the vendor. */
export const modelRoutes: Readonly<Record<string, string>> = {
  'chatgpt.com/backend-api/codex/responses': '/openai/v1/responses',
  'api.anthropic.com/v1/messages': '/anthropic/v1/messages',
  'api.anthropic.com/v1/messages/count_tokens': '/anthropic/v1/messages/count_tokens',
}

/** Everything but the models. */
export const lookupsOf = (logins: Logins): Readonly<Record<string, (request: VendorRequest) => Answer>> => ({
  'POST auth.openai.com/oauth/token': ({ body, headers }) => {
    const outcome = logins.renew('openai', fieldsOf(body.toString('utf8'), headers['content-type'])['refresh_token'])
    if ('issued' in outcome) return { status: 200, body: openaiTokens(outcome.issued) }
    const code = outcome.refused === 'reused' ? 'refresh_token_reused' : 'refresh_token_invalidated'
    return { status: 401, body: { error: { message: 'Your refresh token was refused.', type: 'invalid_request_error', code } } }
  },
  'POST platform.claude.com/v1/oauth/token': ({ body, headers }) => {
    const outcome = logins.renew('anthropic', fieldsOf(body.toString('utf8'), headers['content-type'])['refresh_token'])
    if ('issued' in outcome) return { status: 200, body: anthropicTokens(outcome.issued) }
    return { status: 400, body: { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' } }
  },
  'GET chatgpt.com/backend-api/wham/accounts/check': signedIn(({ accountId, plan }) => ({
    accounts: [
      {
        id: accountId,
        account_user_id: `user-${accountId}`,
        name: null,
        structure: 'personal',
        plan_type: plan,
        is_deactivated: false,
        can_access_with_session: true,
        is_fedramp_compliant_workspace: false,
        sso_connection_name: null,
        workspace_backend_origin: 'https://chatgpt.com',
        account_routing_override: 'NO_CONSTRAINT',
        profile_picture_url: null,
      },
    ],
    account_ordering: [accountId],
    default_account_id: accountId,
  })),
  // No WebSocket: Codex then goes on by HTTP at once.
  'GET chatgpt.com/backend-api/codex/responses': () => ({ status: 426, body: { detail: 'Upgrade Required' } }),
  'GET chatgpt.com/backend-api/wham/settings/user': signedIn(() => ({})),
  // Codex knows its models; the vendor has nothing to add.
  'GET chatgpt.com/backend-api/codex/models': signedIn(() => ({ models: [] })),
  // What an organisation decides for its people: nothing here.
  'GET api.anthropic.com/api/claude_code/settings': () => ({ status: 404, body: { error: 'not_found' } }),
  'GET api.anthropic.com/api/claude_code/policy_limits': () => ({ status: 404, body: { error: 'not_found' } }),
  'GET api.anthropic.com/api/oauth/profile': signedIn(({ accountId, email, plan }) => ({
    account: { uuid: accountId, email, full_name: 'Ada', display_name: 'Ada', has_claude_max: true, has_claude_pro: false },
    organization: {
      uuid: `org-${accountId}`,
      name: 'Ada',
      organization_type: `claude_${plan}`,
      rate_limit_tier: 'default_claude_max_5x',
    },
  })),
})

const signedIn =
  (body: (account: Account) => Json) =>
  ({ account, host }: VendorRequest): Answer =>
    account ? { status: 200, body: body(account) } : unauthorized(host)

export const unauthorized = (host: Host): Answer =>
  vendorOf(host) === 'openai'
    ? { status: 401, body: { detail: 'Could not validate your token.' } }
    : { status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'Invalid bearer token' } } }

const openaiTokens = ({ access, refresh, idToken, expiresAtMs, scope }: Issued): Json => ({
  access_token: access,
  refresh_token: refresh,
  id_token: idToken,
  token_type: 'Bearer',
  expires_in: Math.round((expiresAtMs - Date.now()) / 1000),
  scope,
})

const anthropicTokens = ({ access, refresh, expiresAtMs, scope, account }: Issued): Json => ({
  access_token: access,
  refresh_token: refresh,
  token_type: 'Bearer',
  expires_in: Math.round((expiresAtMs - Date.now()) / 1000),
  scope,
  account: { uuid: account.accountId, email_address: account.email },
  organization: { uuid: `org-${account.accountId}`, name: 'Ada' },
})
