/** A guided sign-in: a harness's own device login, run on a node, told to the page that shows link and code. */
import { z } from 'zod'
import type { FailureCode } from '#core/errors.ts'

export const signInStates = [
  /** No node has taken it yet. */
  'waiting-for-node',
  'starting',
  /** Link and code are shown; somebody has to confirm them. */
  'waiting-for-person',
  /** The login is there, and is being stored. */
  'connecting',
  'connected',
  'failed',
  'cancelled',
  'expired',
] as const
export const SignInState = z.enum(signInStates)
export type SignInState = z.infer<typeof SignInState>

/** Nothing has been decided yet: whatever is in one of these can still be cancelled, and run out. */
export const openStates = ['waiting-for-node', 'starting', 'waiting-for-person'] as const satisfies readonly SignInState[]
/** Nothing more will happen. */
export const isOver = (state: SignInState): boolean => state !== 'connecting' && !openStates.some((each) => each === state)

/** The whole of it, from the first click: vendors' codes live no longer. */
export const SIGN_IN_MS = 15 * 60_000
/** A node takes it, or there is none that can. */
export const TAKEN_WITHIN_MS = 60_000
/** The node says this often that it is still at it, and hears whether to go on. */
export const ASK_EVERY_MS = 3_000
/** A node that has said nothing for this long has gone. */
export const SILENT_AFTER_MS = 30_000
/**
 * A page that has not asked for this long has gone. So long, because a phone freezes a page while its person is
 * at the vendor's.
 */
export const UNWATCHED_AFTER_MS = 5 * 60_000

type Times = { state: SignInState; createdAt: Date; expiresAt: Date; toldAt: Date | null; watchedAt: Date }
export type Lapse = { state: 'expired' | 'cancelled' | 'failed'; failureCode: FailureCode | null }

/** What time alone has made of a sign-in, whoever looks at it next; null while it may go on. */
export function lapseOf({ state, createdAt, expiresAt, toldAt, watchedAt }: Times, now: Date): Lapse | null {
  const since = (then: Date) => now.getTime() - then.getTime()
  if (isOver(state)) return null
  const isSilent = since(toldAt ?? createdAt) > SILENT_AFTER_MS
  if (state === 'connecting') return isSilent ? { state: 'failed', failureCode: 'sign-in.failed' } : null
  if (now >= expiresAt) return { state: 'expired', failureCode: 'sign-in.too-late' }
  if (since(watchedAt) > UNWATCHED_AFTER_MS) return { state: 'cancelled', failureCode: null }
  const isAlone = state === 'waiting-for-node' ? since(createdAt) > TAKEN_WITHIN_MS : isSilent
  return isAlone ? { state: 'failed', failureCode: 'node.offline' } : null
}
