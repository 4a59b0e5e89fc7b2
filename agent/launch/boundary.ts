/**
 * The last look before a start, independent of the planner: a native login and
 * anything that points to a proxy must never meet, or the login is sent to it.
 */
import type { LaunchPlan } from '#core/connections/launch.ts'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import type { DeliveryGrant } from '#core/links/daemon.ts'

/** By name alone, for harnesses whose registry entry forgets one. */
const pointsElsewhere = /(_BASE_URL|_API_BASE|_API_KEY|_AUTH_TOKEN|_PROXY_KEY)$/
const isWebProxy = /^(https?|all)_proxy$/i

/** @throws harness.start-failed naming the breach, never a value */
export function checkBoundary({
  plan,
  harness,
  delivery,
  proxyOrigin,
}: {
  plan: LaunchPlan
  harness: Harness
  delivery: DeliveryGrant
  proxyOrigin: string
}): void {
  const breach = delivery.via === 'proxy' ? breachOfProxy({ plan, harness }) : breachOfLogin({ plan, harness, proxyOrigin })
  if (breach) throw new DomainError('harness.start-failed', { harness: harness.id, breach })
}

function breachOfProxy({ plan, harness }: { plan: LaunchPlan; harness: Harness }): string | null {
  if (plan.proxyRoute === null) return 'a proxied run without a route'
  for (const each of harness.accepts) {
    if (each.via === 'file' && plan.files.some((file) => file.path.endsWith(`/${each.path}`)))
      return `the login file ${each.path} beside a proxy`
    if (each.via === 'env' && plan.env[each.variable] !== undefined) return `${each.variable} beside a proxy`
  }
  // Whatever looks like a key must be the sentinel: a real one has no business in a workspace.
  for (const [name, value] of Object.entries(plan.env)) {
    if (/(_KEY|_TOKEN|_SECRET)$/.test(name) && value !== SENTINEL_KEY) return `${name} is not the sentinel`
  }
  return null
}

function breachOfLogin({ plan, harness, proxyOrigin }: { plan: LaunchPlan; harness: Harness; proxyOrigin: string }): string | null {
  if (plan.proxyRoute !== null) return 'a native login with a proxy route'
  const own = new Set(harness.accepts.flatMap((each) => (each.via === 'env' ? [each.variable] : [])))
  for (const [name, value] of Object.entries(plan.env)) {
    if (own.has(name)) continue
    if (harness.proxyVariables.includes(name) || pointsElsewhere.test(name) || isWebProxy.test(name)) return `${name} beside a native login`
    if (value.includes(proxyOrigin)) return `${name} names the proxy beside a native login`
  }
  const naming = plan.files.find((file) => file.contents.includes(proxyOrigin))
  return naming ? 'a file names the proxy beside a native login' : null
}
