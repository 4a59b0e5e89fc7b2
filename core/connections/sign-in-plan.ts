/**
 * What to start for a guided sign-in, and with what. Pure. It has what every run of the harness has, the way out of a
 * native login, and nothing of a proxy: no key, no base URL, no file.
 * Carried out by `agent/sign-in.ts`.
 */
import { usualEnv, wayOut } from '#core/connections/launch.ts'
import { guidedLoginOf, type Harness, type Place } from '#core/harnesses/harness.ts'
import type { GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'

export type SignInPlan = {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** Where the program leaves the login, relative to its home. */
  path: string
  signIn: GuidedSignIn
}

/** Null for a harness that cannot be led. */
export function planSignIn(harness: Harness, place: Place): SignInPlan | null {
  const login = guidedLoginOf(harness)
  if (!login) return null
  const { command, args } = login.signIn.command(place)
  const env = { ...usualEnv(place), ...harness.env(place), ...wayOut(place) }
  return { command, args, env, path: login.path, signIn: login.signIn }
}
