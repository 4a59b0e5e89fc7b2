/** Whose refresh is whose, by the registry. Read by everything in `server/logins`. */
import { findHarness, harnesses } from '#core/harnesses/registry.ts'
import { acceptance, type AcceptanceOf, type LoginCheck } from '#core/harnesses/harness.ts'
import type { TokenEndpoint } from '#server/logins/upstream.ts'

const loginOf = (harness: string, format: string): AcceptanceOf<'auth-file'> | null => {
  const found = findHarness(harness)
  return (found && acceptance(found, 'auth-file').find((each) => each.format === format)) ?? null
}

/** Null when this login is refreshed by the program itself, or is none that the harness takes. */
export function brokerOf(harness: string, format: string): TokenEndpoint | null {
  const refresh = loginOf(harness, format)?.refresh
  return refresh?.by === 'broker' ? refresh : null
}

/** Whether the program renews it, so that its file is taken back and one run at a time has it. */
export const isRenewedByProgram = (harness: string, format: string): boolean => loginOf(harness, format)?.refresh.by === 'program'

/** How to ask whether such a login is good; null where only a run can tell. */
export const checkOf = (harness: string, format: string): LoginCheck | null => loginOf(harness, format)?.check ?? null

export const isBrokered = (format: string): boolean => harnesses.some((each) => brokerOf(each.id, format) !== null)

/** The company whose login it is, as the log of a chat names it. */
export const vendorOf = (harness: string, format: string): string => loginOf(harness, format)?.serves?.provider ?? format
