/** The product's API as scripts use it: a typed tRPC client over HTTP, by personal access token or by cookie. */
import { createTRPCClient, httpLink, TRPCClientError } from '@trpc/client'
import type { AppRouter } from '#server/trpc/app-router.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'

export type Api = ReturnType<typeof createApi>

export function createApi(url: string, headers: Record<string, string> = {}) {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/api/trpc`, headers: { origin: url, ...headers } })] })
}

export const byToken = (token: string) => ({ authorization: `Bearer ${token}` })

/** The failure that a call ends with: its code, facts and HTTP status. Fails when the call succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<{ code: FailureCode; facts: FailureFacts; status: number }> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error(`Expected a failure, got ${JSON.stringify(outcome.value)}`)
  const { error } = outcome
  if (!(error instanceof TRPCClientError)) throw error
  const data = error.data as { domain?: { code: FailureCode; facts: FailureFacts } | null; httpStatus?: number } | null
  if (!data?.domain) throw new Error(`A failure without a code: ${error.message}`, { cause: error })
  return { ...data.domain, status: data.httpStatus ?? 0 }
}

/** Signs in as the sign-in page does; the answer's cookies are the session. */
export async function signIn(url: string, { email, password }: { email: string; password: string }): Promise<string> {
  const answer = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email, password }),
  })
  if (!answer.ok) throw new Error(`Sign-in of ${email} answered ${answer.status}: ${await answer.text()}`)
  return answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
}
