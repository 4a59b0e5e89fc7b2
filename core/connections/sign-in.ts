/** A guided sign-in: a harness's own device login, run on a node, told to the page that shows link and code. */
import { z } from 'zod'

export const signInStates = [
  /** No node has taken it yet. */
  'waiting-for-node',
  'starting',
  /** Link and code are shown; somebody has to confirm them. */
  'waiting-for-person',
  'connected',
  'failed',
  'cancelled',
  'expired',
] as const
export const SignInState = z.enum(signInStates)
export type SignInState = z.infer<typeof SignInState>

export const isOver = (state: SignInState): boolean => !['waiting-for-node', 'starting', 'waiting-for-person'].includes(state)
