/**
 * Whose a login is, where its file does not say: asked of its vendor with the access token in it, which spends nothing.
 * Once known it stays with the login, so that a file which an agent wrote over it cannot bring in somebody else's
 * account. A vendor that does not answer proves nothing: what came back is neither kept nor dropped then.
 * From: `service.ts` when a login is handed out, `sync.ts` when a changed one comes back.
 */
import { accessTokenOf, type LoginFacts } from '#core/connections/login-facts.ts'
import { checkOf } from '#server/logins/brokers.ts'
import { createLoginUpstream } from '#server/logins/upstream.ts'

type Asked = { harness: string; format: string; contents: string }

/** Null where the file says it itself, or nobody can, or the vendor does not know these tokens. */
export async function askWhose({ harness, format, contents }: Asked): Promise<{ person: string | null } | 'unavailable'> {
  const check = checkOf(harness, format)
  const accessToken = accessTokenOf(format, contents)
  if (!check?.person || accessToken === null) return { person: null }
  const upstream = createLoginUpstream()
  try {
    const whose = await upstream.whoseIs({ url: check.url, person: check.person }, accessToken)
    return whose.is === 'unavailable' ? whose.is : { person: whose.is === 'known' ? whose.person : null }
  } finally {
    await upstream.close()
  }
}

/** Where the vendor was not reached, no run waits for it again so soon; nor ever for what it does not know. */
const REST_MS = 60_000
const resting = new Map<string, number>()
const unknown = new Set<string>()
const UNKNOWN_MAX = 10_000

/**
 * The same for tokens that lie in the vault, before a program may have changed them. What comes back from one is asked
 * about every time: a file that an agent wrote must silence the vendor for nobody.
 */
export async function askWhoseStored({
  id,
  loginRevision,
  ...asked
}: Asked & { id: string; loginRevision: number }): Promise<string | null> {
  const vendor = `${asked.harness}/${asked.format}`
  const tokens = `${id}/${loginRevision}`
  if (unknown.has(tokens) || (resting.get(vendor) ?? 0) > performance.now()) return null
  const whose = await askWhose(asked)
  if (whose === 'unavailable') {
    resting.set(vendor, performance.now() + REST_MS)
    return null
  }
  if (whose.person === null) {
    if (unknown.size >= UNKNOWN_MAX) unknown.clear()
    unknown.add(tokens)
  }
  return whose.person
}

/** What the row knows beyond the file: the person, once asked. */
export const withPerson = (facts: LoginFacts, person: string | null): LoginFacts => ({ ...facts, person: facts.person ?? person })
