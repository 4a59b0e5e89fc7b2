import { describe, expect, it } from 'vitest'
import { planLaunch, type LaunchPlan } from '#core/connections/launch.ts'
import { runGrant } from '#core/connections/testing.ts'
import { DomainError } from '#core/errors.ts'
import { harnesses } from '#core/harnesses/registry.ts'
import type { Harness, Place } from '#core/harnesses/harness.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { checkBoundary } from '#agent/launch/boundary.ts'
import { whyItFailed } from '#agent/launch/npm.ts'

const proxyOrigin = 'http://127.0.0.1:8377'
const place: Place = {
  home: '/home/agent',
  workdir: '/work',
  proxyOrigin,
  harnessDir: '/opt/h',
  nodePath: '/opt/node',
  mcpBridge: '/opt/mcp-bridge.mts',
  platform: 'linux',
  arch: 'x64',
}
const models = [{ id: 'm', name: 'M', contextTokens: 1, outputTokens: 1 }]

const deliveries = (harness: Harness): DeliveryGrant[] =>
  harness.accepts.flatMap((each): DeliveryGrant[] => {
    if (each.via === 'proxy') return each.dialects.map((dialect) => ({ via: 'proxy', provider: 'p', dialect, wstoken: 'wst_x', models }))
    return each.via === 'file'
      ? [{ via: 'file', format: each.format, contents: '{}' }]
      : [{ via: 'env', issuer: each.issuer, token: 'tok' }]
  })

const planOf = (harness: Harness, delivery: DeliveryGrant): LaunchPlan =>
  planLaunch(runGrant({ harness: harness.id, delivery, instructions: 'x' }), place)

const cases = harnesses.flatMap((harness) =>
  deliveries(harness).map((delivery) => ({ harness, delivery, name: `${harness.id} by ${delivery.via}` })),
)
const breachOf = (harness: Harness, delivery: DeliveryGrant, plan: LaunchPlan): unknown => {
  try {
    checkBoundary({ plan, harness, delivery, proxyOrigin })
    return null
  } catch (error) {
    return error instanceof DomainError ? error.facts['breach'] : error
  }
}

describe('every plan that the planner makes', () => {
  it.each(cases)('passes: $name', ({ harness, delivery }) => {
    expect(breachOf(harness, delivery, planOf(harness, delivery))).toBeNull()
  })
})

describe('a plan that mixes', () => {
  const native = cases.filter(({ delivery }) => delivery.via !== 'proxy')
  const proxied = cases.filter(({ delivery }) => delivery.via === 'proxy')

  it.each(native)('is refused with a proxy variable beside a login: $name', ({ harness, delivery }) => {
    const plan = planOf(harness, delivery)
    const broker = ['CODEX_REFRESH_TOKEN_URL_OVERRIDE', 'OTHER_REFRESH_TOKEN_URL']
    for (const name of [
      ...harness.proxyVariables,
      'SOMETHING_BASE_URL',
      'HTTPS_PROXY',
      'https_proxy',
      'ALL_PROXY',
      'OTHER_API_KEY',
      ...broker,
    ]) {
      expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, [name]: 'x' } })).toContain(name)
    }
    expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, HARMLESS: `${proxyOrigin}/ai` } })).toContain('HARMLESS')
    const file = { path: '/home/agent/config.toml', contents: `url = "${proxyOrigin}"`, mode: 0o600 }
    expect(breachOf(harness, delivery, { ...plan, files: [...plan.files, file] })).toContain('a file names the proxy')
    const block = { ...file, contents: '[model_providers.mine]\nbase_url = "https://llm.example.org"' }
    expect(breachOf(harness, delivery, { ...plan, files: [...plan.files, block] })).toContain('a file names a provider')
  })

  it.each(native)('is refused with a second login beside the first: $name', ({ harness, delivery }) => {
    const plan = planOf(harness, delivery)
    for (const each of harness.accepts) {
      if (each.via === 'file' && (delivery.via !== 'file' || delivery.format !== each.format)) {
        const file = { path: `/home/agent/${each.path}`, contents: '{}', mode: 0o600 }
        expect(breachOf(harness, delivery, { ...plan, files: [...plan.files, file] })).toContain(each.path)
      }
      if (each.via === 'env' && delivery.via !== 'env')
        expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, [each.variable]: 't' } })).toContain(each.variable)
    }
  })

  it.each(native.filter(({ delivery }) => delivery.via === 'file'))('is refused without its login file: $name', ({ harness, delivery }) => {
    expect(breachOf(harness, delivery, { ...planOf(harness, delivery), files: [] })).toBe('a login file that is not written')
  })

  it.each(cases)('is refused with a file that is not private: $name', ({ harness, delivery }) => {
    const plan = planOf(harness, delivery)
    const withFile = (file: { path: string; contents: string; mode: number }): LaunchPlan => ({ ...plan, files: [...plan.files, file] })
    expect(breachOf(harness, delivery, withFile({ path: '/home/agent/x', contents: '', mode: 0o644 }))).toBe(
      'a file that others could read',
    )
    expect(breachOf(harness, delivery, withFile({ path: '/home/agent/../x', contents: '', mode: 0o600 }))).toBe('a file outside its home')
    expect(breachOf(harness, delivery, withFile({ path: '/etc/x', contents: '', mode: 0o600 }))).toBe('a file outside its home')
  })

  it.each(proxied)('is refused with a login beside a proxy: $name', ({ harness, delivery }) => {
    const plan = planOf(harness, delivery)
    for (const each of harness.accepts) {
      if (each.via === 'file') {
        const file = { path: `/home/agent/${each.path}`, contents: '{}', mode: 0o600 }
        expect(breachOf(harness, delivery, { ...plan, files: [...plan.files, file] })).toContain(each.path)
      }
      if (each.via === 'env')
        expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, [each.variable]: 't' } })).toContain(each.variable)
    }
    expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, REAL_API_KEY: 'sk-real' } })).toContain('REAL_API_KEY')
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'CODEX_REFRESH_TOKEN_URL_OVERRIDE'])
      expect(breachOf(harness, delivery, { ...plan, env: { ...plan.env, [name]: proxyOrigin } })).toContain(name)
  })
})

it('tells npm’s own reason, without logins', () => {
  const stderr = [
    'npm warn old lockfile',
    'npm error code EINTEGRITY',
    'npm error sha512-aaa integrity checksum failed when using sha512: wanted sha512-aaa but got sha512-bbb. (1234 bytes)',
    'npm error A complete log of this run can be found in: /home/x/.npm/_logs/1.log',
  ].join('\n')
  expect(whyItFailed(stderr, 1)).toBe(
    'EINTEGRITY: sha512-aaa integrity checksum failed when using sha512: wanted sha512-aaa but got sha512-bbb. (1234 bytes)',
  )
  expect(whyItFailed('npm error request to https://user:secret@registry.example/x failed\n', 1)).toBe(
    'request to https://registry.example/x failed',
  )
  expect(whyItFailed('', 7)).toBe('npm ended with 7')
})
