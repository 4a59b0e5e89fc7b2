/**
 * For tests alone: only addresses of this machine have names. No test asks a provider on the internet what it thinks
 * of an invented key, and none depends on whether there is an internet.
 */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'

export function closeNetwork(): void {
  const lookup = dns.lookup
  const local = (hostname: string) => hostname === 'localhost' || /^[\d.:a-f]+$/i.test(hostname)
  dns.lookup = ((hostname: string, ...rest: unknown[]) => {
    if (local(hostname)) return Reflect.apply(lookup, dns, [hostname, ...rest]) as void
    const answer = rest.at(-1) as (failure: Error) => void
    setImmediate(() => answer(Object.assign(new Error(`No test looks up ${hostname}`), { code: 'ENOTFOUND' })))
  }) as typeof dns.lookup
  syncBuiltinESMExports()
}
