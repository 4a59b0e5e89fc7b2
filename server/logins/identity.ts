/**
 * Whose a login is, where its file does not say: asked of its vendor with the access token in it, which spends nothing.
 * Once known it stays with the login, so that a file which an agent wrote over it cannot bring in somebody else's
 * account. A vendor that does not answer proves nothing and stops nothing.
 * From: `service.ts` when a login is handed out, `sync.ts` when a changed one comes back.
 */
import { accessTokenOf, type LoginFacts } from '#core/connections/login-facts.ts'
import { profileOf } from '#server/logins/brokers.ts'
import { createLoginUpstream } from '#server/logins/upstream.ts'

export type Asked = { harness: string; format: string; contents: string }

/** Where the vendor was not reached, nobody waits for it again so soon. */
const REST_MS = 60_000
const resting = new Map<string, number>()

/** Null where the file says it itself, or nobody can. */
export async function askWhose({ harness, format, contents }: Asked): Promise<{ person: string | null } | 'unavailable'> {
  const profile = profileOf(harness, format)
  const accessToken = accessTokenOf(format, contents)
  if (!profile || accessToken === null) return { person: null }
  if ((resting.get(profile.url) ?? 0) > performance.now()) return 'unavailable'
  const upstream = createLoginUpstream()
  try {
    const whose = await upstream.whoseIs(profile, accessToken)
    if (whose.is === 'unavailable') resting.set(profile.url, performance.now() + REST_MS)
    return whose.is === 'unavailable' ? whose.is : { person: whose.is === 'known' ? whose.person : null }
  } finally {
    await upstream.close()
  }
}

/** What the row knows beyond the file: the person, once asked. */
export const withPerson = (facts: LoginFacts, person: string | null): LoginFacts => ({ ...facts, person: facts.person ?? person })
