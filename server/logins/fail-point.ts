/** Places at which a test ends this very process, as a power cut would. Only where GATEHOUSE_TESTING=1. */
import { env } from '#server/env.ts'

export type FailPoint = 'login.answered' | 'login.committed'

export function failPoint(here: FailPoint): void {
  if (env().isTesting && process.env['GATEHOUSE_TEST_FAIL_POINT'] === here) process.kill(process.pid, 'SIGKILL')
}
