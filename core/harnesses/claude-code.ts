/**
 * Claude Code sends its native login to ANTHROPIC_BASE_URL when both are present, so
 * the two never meet: an API key goes by proxy with base URL and sentinel, a login
 * file or subscription token gets an environment without any of these variables.
 */
import { isOwnPage, plainLines, type GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'
import { defineHarness, type LoginCheck, type NativeSetup, type Place, type ProxySetup, type Setup } from '#core/harnesses/harness.ts'

const configDir = (place: Place) => `${place.home}/.claude`

/**
 * The model of each tier that Claude Code offers, and of what it asks for by itself (the small one for titles and
 * summaries, those that judge commands), in the words of the models that are let through: none of them is hard-wired.
 */
function tiers({ models, model }: ProxySetup): Record<string, string> {
  const tier = (word: string) => models.find((each) => each.id.includes(word))?.id ?? model.id
  return {
    ANTHROPIC_DEFAULT_OPUS_MODEL: tier('opus'),
    ANTHROPIC_DEFAULT_SONNET_MODEL: tier('sonnet'),
    ANTHROPIC_DEFAULT_FABLE_MODEL: tier('fable'),
    ANTHROPIC_DEFAULT_HAIKU_MODEL: tier('haiku'),
    CLAUDE_CODE_AUTO_MODE_MODEL: tier('sonnet'),
    CLAUDE_CODE_BG_CLASSIFIER_MODEL: tier('haiku'),
    // Keeps a choice that is none of the tiers as it was made, instead of matching it to one of them.
    ANTHROPIC_CUSTOM_MODEL_OPTION: model.id,
  }
}

function throughProxy(given: ProxySetup): Setup {
  return {
    env: {
      ANTHROPIC_BASE_URL: given.baseUrl,
      ANTHROPIC_AUTH_TOKEN: given.sentinelKey,
      ANTHROPIC_MODEL: given.model.id,
      ...tiers(given),
    },
    files: [],
  }
}

const chosenModel = (model: string | null): Record<string, string> => (model ? { ANTHROPIC_MODEL: model } : {})

function withLogin({ place, model, contents }: NativeSetup & { contents: string }): Setup {
  return { env: chosenModel(model), files: [{ path: `${configDir(place)}/.credentials.json`, contents, mode: 0o600 }] }
}

function withToken({ model, token }: NativeSetup & { token: string }): Setup {
  return { env: { CLAUDE_CODE_OAUTH_TOKEN: token, ...chosenModel(model) }, files: [] }
}

const ownModels = { provider: 'anthropic', dialect: 'anthropic-messages' } as const

/**
 * `claude auth login` prints a link and takes, on its standard input, the code that the page behind it shows.
 * `claude setup-token` needs a terminal, so a subscription token is made on one's own machine and pasted.
 */
const pastedLogin: GuidedSignIn = {
  asks: 'paste',
  answer: /^[\w-]{4,500}#[\w-]{4,500}$/,
  // The program itself, without its ACP adapter, which has no such command.
  command: ({ harnessDir, platform, arch }) => ({
    command: `${harnessDir}/node_modules/@anthropic-ai/claude-agent-sdk-${platform}-${arch}/claude`,
    args: ['auth', 'login'],
  }),
  hosts: ['platform.claude.com:443', 'api.anthropic.com:443'],
  pages: ['https://claude.com/', 'https://claude.ai/', 'https://platform.claude.com/'],
  read(output) {
    for (const line of plainLines(output)) {
      const url = /https:\/\/\S+$/.exec(line)?.[0]
      if (url && isOwnPage(pastedLogin, url)) return { url, userCode: null }
    }
    return null
  },
}

/** A subscription token may only think; asked for the profile, the vendor says so of a good one, and 401 to any other. */
const profileCheck: LoginCheck = {
  url: 'https://api.anthropic.com/api/oauth/profile',
  headers: () => ({}),
  person: ['account', 'uuid'],
  takenIn403: /scope requirement/,
}

export const claudeCode = defineHarness({
  id: 'claude-code',
  name: 'Claude Code',
  maker: 'Anthropic',
  isTesting: false,
  package: { name: '@agentclientprotocol/claude-agent-acp', version: '0.100.0' },
  nodeMajor: 22,
  start: ({ nodePath, harnessDir }) => ({
    command: nodePath,
    args: [`${harnessDir}/node_modules/@agentclientprotocol/claude-agent-acp/dist/index.js`],
  }),
  env: (place) => ({
    CLAUDE_CONFIG_DIR: configDir(place),
    // Without it: probes of the base URL, feature look-ups and an MCP registry at Anthropic.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }),
  instructionsPath: '.claude/CLAUDE.md',
  accepts: [
    { kind: 'api-key', via: 'proxy', dialects: ['anthropic-messages'], configure: throughProxy },
    {
      kind: 'auth-file',
      via: 'file',
      format: 'claude',
      path: '.claude/.credentials.json',
      mode: 0o600,
      serves: ownModels,
      hosts: ['api.anthropic.com:443', 'platform.claude.com:443'],
      refresh: { by: 'program' },
      check: profileCheck,
      signIn: pastedLogin,
      configure: withLogin,
    },
    {
      kind: 'oauth-token',
      via: 'env',
      issuer: 'anthropic',
      variable: 'CLAUDE_CODE_OAUTH_TOKEN',
      serves: ownModels,
      hosts: ['api.anthropic.com:443'],
      check: profileCheck,
      configure: withToken,
    },
  ],
  proxyVariables: ['ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'ANTHROPIC_CUSTOM_HEADERS'],
  preferredModels: ['claude-opus-5-5', 'anthropic/claude-opus-5.5'],
  backgroundModels: [],
  modelOption: { id: 'model', valueOf: (modelId) => modelId },
  effortOption: 'effort',
  modes: [
    { id: 'default', name: 'Ask before changes', asks: true },
    { id: 'acceptEdits', name: 'Edit without asking', asks: false },
    { id: 'plan', name: 'Plan only', asks: true },
    { id: 'auto', name: 'Decide by itself', asks: false },
  ],
  defaultMode: 'default',
  mcp: { stdio: true, http: true, sse: true },
  sessions: { canLoad: true, canResume: true, canList: true, canClose: true },
  stopsWhenAsked: true,
  limits: [
    'A provider that is busy is asked again for up to a minute before the turn fails.',
    'A subscription token is made on a terminal only, so it is pasted.',
  ],
})
