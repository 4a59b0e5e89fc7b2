/**
 * What to start, and with what: the whole of a process's surroundings, computed from the
 * grant. Pure. Nothing is inherited, so what is not named here does not exist for the agent.
 *
 * A plan carries either a proxy route or a native login. The union below cannot express
 * both, and `agent/launch/boundary.ts` refuses such a plan once more before it starts.
 */
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { DomainError } from '#core/errors.ts'
import {
  acceptance,
  loginFileOf,
  type Harness,
  type OfferedModel,
  type Place,
  type PlacedFile,
  type Setup,
} from '#core/harnesses/harness.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import type { DeliveryGrant, RunGrant } from '#core/links/daemon.ts'
import { MCP_PATH, ownMcpPath } from '#core/links/mcp-route.ts'
import { isProxied, proxySegments, type ProxiedDialect } from '#core/links/proxy-routes.ts'
import { presetById } from '#core/providers/presets.ts'

/**
 * An MCP server that the run reaches through its gateway. It is handed over by `url` to a program that takes HTTP, else as
 * `bridge`, a program of ours that speaks it over stdio; null where the harness takes no programs. Neither holds a secret:
 * who speaks through the gateway is that run, and whatever opens the server is put in behind it.
 */
export type PlannedMcpServer = {
  name: string
  url: string
  bridge: { command: string; args: readonly string[]; env: Readonly<Record<string, string>> } | null
}

type Surroundings = {
  command: string
  args: readonly string[]
  cwd: string
  /** Complete: the process gets these variables and no other. */
  env: Readonly<Record<string, string>>
  files: readonly PlacedFile[]
  /**
   * Absolute paths that must not exist at the start. A home outlives a run, so the login
   * or the instructions of an earlier run of this chat may still lie there.
   */
  absent: readonly string[]
  mcpServers: readonly PlannedMcpServer[]
  /** The model it starts with; null when a native login leaves it to the program. */
  model: string | null
  /** ACP mode and effort to set once the session is open, where they differ from the program's own. */
  mode: string | null
  effort: string | null
}

type Route = { via: 'proxy'; proxyRoute: { dialect: ProxiedDialect; baseUrl: string } } | { via: 'file' | 'env'; proxyRoute: null }

export type LaunchPlan = Surroundings & Route

type Planned = { setup: Setup; model: string | null; route: Route }

/**
 * @throws harness.unknown; connection.refused-by-harness when the harness does not take this delivery;
 *   model.not-allowed when the grant's model is not among those that it lets through
 */
export function planLaunch(grant: RunGrant, place: Place): LaunchPlan {
  const harness = findHarness(grant.harness)
  if (!harness) throw new DomainError('harness.unknown', { harness: grant.harness })
  const { setup, model, route } = planDelivery(harness, grant, place)
  const { command, args } = harness.start(place)
  const files = [...setup.files, ...instructionFiles(harness, grant.instructions, place)]
  return {
    command,
    args,
    cwd: place.workdir,
    env: { ...usualEnv(place), ...harness.env(place), ...(route.via === 'proxy' ? {} : wayOut(place)), ...setup.env },
    files,
    absent: possiblePaths(harness, place).filter((path) => !files.some((file) => file.path === path)),
    mcpServers: plannedServers(harness, grant, place),
    model,
    mode: grant.settings['mode'] ?? harness.defaultMode,
    effort: grant.settings['effort'] ?? null,
    ...route,
  }
}

function planDelivery(harness: Harness, grant: RunGrant, place: Place): Planned {
  const { delivery, settings } = grant
  switch (delivery.via) {
    case 'proxy':
      return planProxy(harness, grant, delivery, place)
    case 'file': {
      const taken = loginFileOf(harness, delivery.format)
      if (!taken) throw refused(harness)
      const model = grant.model ?? settings['model'] ?? null
      return {
        route: { via: 'file', proxyRoute: null },
        model,
        setup: taken.configure({ place, model, settings, contents: delivery.contents }),
      }
    }
    case 'env': {
      const taken = acceptance(harness, 'oauth-token').find((each) => each.issuer === delivery.issuer)
      if (!taken) throw refused(harness)
      const model = grant.model ?? settings['model'] ?? null
      return { route: { via: 'env', proxyRoute: null }, model, setup: taken.configure({ place, model, settings, token: delivery.token }) }
    }
  }
}

function planProxy(harness: Harness, grant: RunGrant, delivery: Extract<DeliveryGrant, { via: 'proxy' }>, place: Place): Planned {
  const { dialect, models } = delivery
  const taken = acceptance(harness, 'api-key').find((each) => each.dialects.some((spoken) => spoken === dialect))
  if (!taken || !isProxied(dialect)) throw refused(harness)
  const model = chooseModel(harness, grant, models)
  const baseUrl = `${place.proxyOrigin}/ai/${proxySegments[dialect]}`
  const endpoint = presetById(delivery.provider)?.endpoints.find((each) => each.dialect === dialect)
  const reportsUsageUnasked = endpoint?.reportsUsageUnasked ?? false
  return {
    route: { via: 'proxy', proxyRoute: { dialect, baseUrl } },
    model: model.id,
    setup: taken.configure({
      place,
      dialect,
      baseUrl,
      sentinelKey: SENTINEL_KEY,
      reportsUsageUnasked,
      models,
      model,
      settings: grant.settings,
    }),
  }
}

/** The chat's choice must be offered; the connection's is a wish; then the harness's own preference. */
function chooseModel(harness: Harness, grant: RunGrant, models: readonly OfferedModel[]): OfferedModel {
  const offered = (id: string | null | undefined) => models.find((each) => each.id === id)
  if (grant.model !== null) {
    const chosen = offered(grant.model)
    if (!chosen) throw new DomainError('model.not-allowed', { model: grant.model })
    return chosen
  }
  const preferred = [grant.settings['model'], ...harness.preferredModels].find((id) => offered(id))
  const model = offered(preferred) ?? models[0]
  if (!model) throw new DomainError('model.unknown', { model: null })
  return model
}

/** What some run of this harness may have been given, and another may not. */
const possiblePaths = (harness: Harness, { home }: Place): string[] =>
  [...acceptance(harness, 'auth-file').map((each) => each.path), harness.instructionsPath].flatMap((path) =>
    path ? [`${home}/${path}`] : [],
  )

function plannedServers(harness: Harness, grant: RunGrant, { proxyOrigin, nodePath, mcpBridge }: Place): PlannedMcpServer[] {
  if (grant.mcpToken === null || !(harness.mcp.http || harness.mcp.stdio)) return []
  return grant.mcpServers.map(({ name, serverId }) => {
    const url = `${proxyOrigin}${serverId === null ? MCP_PATH : ownMcpPath(serverId)}`
    // Not as an argument: without a sandbox the URL itself is what tells the run.
    const bridge = { command: nodePath, args: [mcpBridge], env: { GATEHOUSE_MCP_URL: url } }
    return { name, url, bridge: harness.mcp.stdio ? bridge : null }
  })
}

const refused = (harness: Harness) => new DomainError('connection.refused-by-harness', { harness: harness.id })

/** What every program of ours gets, whatever it is started for. */
export const usualEnv = ({ home, nodePath }: Place): Record<string, string> => ({
  PATH: [nodePath.slice(0, nodePath.lastIndexOf('/')), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  HOME: home,
  SHELL: '/bin/bash',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  TMPDIR: '/tmp',
  // Nobody sits in front of this process to answer git.
  GIT_TERMINAL_PROMPT: '0',
})

/**
 * A login's way out: tunnels to its own vendor, in which the program's own TLS runs, so that nobody on the way
 * sees the login. No proxied run has one; a guided sign-in has.
 */
export function wayOut({ proxyOrigin, vendorCaFile }: Place): Record<string, string> {
  const { origin } = new URL(proxyOrigin)
  const loopback = '127.0.0.1,localhost'
  return {
    HTTPS_PROXY: origin,
    https_proxy: origin,
    NO_PROXY: loopback,
    no_proxy: loopback,
    ...(vendorCaFile && { CODEX_CA_CERTIFICATE: vendorCaFile, NODE_EXTRA_CA_CERTS: vendorCaFile, SSL_CERT_FILE: vendorCaFile }),
  }
}

/** `host:port` that a run with this delivery may dial by tunnel: its login's own vendor; nothing when it is proxied. */
export function vendorHosts(harness: Harness, delivery: DeliveryGrant): readonly string[] {
  switch (delivery.via) {
    case 'proxy':
      return []
    case 'file':
      return loginFileOf(harness, delivery.format)?.hosts ?? []
    case 'env':
      return acceptance(harness, 'oauth-token').find((each) => each.issuer === delivery.issuer)?.hosts ?? []
  }
}

/** The format of a login whose refresh is our broker's; null where there is nothing to broker. */
export function brokeredFormat(harness: Harness, delivery: DeliveryGrant): string | null {
  const accepted = delivery.via === 'file' ? loginFileOf(harness, delivery.format) : null
  return accepted?.refresh.by === 'broker' ? accepted.format : null
}

const instructionFiles = (harness: Harness, instructions: string, { home }: Place): PlacedFile[] =>
  instructions.trim() && harness.instructionsPath
    ? [{ path: `${home}/${harness.instructionsPath}`, contents: instructions, mode: 0o600 }]
    : []
