/**
 * An agent that does what its prompt spells out, for the tests of everything around
 * it: crashes, silence, odd updates. It comes with the daemon
 * (`agent/testing/scripted-agent.ts`) and takes every credential kind.
 */
import { defineHarness, type ProxySetup, type Setup } from '#core/harnesses/harness.ts'

const throughProxy = ({ dialect, baseUrl, sentinelKey, model }: ProxySetup): Setup => ({
  env: { SCRIPTED_BASE_URL: baseUrl, SCRIPTED_KEY: sentinelKey, SCRIPTED_DIALECT: dialect, SCRIPTED_MODEL: model.id },
  files: [],
})

export const scripted = defineHarness({
  id: 'scripted',
  name: 'Scripted agent',
  maker: 'Gatehouse',
  isTesting: true,
  package: null,
  nodeMajor: 24,
  start: ({ nodePath, harnessDir }) => ({ command: nodePath, args: [`${harnessDir}/scripted-agent.ts`] }),
  env: ({ home }) => ({ SCRIPTED_STATE: `${home}/scripted.json` }),
  instructionsPath: 'INSTRUCTIONS.md',
  accepts: [
    { kind: 'api-key', via: 'proxy', dialects: ['openai-responses', 'anthropic-messages', 'openai-chat'], configure: throughProxy },
    {
      kind: 'auth-file',
      via: 'file',
      format: 'scripted',
      path: '.scripted/login.json',
      mode: 0o600,
      serves: null,
      hosts: [],
      refresh: { by: 'program' },
      check: null,
      signIn: null,
      configure: ({ place, contents }) => ({ env: {}, files: [{ path: `${place.home}/.scripted/login.json`, contents, mode: 0o600 }] }),
    },
    {
      kind: 'oauth-token',
      via: 'env',
      issuer: 'scripted',
      variable: 'SCRIPTED_TOKEN',
      serves: null,
      hosts: [],
      check: null,
      configure: ({ token }) => ({ env: { SCRIPTED_TOKEN: token }, files: [] }),
    },
  ],
  proxyVariables: ['SCRIPTED_BASE_URL', 'SCRIPTED_KEY'],
  preferredModels: [],
  backgroundModels: [],
  modelOption: { id: 'model', valueOf: (modelId) => modelId },
  effortOption: null,
  modes: [{ id: 'default', name: 'As scripted', asks: true }],
  defaultMode: 'default',
  mcp: { stdio: true, http: true, sse: true },
  sessions: { canLoad: true, canResume: true, canList: true, canClose: true },
  stopsWhenAsked: true,
  limits: [],
})
