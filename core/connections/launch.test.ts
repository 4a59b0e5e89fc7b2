import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planLaunch } from '#core/connections/launch.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { deliveriesOf, place, runGrant } from '#core/connections/testing.ts'
import { acceptance, speaks } from '#core/harnesses/harness.ts'
import { findHarness, harnesses } from '#core/harnesses/registry.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { Dialect } from '#core/providers/dialects.ts'

const sonnet = { id: 'claude-sonnet-5-5', name: 'Claude Sonnet 5.5', contextTokens: 1_000_000, outputTokens: 128_000 }
const haiku = { ...sonnet, id: 'claude-haiku-5-5', name: 'Claude Haiku 5.5' }
const sol = { ...sonnet, id: 'gpt-6.1-sol', name: 'GPT-6.1 Sol' }

const usual = {
  PATH: '/opt/node/bin:/usr/local/bin:/usr/bin:/bin',
  HOME: '/run/home',
  SHELL: '/bin/bash',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  TMPDIR: '/tmp',
  GIT_TERMINAL_PROMPT: '0',
}

/** A login dials its vendor by tunnel. */
const wayOut = {
  HTTPS_PROXY: 'http://127.0.0.1:8377',
  https_proxy: 'http://127.0.0.1:8377',
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
}

it('plans Codex with a key: a provider of its own in config.toml', () => {
  const delivery: DeliveryGrant = {
    via: 'proxy',
    provider: 'openai',
    dialect: 'openai-responses',
    wstoken: 'wst_secret',
    models: [sonnet, sol],
  }
  expect(planLaunch(runGrant({ harness: 'codex', delivery, instructions: 'Be brief.', settings: { effort: 'high' } }), place)).toEqual({
    command: '/opt/node/bin/node',
    args: ['/harnesses/it/1/node_modules/@agentclientprotocol/codex-acp/dist/index.js'],
    cwd: '/run/work',
    env: { ...usual, CODEX_HOME: '/run/home/.codex', GATEHOUSE_PROXY_KEY: SENTINEL_KEY },
    files: [
      {
        path: '/run/home/.codex/config.toml',
        mode: 0o600,
        contents: [
          'model = "gpt-6.1-sol"',
          'model_provider = "gatehouse"',
          'model_reasoning_effort = "high"',
          'check_for_update_on_startup = false',
          '[analytics]',
          'enabled = false',
          '[features]',
          'plugins = false',
          'apps = false',
          '[model_providers.gatehouse]',
          'name = "Gatehouse"',
          'base_url = "http://127.0.0.1:8377/ai/openai/v1"',
          'env_key = "GATEHOUSE_PROXY_KEY"',
          'wire_api = "responses"',
          'request_max_retries = 0',
          'stream_max_retries = 0',
          '',
        ].join('\n'),
      },
      { path: '/run/home/.codex/AGENTS.md', contents: 'Be brief.', mode: 0o600 },
    ],
    absent: ['/run/home/.codex/auth.json'],
    mcpServers: [],
    model: 'gpt-6.1-sol',
    mode: 'agent',
    effort: 'high',
    via: 'proxy',
    proxyRoute: { dialect: 'openai-responses', baseUrl: 'http://127.0.0.1:8377/ai/openai/v1' },
  })
})

it('plans Codex with its own login: the file as it was, and no proxy variable', () => {
  const plan = planLaunch(runGrant({ harness: 'codex', delivery: { via: 'file', format: 'codex', contents: '{"tokens":{}}' } }), place)
  expect(plan).toMatchObject({
    via: 'file',
    proxyRoute: null,
    model: null,
    env: {
      ...usual,
      ...wayOut,
      CODEX_HOME: '/run/home/.codex',
      CODEX_REFRESH_TOKEN_URL_OVERRIDE: 'http://127.0.0.1:8377/login/codex/token',
    },
  })
  expect(Object.keys(plan.env).sort()).toEqual(
    [...Object.keys(usual), ...Object.keys(wayOut), 'CODEX_HOME', 'CODEX_REFRESH_TOKEN_URL_OVERRIDE'].sort(),
  )
  expect(plan.files[0]).toEqual({ path: '/run/home/.codex/auth.json', contents: '{"tokens":{}}', mode: 0o600 })
  expect(plan.files[1]!.contents).not.toContain('base_url')
})

it('plans Claude Code with a key: base URL without version, sentinel, and its tiers among the allowed models', () => {
  const delivery: DeliveryGrant = {
    via: 'proxy',
    provider: 'anthropic',
    dialect: 'anthropic-messages',
    wstoken: 'wst_secret',
    models: [sonnet, haiku],
  }
  const plan = planLaunch(runGrant({ harness: 'claude-code', delivery, model: 'claude-haiku-5-5', settings: { mode: 'plan' } }), place)
  expect(plan.env).toEqual({
    ...usual,
    CLAUDE_CONFIG_DIR: '/run/home/.claude',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:8377/ai/anthropic',
    ANTHROPIC_AUTH_TOKEN: SENTINEL_KEY,
    ANTHROPIC_MODEL: 'claude-haiku-5-5',
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'claude-haiku-5-5',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'claude-sonnet-5-5',
    ANTHROPIC_DEFAULT_FABLE_MODEL: 'claude-haiku-5-5',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'claude-haiku-5-5',
    CLAUDE_CODE_AUTO_MODE_MODEL: 'claude-sonnet-5-5',
    CLAUDE_CODE_BG_CLASSIFIER_MODEL: 'claude-haiku-5-5',
    ANTHROPIC_CUSTOM_MODEL_OPTION: 'claude-haiku-5-5',
  })
  expect(plan).toMatchObject({
    model: 'claude-haiku-5-5',
    mode: 'plan',
    files: [],
    absent: ['/run/home/.claude/.credentials.json', '/run/home/.claude/CLAUDE.md'],
  })
})

it('plans Claude Code with a subscription token: that variable and no other of Anthropic', () => {
  const delivery: DeliveryGrant = { via: 'env', issuer: 'anthropic', token: 'sk-ant-oat01-x' }
  const { env } = planLaunch(runGrant({ harness: 'claude-code', delivery }), place)
  expect(Object.keys(env).filter((name) => /ANTHROPIC|TOKEN/.test(name))).toEqual(['CLAUDE_CODE_OAUTH_TOKEN'])
})

describe('OpenCode with a key', () => {
  const npm = {
    'openai-chat': '@ai-sdk/openai-compatible',
    'openai-responses': '@ai-sdk/openai',
    'anthropic-messages': '@ai-sdk/anthropic',
  }
  const baseURL = { 'openai-chat': 'openai/v1', 'openai-responses': 'openai/v1', 'anthropic-messages': 'anthropic/v1' }
  it.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)('speaks %s through its own package', (dialect) => {
    const delivery: DeliveryGrant = { via: 'proxy', provider: 'custom', dialect, wstoken: 'wst_secret', models: [sol] }
    const plan = planLaunch(runGrant({ harness: 'opencode', delivery }), place)
    expect(plan).toMatchObject({ command: '/harnesses/it/1/node_modules/opencode-linux-x64/bin/opencode', args: ['acp'] })
    expect(JSON.parse(plan.env['OPENCODE_CONFIG_CONTENT']!)).toEqual({
      share: 'disabled',
      autoupdate: false,
      permission: { edit: 'ask', bash: 'ask', webfetch: 'ask' },
      model: 'gatehouse/gpt-6.1-sol',
      small_model: 'gatehouse/gpt-6.1-sol',
      enabled_providers: ['gatehouse'],
      provider: {
        gatehouse: {
          npm: npm[dialect],
          name: 'Gatehouse',
          options: { baseURL: `http://127.0.0.1:8377/ai/${baseURL[dialect]}`, apiKey: '{env:GATEHOUSE_PROXY_KEY}' },
          models: { 'gpt-6.1-sol': { name: 'GPT-6.1 Sol', tool_call: true, limit: { context: 1_000_000, output: 128_000 } } },
        },
      },
    })
  })
})

it('keeps OpenCode’s own free models out of a run on a login', () => {
  const contents = JSON.stringify({ anthropic: { type: 'oauth' }, openai: { type: 'oauth' } })
  const plan = planLaunch(runGrant({ harness: 'opencode', delivery: { via: 'file', format: 'opencode', contents } }), place)
  const config = plan.files.find(({ path }) => path.endsWith('/opencode.json'))!
  expect(JSON.parse(config.contents)).toMatchObject({ enabled_providers: ['anthropic', 'openai'] })
})

describe('the model', () => {
  const delivery: DeliveryGrant = {
    via: 'proxy',
    provider: 'openai',
    dialect: 'openai-responses',
    wstoken: 'wst_secret',
    models: [haiku, sonnet, sol],
  }
  const modelOf = (given: { model?: string; settings?: Record<string, string> }) =>
    planLaunch(runGrant({ harness: 'codex', delivery, ...given }), place).model

  it('is the chat’s, else the connection’s where it is offered, else the harness’s own preference', () => {
    expect(modelOf({ model: haiku.id, settings: { model: sonnet.id } })).toBe(haiku.id)
    expect(modelOf({ settings: { model: sonnet.id } })).toBe(sonnet.id)
    expect(modelOf({ settings: { model: 'gone' } })).toBe(sol.id)
    expect(modelOf({})).toBe(sol.id)
  })
  it('is never one that the proxy would refuse', () => {
    expect(() => modelOf({ model: 'gone' })).toThrow(expect.objectContaining({ code: 'model.not-allowed' }))
  })
})

it('plans our MCP server behind the gateway, by a URL and by a bridge, and no secret of it', () => {
  for (const harness of harnesses) {
    for (const delivery of deliveriesOf(harness)) {
      const serverId = '01890000-0000-7000-8000-000000000009'
      const mcpServers = [
        { name: 'gatehouse', serverId: null },
        { name: 'docs', serverId },
      ]
      const plan = planLaunch(runGrant({ harness: harness.id, delivery, mcpToken: 'mct_secret', mcpServers }), place)
      const planned = (name: string, url: string) => ({
        name,
        url,
        bridge: { command: '/opt/node/bin/node', args: ['/opt/mcp-bridge.mts'], env: { GATEHOUSE_MCP_URL: url } },
      })
      expect(plan.mcpServers).toEqual([
        planned('gatehouse', 'http://127.0.0.1:8377/mcp'),
        planned('docs', `http://127.0.0.1:8377/mcp/own/${serverId}`),
      ])
      expect(JSON.stringify(plan)).not.toContain('mct_secret')
      expect(planLaunch(runGrant({ harness: harness.id, delivery }), place).mcpServers).toEqual([])
    }
  }
})

it('refuses a delivery that the harness does not take', () => {
  const file: DeliveryGrant = { via: 'file', format: 'codex', contents: '{}' }
  const chat: DeliveryGrant = { via: 'proxy', provider: 'openai', dialect: 'openai-chat', wstoken: 'wst_secret', models: [sol] }
  const token: DeliveryGrant = { via: 'env', issuer: 'anthropic', token: 't' }
  for (const [harness, delivery] of [
    ['claude-code', file],
    ['codex', chat],
    ['opencode', token],
  ] as const) {
    expect(() => planLaunch(runGrant({ harness, delivery }), place)).toThrow(
      expect.objectContaining({ code: 'connection.refused-by-harness' }),
    )
  }
  expect(() => planLaunch(runGrant({ harness: 'nobody', delivery: file }), place)).toThrow(
    expect.objectContaining({ code: 'harness.unknown' }),
  )
})

it.each(
  harnesses.flatMap((harness) =>
    Dialect.options.filter((dialect) => !speaks(harness, dialect)).map((dialect) => [harness.id, dialect] as const),
  ),
)('plans no %s in %s, which it does not speak', (harness, dialect) => {
  const delivery: DeliveryGrant = { via: 'proxy', provider: 'custom', dialect, wstoken: 'wst_secret', models: [sol] }
  expect(() => planLaunch(runGrant({ harness, delivery }), place)).toThrow(
    expect.objectContaining({ code: 'connection.refused-by-harness', facts: { harness } }),
  )
})

it('plans OpenCode in Google’s dialect: its package, and the version in the base URL', () => {
  const argon = { ...sonnet, id: 'gemini-4-argon', name: 'Gemini 4 Argon' }
  const delivery: DeliveryGrant = { via: 'proxy', provider: 'google', dialect: 'gemini-generate', wstoken: 'wst_secret', models: [argon] }
  const plan = planLaunch(runGrant({ harness: 'opencode', delivery }), place)
  expect(plan.proxyRoute).toEqual({ dialect: 'gemini-generate', baseUrl: 'http://127.0.0.1:8377/ai/gemini' })
  expect(JSON.parse(plan.env['OPENCODE_CONFIG_CONTENT']!)).toMatchObject({
    model: 'gatehouse/gemini-4-argon',
    provider: {
      gatehouse: {
        npm: '@ai-sdk/google',
        options: { baseURL: 'http://127.0.0.1:8377/ai/gemini/v1beta', apiKey: '{env:GATEHOUSE_PROXY_KEY}' },
      },
    },
  })
})

describe('every harness with every delivery', () => {
  const cases = harnesses.flatMap((harness) => deliveriesOf(harness).map((delivery) => ({ harness: harness.id, delivery })))
  const mayNameGateway = new Set(['HTTPS_PROXY', 'https_proxy', 'CODEX_REFRESH_TOKEN_URL_OVERRIDE'])
  const anyCase = fc.record({
    chosen: fc.constantFrom(...cases),
    instructions: fc.string(),
    settings: fc.dictionary(fc.constantFrom('mode', 'effort', 'model', 'other'), fc.string()),
    modelIndex: fc.option(fc.nat(100)),
  })

  it('never mixes a native login with a proxy variable', () => {
    fc.assert(
      fc.property(anyCase, ({ chosen, instructions, settings, modelIndex }) => {
        const { delivery } = chosen
        const harness = findHarness(chosen.harness)!
        const model = delivery.via === 'proxy' && modelIndex !== null ? delivery.models[modelIndex % delivery.models.length]!.id : null
        const plan = planLaunch(runGrant({ ...chosen, instructions, settings, model }), place)
        // Only what somebody may write freely can hold such words by chance.
        const written = JSON.stringify([plan.env, plan.files.filter((file) => file.contents !== instructions)])
        const nativePaths = acceptance(harness, 'auth-file').map((each) => `${place.home}/${each.path}`)
        const nativeVariables = acceptance(harness, 'oauth-token').map((each) => each.variable)

        expect(written).not.toContain('wst_secret')
        if (plan.via === 'proxy') {
          expect(written).toContain(`${place.proxyOrigin}/ai/`)
          expect(plan.files.filter((file) => nativePaths.includes(file.path))).toEqual([])
          expect(plan.absent).toEqual(expect.arrayContaining(nativePaths))
          expect(nativeVariables.filter((name) => name in plan.env)).toEqual([])
          expect(Object.keys(plan.env).filter((name) => /proxy$/i.test(name))).toEqual([])
        } else {
          expect(plan.proxyRoute).toBeNull()
          expect([...plan.absent, ...plan.files.map((file) => file.path)]).toEqual(expect.arrayContaining(nativePaths))
          const named = Object.entries(plan.env).filter(([, value]) => value.includes(place.proxyOrigin))
          expect(named.map(([name]) => name).filter((name) => !mayNameGateway.has(name))).toEqual([])
          expect(JSON.stringify(plan.files.filter((file) => file.contents !== instructions))).not.toContain(place.proxyOrigin)
          expect(written).not.toContain(SENTINEL_KEY)
          expect(harness.proxyVariables.filter((name) => name in plan.env)).toEqual([])
          expect(Object.keys(plan.env).filter((name) => /BASE_URL|_API_KEY|_AUTH_TOKEN/.test(name))).toEqual([])
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(cases.map((each) => [each.harness, each.delivery.via, each] as const))(
    '%s via %s writes below its home alone',
    (_harness, _via, chosen) => {
      const plan = planLaunch(runGrant({ ...chosen, instructions: 'x' }), place)
      for (const { path, mode } of plan.files) {
        expect(path.startsWith(`${place.home}/`)).toBe(true)
        expect(path).not.toContain('..')
        expect(mode).toBe(0o600)
      }
    },
  )
})
