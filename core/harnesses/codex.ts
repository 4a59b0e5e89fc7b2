/**
 * Codex takes two credentials that only look alike. An API key goes through our
 * proxy and is metered there; an auth file is Codex's own login, so it is
 * written to disk as Codex wrote it, and no proxy variable is set beside it.
 *
 * OPENAI_BASE_URL is ignored by Codex, and ACP `authenticate` with an API key would
 * overwrite auth.json: both are why the proxy is a provider of its own in config.toml.
 */
import { z } from 'zod'
import { isOwnPage, plainLines, type GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'
import { defineHarness, type LoginCheck, type NativeSetup, type Place, type ProxySetup, type Setup } from '#core/harnesses/harness.ts'
import { loginTokenPath } from '#core/links/login-routes.ts'

const KEY_VARIABLE = 'GATEHOUSE_PROXY_KEY'
const PROVIDER = 'gatehouse'
const FORMAT = 'codex'
const REFRESH_VARIABLE = 'CODEX_REFRESH_TOKEN_URL_OVERRIDE'

const codexHome = (place: Place) => `${place.home}/.codex`
/** JSON strings are valid basic strings of TOML. */
const quoted = (text: string) => JSON.stringify(text)

/** Without these, every start asks chatgpt.com and github.com for plugins, apps and updates. */
const quiet = ['check_for_update_on_startup = false', '[analytics]', 'enabled = false', '[features]', 'plugins = false', 'apps = false']

const configFile = (place: Place, lines: readonly string[]) => ({
  path: `${codexHome(place)}/config.toml`,
  contents: `${lines.join('\n')}\n`,
  mode: 0o600,
})

function effort(settings: ProxySetup['settings']): string[] {
  return settings['effort'] ? [`model_reasoning_effort = ${quoted(settings['effort'])}`] : []
}

function throughProxy({ place, baseUrl, sentinelKey, model, settings }: ProxySetup): Setup {
  return {
    env: { [KEY_VARIABLE]: sentinelKey },
    files: [
      configFile(place, [
        `model = ${quoted(model.id)}`,
        `model_provider = ${quoted(PROVIDER)}`,
        ...effort(settings),
        ...quiet,
        `[model_providers.${PROVIDER}]`,
        'name = "Gatehouse"',
        `base_url = ${quoted(baseUrl)}`,
        `env_key = ${quoted(KEY_VARIABLE)}`,
        'wire_api = "responses"',
        // The proxy's word is final; repeating it would only hide the failure for minutes.
        'request_max_retries = 0',
        'stream_max_retries = 0',
      ]),
    ],
  }
}

/** A refresh goes to our broker, since the file holds no refresh token that the vendor would know. */
function withLogin({ place, model, settings, contents }: NativeSetup & { contents: string }): Setup {
  return {
    env: { [REFRESH_VARIABLE]: `${place.proxyOrigin}${loginTokenPath(FORMAT)}` },
    files: [
      { path: `${codexHome(place)}/auth.json`, contents, mode: 0o600 },
      configFile(place, [...(model ? [`model = ${quoted(model)}`] : []), ...effort(settings), ...quiet]),
    ],
  }
}

/**
 * `codex login --device-auth` prints a link and a one-time code, and asks auth.openai.com every few seconds whether
 * somebody has entered it, for fifteen minutes. It needs no terminal.
 */
const deviceLogin: GuidedSignIn = {
  asks: 'confirm',
  answer: null,
  command: ({ nodePath, harnessDir }) => ({
    command: nodePath,
    args: [`${harnessDir}/node_modules/@openai/codex/bin/codex.js`, 'login', '--device-auth'],
  }),
  hosts: ['auth.openai.com:443'],
  pages: ['https://auth.openai.com/'],
  read(output) {
    const lines = plainLines(output)
    const url = lines.find((line) => isOwnPage(deviceLogin, line))
    const userCode = lines.find((line) => /^[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8}){1,3}$/.test(line))
    return url && userCode ? { url, userCode } : null
  },
}

const Accounts = z.object({ accounts: z.array(z.object({ id: z.string(), is_deactivated: z.boolean().nullish() })) })

/** What Codex itself asks first; without an answer no prompt of its goes anywhere. */
const accountCheck: LoginCheck = {
  url: 'https://chatgpt.com/backend-api/wham/accounts/check',
  headers: (account) => ({ 'user-agent': 'codex-cli', ...(account !== null && { 'chatgpt-account-id': account }) }),
  person: null,
  isClosed: (answer, account) =>
    Accounts.safeParse(answer).data?.accounts.some(({ id, is_deactivated: isClosed }) => id === account && isClosed) ?? false,
}

export const codex = defineHarness({
  id: 'codex',
  name: 'Codex',
  maker: 'OpenAI',
  isTesting: false,
  package: { name: '@agentclientprotocol/codex-acp', version: '2.6.0' },
  nodeMajor: 20,
  start: ({ nodePath, harnessDir }) => ({
    command: nodePath,
    args: [`${harnessDir}/node_modules/@agentclientprotocol/codex-acp/dist/index.js`],
  }),
  env: (place) => ({ CODEX_HOME: codexHome(place) }),
  instructionsPath: '.codex/AGENTS.md',
  accepts: [
    { kind: 'api-key', via: 'proxy', dialects: ['openai-responses'], configure: throughProxy },
    {
      kind: 'auth-file',
      via: 'file',
      format: FORMAT,
      path: '.codex/auth.json',
      mode: 0o600,
      serves: { provider: 'openai', dialect: 'openai-responses' },
      hosts: ['chatgpt.com:443'],
      refresh: {
        by: 'broker',
        variable: REFRESH_VARIABLE,
        tokenUrl: 'https://auth.openai.com/oauth/token',
        clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
      },
      check: accountCheck,
      signIn: deviceLogin,
      configure: withLogin,
    },
  ],
  proxyVariables: [KEY_VARIABLE, 'OPENAI_BASE_URL', 'OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_CONFIG', 'MODEL_PROVIDER'],
  // Codex knows these by name; for any other it adds a warning to every answer.
  preferredModels: ['gpt-6.1-sol', 'openai/gpt-6.1-sol', 'gpt-6-sol'],
  // Names its threads with it, whatever the provider; no key of its configuration names another.
  backgroundModels: ['gpt-5.6-luna'],
  modelOption: { id: 'model', valueOf: (modelId) => modelId },
  effortOption: 'reasoning_effort',
  modes: [
    { id: 'read-only', name: 'Ask before changes', asks: true },
    { id: 'agent', name: 'Work in the directory', asks: false },
    { id: 'agent-full-access', name: 'Full access', asks: false },
  ],
  defaultMode: 'agent',
  mcp: { stdio: true, http: true, sse: false },
  sessions: { canLoad: true, canResume: true, canList: true, canClose: true },
  stopsWhenAsked: true,
  limits: [
    'Rejecting one permission ends the whole turn.',
    'A model that Codex does not know by name works, with a warning in each answer.',
    'MCP tools run without asking.',
    'With a login it reaches chatgpt.com alone: a workspace that OpenAI keeps at another host does not work.',
  ],
})
