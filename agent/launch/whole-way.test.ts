/**
 * The whole way of a secret, in its pure parts: pasted, judged, fitted, granted, planned, and looked at once more before
 * the start. What the planner makes always passes; what is put together of a login's plan and a key's never does.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fit } from '#core/connections/connection.ts'
import { planLaunch, type LaunchPlan } from '#core/connections/launch.ts'
import { withSentinel } from '#core/connections/login-facts.ts'
import { judgeSecret, type Secret } from '#core/connections/secret.ts'
import { place, runGrant } from '#core/connections/testing.ts'
import { DomainError } from '#core/errors.ts'
import { acceptance, type Harness } from '#core/harnesses/harness.ts'
import { harnesses } from '#core/harnesses/registry.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { modelsFor } from '#core/models/catalog.ts'
import { providers } from '#core/providers/presets.ts'
import { checkBoundary } from '#agent/launch/boundary.ts'

const logins: Readonly<Record<string, object>> = {
  codex: { tokens: { access_token: 'access', refresh_token: 'refresh' } },
  claude: { claudeAiOauth: { accessToken: 'access', refreshToken: 'refresh' } },
  opencode: { anthropic: { type: 'oauth', access: 'access', refresh: 'refresh', expires: 0 } },
}

function secretsOf(harness: Harness): Secret[] {
  return [
    ...providers.map(({ id }): Secret => ({ kind: 'api-key', provider: id, key: 'a-key-of-that-provider' })),
    ...acceptance(harness, 'api-key').flatMap(({ dialects }) =>
      dialects.map((dialect): Secret => ({
        kind: 'api-key',
        provider: 'custom',
        key: 'k',
        baseUrl: 'https://llm.example.org/v1',
        dialect,
      })),
    ),
    ...acceptance(harness, 'auth-file').map(({ format }): Secret => ({
      kind: 'auth-file',
      format,
      contents: JSON.stringify(logins[format] ?? { login: 'access' }),
    })),
    ...acceptance(harness, 'oauth-token').map(({ issuer }): Secret => ({ kind: 'oauth-token', issuer, token: 'token-of-a-plan' })),
  ]
}

/** Null when the harness does not take it. */
function grant(harness: Harness, secret: Secret): DeliveryGrant | null {
  const judged = judgeSecret(harness, secret)
  const found = judged.ok ? fit(harness, judged.credential) : null
  if (!judged.ok || !found) return null
  switch (found.via) {
    case 'proxy': {
      const { provider, dialect } = found
      return {
        via: 'proxy',
        provider,
        dialect,
        wstoken: 'wst_secret',
        models: modelsFor({ harness, provider, dialect, customModels: ['own'] }),
      }
    }
    case 'file': {
      const isBrokered = acceptance(harness, 'auth-file').some((each) => each.format === found.format && each.refresh.by === 'broker')
      return {
        via: 'file',
        format: found.format,
        contents: isBrokered ? withSentinel(found.format, judged.material, 'wsr_x') : judged.material,
      }
    }
    case 'env':
      return { via: 'env', issuer: found.issuer, token: judged.material }
  }
}

const cases = harnesses.flatMap((harness) =>
  secretsOf(harness).flatMap((secret) => {
    const delivery = grant(harness, secret)
    return delivery ? [{ harness, secret, delivery, name: `${harness.id}: ${JSON.stringify(secret)}` }] : []
  }),
)
type Case = (typeof cases)[number]

const planOf = ({ harness, delivery }: Case): LaunchPlan => planLaunch(runGrant({ harness: harness.id, delivery }), place)

const passes = ({ harness, delivery }: Case, plan: LaunchPlan): boolean => {
  try {
    checkBoundary({ plan, harness, delivery, proxyOrigin: place.proxyOrigin })
    return true
  } catch (error) {
    if (error instanceof DomainError && error.code === 'harness.start-failed') return false
    throw error
  }
}

it.each(cases)('passes the last look: $name', (each) => {
  expect(passes(each, planOf(each))).toBe(true)
})

it('meets every kind that every harness takes', () => {
  const met = new Set(cases.map(({ harness, secret }) => `${harness.id} ${secret.kind}`))
  expect(met).toEqual(new Set(harnesses.flatMap((harness) => harness.accepts.map(({ kind }) => `${harness.id} ${kind}`))))
})

/** What one plan has and the other has not: variables and files by which the two are told apart. */
function differencesOf(from: LaunchPlan, other: LaunchPlan) {
  const env = Object.entries(from.env).filter(([name, value]) => other.env[name] !== value)
  const files = from.files.filter((file) => !other.files.some(({ path, contents }) => path === file.path && contents === file.contents))
  return [...env.map(([name, value]) => ({ env: { [name]: value }, files: [] })), ...files.map((file) => ({ env: {}, files: [file] }))]
}

/**
 * A model, a dialect, and what is not to go by a tunnel say nothing of where requests go, nor with what. Neither do the
 * settings beside a login: they hold none of it, and a key's run without its own would reach nobody.
 */
const isHarmless = ({ env, files }: ReturnType<typeof differencesOf>[number], { harness, delivery }: Case) =>
  Object.keys(env).every((name) => /_(MODEL|MODEL_OPTION|DIALECT)$|^no_proxy$/i.test(name)) &&
  files.every(({ path }) => delivery.via === 'proxy' && !acceptance(harness, 'auth-file').some((each) => path.endsWith(each.path)))

it('refuses a login’s plan with anything of a key’s in it, and the other way about', () => {
  const pairs = harnesses.flatMap((harness) => {
    const own = cases.filter((each) => each.harness === harness)
    const [proxied, native] = [
      own.filter(({ delivery }) => delivery.via === 'proxy'),
      own.filter(({ delivery }) => delivery.via !== 'proxy'),
    ]
    return proxied.flatMap((one) => native.flatMap((other) => [[one, other] as const, [other, one] as const]))
  })
  expect(pairs.length).toBeGreaterThan(20)
  fc.assert(
    fc.property(fc.constantFrom(...pairs), fc.infiniteStream(fc.boolean()), ([into, from], coin) => {
      const plan = planOf(into)
      const smuggled = differencesOf(planOf(from), plan).filter((each) => !isHarmless(each, into) && coin.next().value)
      const mixed = {
        ...plan,
        env: Object.assign({}, plan.env, ...smuggled.map(({ env }) => env)) as LaunchPlan['env'],
        files: [
          ...plan.files.filter(({ path }) => !smuggled.some(({ files }) => files.some((each) => each.path === path))),
          ...smuggled.flatMap(({ files }) => files),
        ],
      }
      expect({ smuggled, passes: passes(into, mixed) }).toEqual({ smuggled, passes: smuggled.length === 0 })
    }),
    { numRuns: 1_000 },
  )
})
