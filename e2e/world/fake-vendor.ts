/**
 * The vendors behind native logins (chatgpt.com, auth.openai.com, api.anthropic.com,
 * platform.claude.com) on loopback: real TLS under an authority of the test's own, logins
 * that expire and refresh tokens that work once. Model calls are answered by a fake
 * provider behind it, as strict as that of the proxy. What no route was written for is
 * answered with 404 and remembered; `assertClean` throws it.
 *
 * The daemon is pointed at it by two variables, `environment`; nothing else knows of it.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { makeCertificates } from '#e2e/world/fake-vendor-certificate.ts'
import { claudeFile, codexFile, fieldsOf, keepLogins, type Account, type Issued, type VendorName } from '#e2e/world/fake-vendor-logins.ts'
import { startFakeProvider, type Brain } from '#e2e/world/fake-provider.ts'
import type { Json } from '#e2e/world/fake-provider-scene.ts'

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

export type FakeVendor = Awaited<ReturnType<typeof startFakeVendor>>

const vendorOf = (host: Host): VendorName => (host === 'chatgpt.com' || host === 'auth.openai.com' ? 'openai' : 'anthropic')

/** @param folder where the certificate of the authority is written */
export async function startFakeVendor({ brain, folder }: { brain: Brain; folder: string }) {
  const certificates = makeCertificates(vendorHosts)
  const caFile = path.join(folder, 'vendors.pem')
  writeFileSync(caFile, certificates.ca)
  const model = await startFakeProvider({ key: 'behind-the-vendor', brain, isBehindProxy: false })
  const logins = keepLogins()
  const received: VendorRequest[] = []
  const problems: string[] = []
  const routes: Route[] = []

  const server = createServer({ key: certificates.key, cert: certificates.cert }, (req, res) => {
    void answer(req, res).catch((failure: unknown) => {
      problems.push(`${req.method} https://${req.headers.host}${req.url}: ${String(failure)}`)
      res.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of req) pieces.push(piece as Buffer)
    const host = vendorHosts.find((each) => each === req.headers.host)
    if (!host) throw new Error('nobody of this name is here')
    const request: VendorRequest = {
      host,
      method: req.method ?? '',
      path: (req.url ?? '').split('?')[0]!,
      headers: req.headers,
      body: decompressed(Buffer.concat(pieces), req.headers['content-encoding']),
      account: logins.accountOf(vendorOf(host), req.headers.authorization),
      status: null,
    }
    received.push(request)
    const send = ({ status, body, headers = {} }: Answer): void => {
      request.status = status
      res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    for (const route of routes) {
      const given = await route(request)
      if (given) return send(given)
    }
    const inner = modelRoutes[`${host}${request.path}`]
    if (inner && request.method === 'POST') {
      if (!request.account) return send(unauthorized(host))
      return think(request, inner, res)
    }
    const known = lookups[`${request.method} ${host}${request.path}`]
    if (known) return send(known(request))
    problems.push(`${request.method} https://${host}${request.path} is nothing that this vendor serves`)
    send({ status: 404, body: { detail: 'Not Found' } })
  }

  /** The provider behind it sees a key of its own in the login's place. */
  async function think(request: VendorRequest, inner: string, res: ServerResponse): Promise<void> {
    const left = new AbortController()
    res.once('close', () => left.abort())
    const version = request.headers['anthropic-version']
    const reply = await fetch(model.origin + inner, {
      method: 'POST',
      body: new Uint8Array(request.body),
      signal: left.signal,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${model.key}`,
        ...(typeof version === 'string' && { 'anthropic-version': version }),
      },
    })
    request.status = reply.status
    res.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? 'application/json' })
    if (reply.body) await pipeline(Readable.fromWeb(reply.body as never), res).catch(() => res.destroy())
    else res.end()
  }

  const lookups: Readonly<Record<string, (request: VendorRequest) => Answer>> = {
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
  }

  return {
    /** For the server that starts the daemon. */
    environment: {
      GATEHOUSE_TEST_VENDORS: vendorHosts.map((host) => `${host}:443=${address}`).join(','),
      GATEHOUSE_TEST_CA: caFile,
    },
    address,
    ca: certificates.ca,
    caFile,
    logins,
    model,
    received: received as readonly VendorRequest[],
    /** The newest routes are asked first. */
    route: (route: Route): void => void routes.unshift(route),
    /** A login of a new account as its program's file, with what it holds. */
    codexLogin(options: { account?: Account; expiresInMs?: number } = {}): Issued & { contents: string } {
      const issued = logins.issue('openai', options.account ?? logins.newAccount(), options)
      return { ...issued, contents: codexFile(issued) }
    },
    claudeLogin(options: { account?: Account; expiresInMs?: number } = {}): Issued & { contents: string } {
      const issued = logins.issue('anthropic', options.account ?? logins.newAccount({ plan: 'max' }), options)
      return { ...issued, contents: claudeFile(issued) }
    },
    /** A year's subscription token, as `claude setup-token` prints it. */
    claudeToken(): Issued {
      return logins.issue('anthropic', logins.newAccount({ plan: 'max' }), { expiresInMs: 365 * 24 * 3600_000, scope: 'user:inference' })
    },
    assertClean(): void {
      if (problems.length > 0) throw new Error(`The fake vendors complain:\n- ${problems.join('\n- ')}`)
      model.assertClean()
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await model.close()
    },
  }
}

const modelRoutes: Readonly<Record<string, string>> = {
  'chatgpt.com/backend-api/codex/responses': '/openai/v1/responses',
  'api.anthropic.com/v1/messages': '/anthropic/v1/messages',
  'api.anthropic.com/v1/messages/count_tokens': '/anthropic/v1/messages/count_tokens',
}

const signedIn =
  (body: (account: Account) => Json) =>
  ({ account, host }: VendorRequest): Answer =>
    account ? { status: 200, body: body(account) } : unauthorized(host)

const unauthorized = (host: Host): Answer =>
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

function decompressed(body: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case 'zstd':
      return zstdDecompressSync(body)
    case 'gzip':
      return gunzipSync(body)
    case 'br':
      return brotliDecompressSync(body)
    default:
      return body
  }
}
