/**
 * OpenCode takes its whole configuration from one variable. It allows every tool by
 * default, so the plan asks it to ask. Every dialect of ours it speaks through the
 * AI SDK package of that dialect, under a provider name of our own, so that no login
 * it may hold for a vendor is ever matched to our base URL.
 */
import { defineHarness, type NativeSetup, type Place, type ProxySetup, type Setup } from '#core/harnesses/harness.ts'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'

const KEY_VARIABLE = 'GATEHOUSE_PROXY_KEY'
const PROVIDER = 'gatehouse'

/** These ship inside the program; any other would be fetched from the npm registry at run time. */
const packages: Readonly<Record<ProxiedDialect, string>> = {
  'openai-chat': '@ai-sdk/openai-compatible',
  'openai-responses': '@ai-sdk/openai',
  'anthropic-messages': '@ai-sdk/anthropic',
  'gemini-generate': '@ai-sdk/google',
}

/** The AI SDK wants the version in the base URL, in every dialect. */
const versions: Readonly<Record<ProxiedDialect, string>> = {
  'openai-chat': '',
  'openai-responses': '',
  'anthropic-messages': '/v1',
  'gemini-generate': '/v1beta',
}

/** Holds with every credential: it asks before it acts, and fetches and shares nothing by itself. */
const manners = { share: 'disabled', autoupdate: false, permission: { edit: 'ask', bash: 'ask', webfetch: 'ask' } }

const named = (modelId: string) => `${PROVIDER}/${modelId}`

function throughProxy({ dialect, baseUrl, sentinelKey, reportsUsageUnasked, models, model }: ProxySetup): Setup {
  const config = {
    ...manners,
    model: named(model.id),
    small_model: named(model.id),
    enabled_providers: [PROVIDER],
    provider: {
      [PROVIDER]: {
        npm: packages[dialect],
        name: 'Gatehouse',
        options: {
          baseURL: `${baseUrl}${versions[dialect]}`,
          apiKey: `{env:${KEY_VARIABLE}}`,
          // OpenCode asks for usage unless it is told not to.
          ...(reportsUsageUnasked && { includeUsage: false }),
        },
        models: Object.fromEntries(
          models.map((each) => [
            each.id,
            { name: each.name, tool_call: true, limit: { context: each.contextTokens, output: each.outputTokens } },
          ]),
        ),
      },
    },
  }
  return { env: { OPENCODE_CONFIG_CONTENT: JSON.stringify(config), [KEY_VARIABLE]: sentinelKey }, files: [] }
}

/** The vendors that a login file is for; null when it cannot be told. */
function vendorsIn(contents: string): string[] | null {
  try {
    const logins: unknown = JSON.parse(contents)
    return typeof logins === 'object' && logins !== null ? Object.keys(logins) : null
  } catch {
    return null
  }
}

/**
 * The login of `opencode auth login`; its models are named `<vendor>/<model>`. OpenCode prefers free models of its
 * maker's to those of the login, so it is told whose models it may use.
 */
function withLogin({ place, model, contents }: NativeSetup & { contents: string }): Setup {
  const vendors = vendorsIn(contents)
  return {
    env: {},
    files: [
      { path: `${place.home}/.local/share/opencode/auth.json`, contents, mode: 0o600 },
      {
        path: `${place.home}/.config/opencode/opencode.json`,
        contents: JSON.stringify({ ...manners, ...(vendors && { enabled_providers: vendors }), ...(model ? { model } : {}) }),
        mode: 0o600,
      },
    ],
  }
}

const programOf = ({ harnessDir, platform, arch }: Place) =>
  `${harnessDir}/node_modules/opencode-${platform === 'win32' ? 'windows' : platform}-${arch}/bin/opencode`

export const opencode = defineHarness({
  id: 'opencode',
  name: 'OpenCode',
  maker: 'Anomaly',
  isTesting: false,
  package: { name: 'opencode-ai', version: '1.18.33' },
  nodeMajor: null,
  // The package's own `bin` is only finished by an install script, which we never run.
  start: (place) => ({ command: programOf(place), args: ['acp'] }),
  env: ({ home }) => ({
    XDG_DATA_HOME: `${home}/.local/share`,
    XDG_CONFIG_HOME: `${home}/.config`,
    XDG_CACHE_HOME: `${home}/.cache`,
    XDG_STATE_HOME: `${home}/.local/state`,
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  }),
  instructionsPath: '.config/opencode/AGENTS.md',
  accepts: [
    {
      kind: 'api-key',
      via: 'proxy',
      dialects: ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'],
      configure: throughProxy,
    },
    {
      kind: 'auth-file',
      via: 'file',
      format: 'opencode',
      path: '.local/share/opencode/auth.json',
      mode: 0o600,
      serves: null,
      // Its logins are those of GitHub Copilot, ChatGPT and Claude.
      hosts: [
        'api.githubcopilot.com:443',
        'api.github.com:443',
        'chatgpt.com:443',
        'auth.openai.com:443',
        'api.anthropic.com:443',
        'console.anthropic.com:443',
      ],
      refresh: { by: 'program' },
      // Several vendors in one file, each with questions of its own.
      check: null,
      // `opencode auth login` draws its questions on a terminal.
      signIn: null,
      configure: withLogin,
    },
  ],
  proxyVariables: [KEY_VARIABLE, 'OPENCODE_CONFIG_CONTENT', 'OPENCODE_AUTH_CONTENT'],
  preferredModels: ['claude-sonnet-5-5', 'gpt-6.1-sol', 'anthropic/claude-sonnet-5.5', 'gemini-4-argon'],
  backgroundModels: [],
  modelOption: { id: 'model', valueOf: (modelId, via) => (via === 'proxy' ? named(modelId) : modelId) },
  effortOption: null,
  modes: [
    { id: 'build', name: 'Ask before changes', asks: true },
    { id: 'plan', name: 'Plan only', asks: true },
  ],
  defaultMode: 'build',
  mcp: { stdio: true, http: true, sse: true },
  sessions: { canLoad: true, canResume: true, canList: true, canClose: true },
  stopsWhenAsked: true,
  limits: [
    'MCP tools run without asking.',
    'A rejected permission ends the turn without a word.',
    'It signs in on a terminal only, so its login is pasted.',
    'A login of it is only read, never tried out: its first chat tells whether its vendors take it.',
    'A login without an account id in its file (GitHub Copilot, Claude) is kept up only while its refresh token stays the same.',
  ],
})
