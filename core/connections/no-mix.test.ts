/**
 * From what somebody pastes to what a process gets: for every harness, kind, provider and
 * scope a launch plan holds either a native login or a way to the proxy, and of the secret
 * only what its kind may carry.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scopes, type Attachment, type Credential, type Fit, type Scope } from '#core/connections/connection.ts'
import { planLaunch, vendorHosts, type LaunchPlan } from '#core/connections/launch.ts'
import { withSentinel } from '#core/connections/login-facts.ts'
import { resolve } from '#core/connections/resolve.ts'
import { judgeSecret, type JudgedSecret, type Secret } from '#core/connections/secret.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { attachment, credential, place, runGrant } from '#core/connections/testing.ts'
import { acceptance, type Harness } from '#core/harnesses/harness.ts'
import { harnesses } from '#core/harnesses/registry.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { modelsFor } from '#core/models/catalog.ts'
import { Dialect } from '#core/providers/dialects.ts'
import { CUSTOM_PROVIDER, providers } from '#core/providers/presets.ts'

const KEY = 'key-that-stays-in-the-vault'
const ACCESS = 'access-token-of-a-native-login'
const REFRESH = 'refresh-token-of-a-native-login'
const TOKEN = 'subscription-token-of-a-native-login'
const RUN_SENTINEL = 'wsr_sentinel-of-this-run'

const jwt = (claims: object): string => ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.')
const account = {
  email: 'a@example.test',
  'https://api.openai.com/auth': { chatgpt_account_id: 'acct', chatgpt_user_id: 'user', chatgpt_plan_type: 'plus' },
}
const loginFiles: Readonly<Record<string, object>> = {
  codex: { tokens: { id_token: jwt(account), access_token: `${jwt(account)}${ACCESS}`, refresh_token: REFRESH, account_id: 'acct' } },
  claude: { claudeAiOauth: { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: 4_000_000_000_000, scopes: ['user:inference'] } },
  opencode: { anthropic: { type: 'oauth', access: ACCESS, refresh: REFRESH, expires: 4_000_000_000_000 } },
  scripted: { login: ACCESS, refresh: REFRESH },
}

const dialects = [undefined, ...Dialect.options]
const secrets: Secret[] = [
  ...providers.flatMap(({ id }) =>
    dialects.map((dialect): Secret => ({ kind: 'api-key', provider: id, key: KEY, ...(dialect && { dialect }) })),
  ),
  ...dialects.map((dialect): Secret => ({
    kind: 'api-key',
    provider: CUSTOM_PROVIDER,
    key: KEY,
    baseUrl: 'https://llm.example.org/v1',
    ...(dialect && { dialect }),
  })),
  ...Object.entries(loginFiles).map(([format, file]): Secret => ({ kind: 'auth-file', format, contents: JSON.stringify(file) })),
  ...['anthropic', 'scripted'].map((issuer): Secret => ({ kind: 'oauth-token', issuer, token: TOKEN })),
]

type Connected = Extract<JudgedSecret, { ok: true }>
type Case = { harness: Harness; secret: Secret; connected: Connected; scope: Scope }

const connect = (harness: Harness, secret: Secret): Connected | null => {
  const judged = judgeSecret(harness, secret)
  return judged.ok ? judged : null
}
const cases: Case[] = harnesses.flatMap((harness) =>
  secrets.flatMap((secret) => {
    const connected = connect(harness, secret)
    return connected ? scopes.map((scope) => ({ harness, secret, connected, scope })) : []
  }),
)

/** As `server/connections/resolver.ts` and `server/logins` grant it. */
function grantOf(
  harness: Harness,
  fit: Fit,
  material: string,
  { models, ...of }: { models: Credential['models']; scope: Scope },
): DeliveryGrant {
  switch (fit.via) {
    case 'proxy': {
      const { provider, dialect } = fit
      const offered = modelsFor({ harness, provider, dialect, customModels: models, scope: of.scope })
      return { via: 'proxy', provider, dialect, wstoken: 'wst_secret', models: offered }
    }
    case 'file': {
      const isBrokered = acceptance(harness, 'auth-file').some((each) => each.format === fit.format && each.refresh.by === 'broker')
      return { via: 'file', format: fit.format, contents: isBrokered ? withSentinel(fit.format, material, RUN_SENTINEL) : material }
    }
    case 'env':
      return { via: 'env', issuer: fit.issuer, token: material }
  }
}

/** One nearest connection, and others of every kind further away, which must not be touched. */
function attachmentsOf({ harness, connected, scope }: Case): Attachment[] {
  const models = connected.credential.provider === CUSTOM_PROVIDER ? ['model-of-its-own'] : []
  const further = scopes.slice(scopes.indexOf(scope) + 1)
  const others = secrets.flatMap((each) => connect(harness, each) ?? [])
  return [
    attachment({ harness: harness.id, scope, credential: credential({ ...connected.credential, models }) }),
    ...further.map((each, index) =>
      attachment({
        harness: harness.id,
        scope: each,
        credential: credential({ ...others[index % others.length]!.credential, credentialId: 'other' }),
      }),
    ),
  ]
}

type Free = { instructions: string; settings: Record<string, string> }

function planOf(chosen: Case, { instructions, settings }: Free): { plan: LaunchPlan; delivery: DeliveryGrant } {
  const { harness, connected, scope } = chosen
  const resolution = resolve(attachmentsOf(chosen), harness)
  if (!resolution.ok) throw new Error(resolution.code)
  expect(resolution.attachment).toMatchObject({ scope, credential: connected.credential })
  const delivery = grantOf(harness, resolution.fit, connected.material, { models: resolution.attachment.credential.models, scope })
  return { delivery, plan: planLaunch(runGrant({ harness: harness.id, delivery, instructions, settings }), place) }
}

/** What may name the gateway beside a login: the way out to the vendor, and the broker. */
const mayNameGateway = (harness: Harness): string[] => [
  'HTTPS_PROXY',
  'https_proxy',
  ...acceptance(harness, 'auth-file').flatMap(({ refresh }) => (refresh.by === 'broker' ? [refresh.variable] : [])),
]
const looksLikeKey = /(_BASE_URL|_API_BASE|_API_KEY|_AUTH_TOKEN|_PROXY_KEY)$/

function expectPure({ harness, secret }: Case, { plan, delivery }: ReturnType<typeof planOf>, { instructions }: Free): void {
  const files = plan.files.filter((file) => file.contents !== instructions)
  const written = JSON.stringify([plan.env, files])
  const names = Object.keys(plan.env)
  const loginPaths = acceptance(harness, 'auth-file').map(({ path }) => `${place.home}/${path}`)
  const tokenVariables = acceptance(harness, 'oauth-token').map(({ variable }) => variable)
  expect(written).not.toContain(KEY)
  expect(written).not.toContain('wst_secret')

  if (secret.kind === 'api-key') {
    expect(plan).toMatchObject({ via: 'proxy', proxyRoute: { baseUrl: expect.stringContaining(`${place.proxyOrigin}/ai/`) } })
    expect(vendorHosts(harness, delivery)).toEqual([])
    expect(files.filter(({ path }) => loginPaths.includes(path))).toEqual([])
    expect(plan.absent).toEqual(expect.arrayContaining(loginPaths))
    expect(names.filter((name) => tokenVariables.includes(name) || /_proxy$/i.test(name) || /REFRESH/.test(name))).toEqual([])
    return
  }
  expect(plan).toMatchObject({ via: secret.kind === 'auth-file' ? 'file' : 'env', proxyRoute: null })
  expect(written).not.toContain(SENTINEL_KEY)
  expect(names.filter((name) => harness.proxyVariables.includes(name) || looksLikeKey.test(name))).toEqual([])
  const naming = Object.entries(plan.env).filter(([, value]) => value.includes(place.proxyOrigin))
  expect(naming.map(([name]) => name).filter((name) => !mayNameGateway(harness).includes(name))).toEqual([])
  expect(JSON.stringify(files)).not.toContain(place.proxyOrigin)
  expect(files.filter(({ mode }) => mode !== 0o600)).toEqual([])
  const own = secret.kind === 'auth-file' ? loginPaths.filter((path) => files.some((file) => file.path === path)) : []
  expect(own).toHaveLength(secret.kind === 'auth-file' ? 1 : 0)
  expect(names.filter((name) => tokenVariables.includes(name))).toHaveLength(secret.kind === 'oauth-token' ? 1 : 0)
  // A login stands where its program reads it, and nowhere else.
  expect(JSON.stringify([plan.env, files.filter(({ path }) => path !== own[0])]).includes(ACCESS)).toBe(false)
  if (mayNameGateway(harness).length > 2) expect([written.includes(RUN_SENTINEL), written.includes(REFRESH)]).toEqual([true, false])
}

describe('what somebody connects', () => {
  it('is taken in every kind, by every harness that has it', () => {
    const kinds = new Set(cases.map(({ harness, secret }) => `${harness.id} ${secret.kind}`))
    expect(kinds).toEqual(new Set(harnesses.flatMap((harness) => harness.accepts.map(({ kind }) => `${harness.id} ${kind}`))))
    expect(cases.length).toBeGreaterThan(150)
  })

  it('reaches its program by the one road of its kind, in every scope', () => {
    const free = { instructions: '', settings: {} }
    const roads = cases.map((each) => {
      const planned = planOf(each, free)
      expectPure(each, planned, free)
      return `${each.secret.kind} via ${planned.plan.via}`
    })
    expect(new Set(roads)).toEqual(new Set(['api-key via proxy', 'auth-file via file', 'oauth-token via env']))
  })

  it('does so whatever the settings and the instructions say', () => {
    const free = fc.record({
      instructions: fc.string(),
      settings: fc.dictionary(fc.constantFrom('mode', 'effort', 'model', 'models', 'other'), fc.string()),
    })
    fc.assert(
      fc.property(fc.constantFrom(...cases), free, (each, given) => {
        const planned = planOf(each, given)
        expectPure(each, planned, given)
        expect(planned.plan.cwd).toBe(place.workdir)
      }),
      { numRuns: 1_000 },
    )
  })
})
