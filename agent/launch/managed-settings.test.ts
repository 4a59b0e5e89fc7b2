import { expect, it } from 'vitest'
import { planLaunch } from '#core/connections/launch.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { runGrant } from '#core/connections/testing.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { managedSettings } from '#agent/launch/managed-settings.ts'

const place = {
  home: '/home/agent',
  workdir: '/work',
  proxyOrigin: 'http://127.0.0.1:8377',
  harnessDir: '/opt/h',
  nodePath: '/opt/node',
  mcpBridge: '/opt/mcp-bridge.mts',
  platform: 'linux',
  arch: 'x64',
}
const settingsFor = (harness: string, delivery: DeliveryGrant) => {
  const plan = planLaunch(runGrant({ harness, delivery }), place)
  return managedSettings(harness, plan).map(({ at, contents }) => ({
    at,
    ...(JSON.parse(contents) as Record<string, unknown> & { env: Record<string, string> }),
  }))
}
const models = [{ id: 'claude-opus-5-5', name: 'Opus', contextTokens: 1, outputTokens: 1 }]

it('repeats the route above a repository’s settings, and lets no hook of it run', () => {
  const [settings] = settingsFor('claude-code', {
    via: 'proxy',
    provider: 'anthropic',
    dialect: 'anthropic-messages',
    wstoken: 'wst_secret',
    models,
  })
  expect(settings).toMatchObject({
    at: '/etc/claude-code/managed-settings.json',
    allowManagedHooksOnly: true,
    env: { ANTHROPIC_BASE_URL: 'http://127.0.0.1:8377/ai/anthropic', ANTHROPIC_AUTH_TOKEN: SENTINEL_KEY },
  })
  expect(settings?.env['ANTHROPIC_API_KEY']).toBe('')
  expect(JSON.stringify(settings)).not.toContain('wst_')
})

it('sends a login to its own issuer: what a repository names is unnamed again, and no secret is repeated', () => {
  const [settings] = settingsFor('claude-code', { via: 'env', issuer: 'anthropic', token: 'sk-ant-oat01-secret' })
  expect(settings).toMatchObject({ apiKeyHelper: '', env: { ANTHROPIC_BASE_URL: '', ANTHROPIC_API_KEY: '', CLAUDE_CODE_USE_BEDROCK: '' } })
  expect(new Set(Object.values(settings?.env ?? {}))).toEqual(new Set(['']))
})

it('keeps OpenCode to the vendors of its login, and to asking, whatever a repository allows itself', () => {
  const login = JSON.stringify({ openai: { type: 'oauth', access: 'native-login' } })
  const [settings] = settingsFor('opencode', { via: 'file', format: 'opencode', contents: login })
  expect(settings).toMatchObject({ at: '/etc/opencode/opencode.json', enabled_providers: ['openai'], permission: { edit: 'ask' } })
  expect(JSON.stringify(settings)).not.toContain('native-login')
  // Beside a key it has all of this in a variable that stands above a repository's file.
  const key: DeliveryGrant = { via: 'proxy', provider: 'custom', dialect: 'openai-chat', wstoken: 'wst_x', models }
  expect(settingsFor('opencode', key)).toEqual([])
})

it('has nothing to say to others', () => {
  expect(settingsFor('codex', { via: 'proxy', provider: 'openai', dialect: 'openai-responses', wstoken: 'wst_x', models })).toEqual([])
})
