/**
 * The last look before a start, independent of the planner: a native login and
 * anything that points to a proxy must never meet, or the login is sent to it.
 */
import type { LaunchPlan } from '#core/connections/launch.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { loginTokenPath } from '#core/links/login-routes.ts'

/** By name alone, for harnesses whose registry entry forgets one. */
const pointsElsewhere = /(_BASE_URL|_API_BASE|_API_KEY|_AUTH_TOKEN|_PROXY_KEY)$/
const isWebProxy = /^(https?|all)_proxy$/i
const isRefreshUrl = /REFRESH_TOKEN_URL/
/** What a file of settings would send a login away with. */
const namesProvider = /base_?url|model_providers|openai_base|api_?key/i

type Looked = { plan: LaunchPlan; harness: Harness; delivery: DeliveryGrant; proxyOrigin: string }

/** @throws harness.start-failed naming the breach, never a value */
export function checkBoundary(looked: Looked): void {
  const { harness, delivery } = looked
  const breach = breachOfFiles(looked) ?? (delivery.via === 'proxy' ? breachOfProxy(looked) : breachOfLogin(looked))
  if (breach) throw new DomainError('harness.start-failed', { harness: harness.id, breach })
}

function breachOfFiles({ plan }: Looked): string | null {
  const home = plan.env['HOME'] ?? ''
  for (const { path, mode } of plan.files) {
    if (!path.startsWith(`${home}/`) || path.split('/').includes('..')) return 'a file outside its home'
    if (mode !== 0o600) return 'a file that others could read'
  }
  return null
}

function breachOfProxy({ plan, harness }: Looked): string | null {
  if (plan.proxyRoute === null) return 'a proxied run without a route'
  for (const each of harness.accepts) {
    if (each.via === 'file' && plan.files.some((file) => file.path.endsWith(`/${each.path}`)))
      return `the login file ${each.path} beside a proxy`
    if (each.via === 'env' && plan.env[each.variable] !== undefined) return `${each.variable} beside a proxy`
  }
  for (const [name, value] of Object.entries(plan.env)) {
    // Whatever looks like a key must be the sentinel: a real one has no business in a workspace.
    if (/(_KEY|_TOKEN|_SECRET)$/.test(name) && value !== SENTINEL_KEY) return `${name} is not the sentinel`
    // A tunnel is a login's way to its vendor; whoever is proxied has nobody to dial.
    if (isWebProxy.test(name) || isRefreshUrl.test(name)) return `${name} beside a proxy`
  }
  return null
}

function breachOfLogin({ plan, harness, delivery, proxyOrigin }: Looked): string | null {
  if (plan.proxyRoute !== null) return 'a native login with a proxy route'
  const login = harness.accepts.find((each) => each.via === 'file' && delivery.via === 'file' && each.format === delivery.format)
  const loginPath = login?.via === 'file' ? login.path : null
  const lies = (path: string): boolean => plan.files.some((file) => file.path.endsWith(`/${path}`))
  if (delivery.via === 'file' && (loginPath === null || !lies(loginPath))) return 'a login file that is not written'
  for (const each of harness.accepts) {
    if (each.via === 'file' && each.path !== loginPath && lies(each.path)) return `the login file ${each.path} beside another login`
  }
  for (const [name, value] of Object.entries(plan.env)) {
    const breach = breachOfVariable({ name, value, harness, delivery, proxyOrigin })
    if (breach) return breach
  }
  for (const { path, contents } of plan.files) {
    if (path.endsWith(`/${harness.instructionsPath}`)) continue
    if (contents.includes(proxyOrigin)) return 'a file names the proxy beside a native login'
    if (!path.endsWith(`/${loginPath}`) && namesProvider.test(contents)) return 'a file names a provider beside a native login'
  }
  return null
}

function breachOfVariable({
  name,
  value,
  harness,
  delivery,
  proxyOrigin,
}: Omit<Looked, 'plan'> & { name: string; value: string }): string | null {
  const beside = `${name} beside a native login`
  for (const each of harness.accepts) {
    if (each.via === 'env' && each.variable === name) return delivery.via === 'env' && each.issuer === delivery.issuer ? null : beside
    if (each.via === 'file' && each.refresh.by === 'broker' && each.refresh.variable === name) {
      const isOwn = delivery.via === 'file' && delivery.format === each.format && value === proxyOrigin + loginTokenPath(each.format)
      return isOwn ? null : beside
    }
  }
  if (/^https_proxy$/i.test(name)) return value === new URL(proxyOrigin).origin ? null : beside
  if (harness.proxyVariables.includes(name) || pointsElsewhere.test(name) || isWebProxy.test(name) || isRefreshUrl.test(name)) return beside
  return value.includes(proxyOrigin) ? `${name} names the proxy beside a native login` : null
}
