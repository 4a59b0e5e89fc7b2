/**
 * From a program that has just been started to a session in it: greeted within a minute, opened or resumed within two.
 * Its silence and its early end are failures with a code, told with its own last words.
 * From: `agent-process.ts`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { LaunchPlan } from '#core/connections/launch.ts'
import { DomainError } from '#core/errors.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { abortable } from '#agent/abortable.ts'
import { connectAgent, isSignedOut, wordsOf, type AgentConnection, type AgentVoice, type OpenedSession } from '#agent/acp/connection.ts'
import type { Confined } from '#agent/sandbox/sandbox.ts'

const INITIALIZE_MS = 60_000
const SESSION_MS = 120_000

export async function openAgent({
  confined,
  exited,
  voice,
  plan,
  agentSessionId,
  harness,
  signal,
}: {
  confined: Confined
  exited: Promise<{ detail: string }>
  voice: AgentVoice
  plan: LaunchPlan
  agentSessionId: string | null
  harness: Harness
  signal: AbortSignal
}): Promise<{ connection: AgentConnection; session: OpenedSession }> {
  const connection = connectAgent(confined, voice)
  const gone = exited.then(({ detail }) => {
    throw new DomainError('harness.start-failed', { harness: harness.id, detail })
  })
  gone.catch(() => {})
  const within = <T>(work: Promise<T>, ms: number): Promise<T> => abortable(Promise.race([work, gone, tooLate(ms, harness)]), signal)
  try {
    await within(connection.initialize(), INITIALIZE_MS)
    const opening = connection.openSession({ cwd: plan.cwd, mcpServers: plan.mcpServers, agentSessionId })
    return { connection, session: await within(opening, SESSION_MS) }
  } catch (error) {
    if (error instanceof DomainError || signal.aborted) throw error
    if (isSignedOut(error)) throw new DomainError('agent.signed-out', { harness: harness.id, detail: wordsOf(error) })
    // A closed pipe tells less than the exit that follows it.
    const { detail } = await Promise.race([exited, delay(2_000, { detail: wordsOf(error) })])
    throw new DomainError('harness.start-failed', { harness: harness.id, detail })
  }
}

async function tooLate(ms: number, harness: Harness): Promise<never> {
  await delay(ms, undefined, { ref: false })
  throw new DomainError('harness.start-failed', { harness: harness.id, detail: `It did not answer within ${ms / 1000} seconds.` })
}
