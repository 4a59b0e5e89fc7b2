/**
 * Signing in and out, over better-auth's own routes. A refusal is returned, since
 * the form shows it; only a server that cannot be reached throws.
 */

export type SignInOutcome = 'signed-in' | 'refused' | 'too-many' | 'failed'

export async function signIn({ email, password }: { email: string; password: string }): Promise<SignInOutcome> {
  const { status, ok } = await post('/api/auth/sign-in/email', { email, password })
  if (ok) return 'signed-in'
  if (status === 429) return 'too-many'
  return status === 400 || status === 401 || status === 403 || status === 422 ? 'refused' : 'failed'
}

/** Ends the session here and leaves: a new page, so that nothing of the person stays in memory. */
export async function signOut(): Promise<void> {
  await post('/api/auth/sign-out', {})
  window.location.assign('/sign-in')
}

const post = (path: string, body: unknown) =>
  fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), credentials: 'same-origin' })

/** Where to go after signing in: a path of ours, never another site. */
export function safeNext(next: string | null | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !/[\p{Cc}\\]/u.test(next) ? next : '/'
}
