/** Connections as tests name them: everything given that a test does not speak of. */
import type { Attachment, Credential } from '#core/connections/connection.ts'
import { acceptance, type Harness, type Place } from '#core/harnesses/harness.ts'
import { ChatId, CredentialId, ProjectId, RunId } from '#core/ids.ts'
import type { DeliveryGrant, RunGrant } from '#core/links/daemon.ts'
import { modelsFor } from '#core/models/catalog.ts'
import { providers } from '#core/providers/presets.ts'
import { fit } from '#core/connections/connection.ts'

export const credential = (given: Partial<Credential> = {}): Credential => ({
  credentialId: 'credential',
  version: 1,
  name: 'Key',
  kind: 'api-key',
  provider: 'openai',
  format: null,
  issuer: null,
  baseUrl: null,
  dialect: null,
  models: [],
  isReadable: true,
  brokenCode: null,
  isExpired: false,
  ...given,
})

export const attachment = (given: Partial<Attachment> = {}): Attachment => ({
  connectionId: `attachment-${given.scope ?? 'user'}`,
  scope: 'user',
  harness: 'codex',
  isEnabled: true,
  isShared: false,
  credential: credential(),
  settings: {},
  ...given,
})

export const place: Place = {
  home: '/run/home',
  workdir: '/run/work',
  proxyOrigin: 'http://127.0.0.1:8377',
  harnessDir: '/harnesses/it/1',
  nodePath: '/opt/node/bin/node',
  mcpBridge: '/opt/mcp-bridge.mts',
  platform: 'linux',
  arch: 'x64',
}

export const runGrant = (given: Partial<RunGrant> & { harness: string; delivery: DeliveryGrant }): RunGrant => ({
  runId: RunId.parse('01890000-0000-7000-8000-000000000001'),
  chatId: ChatId.parse('01890000-0000-7000-8000-000000000002'),
  projectId: ProjectId.parse('project'),
  credentialId: CredentialId.parse('credential'),
  credentialVersion: 1,
  model: null,
  settings: {},
  repositoryUrl: null,
  branch: null,
  instructions: '',
  agentSessionId: null,
  privateHosts: [],
  mcpToken: null,
  mcpServers: [],
  ...given,
})

/** Every way in which a harness can be given a credential: a preset or mirror per dialect, each login file, each token. */
export function deliveriesOf(harness: Harness): DeliveryGrant[] {
  const keys = [...providers.map(({ id }) => credential({ provider: id })), ...mirrorsOf(harness)]
  return [
    ...keys.flatMap((key): DeliveryGrant[] => {
      const found = fit(harness, key)
      if (found?.via !== 'proxy') return []
      const { provider, dialect } = found
      return [{ via: 'proxy', provider, dialect, wstoken: 'wst_secret', models: modelsFor({ harness, provider, dialect }) }]
    }),
    ...acceptance(harness, 'auth-file').map(({ format }): DeliveryGrant => ({ via: 'file', format, contents: '{"login":"native"}' })),
    ...acceptance(harness, 'oauth-token').map(({ issuer }): DeliveryGrant => ({ via: 'env', issuer, token: 'native-token' })),
  ]
}

const mirrorsOf = (harness: Harness): Credential[] =>
  acceptance(harness, 'api-key')
    .flatMap(({ dialects }) => dialects)
    .map((dialect) => credential({ provider: 'custom', baseUrl: 'https://llm.example.org', dialect }))
