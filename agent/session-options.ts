/** Brings a live agent to the mode, effort and model that were chosen, as far as it offers them. */
import type { DaemonFact } from '#core/chat/events.ts'
import { abortable, within } from '#agent/abortable.ts'
import { wordsOf } from '#agent/acp/connection.ts'
import { sessionFacts } from '#agent/acp/translate.ts'
import { wentAway, type AgentProcess } from '#agent/agent-process.ts'
import { log } from '#agent/log.ts'

/** How long it may think about one choice. */
const ANSWER_MS = 30_000

/** What each process runs on now; it starts with the plan's. */
const current = new WeakMap<AgentProcess, string>()

/** Null for the agent's own choice. */
export const modelOf = (agent: AgentProcess): string | null => current.get(agent) ?? agent.plan.model

type Choices = Extract<DaemonFact, { type: 'options.offered' }>['options'][number]['choices']

/** The choice that stands for a model: by its value, or by the id that an alias names in brackets. Pure. */
export function choiceFor(choices: Choices, { value, modelId }: { value: string; modelId: string }): string | null {
  const exact = choices.find((each) => each.value === value)
  const alias = choices.find((each) => each.name.includes(`(${modelId})`) || each.description?.includes(`(${modelId})`))
  return (exact ?? alias)?.value ?? null
}

/** @returns false when only a new process can take the model; where this one has ended instead, after its end is known */
export async function chooseModel(
  agent: AgentProcess,
  modelId: string,
  put: (fact: DaemonFact) => void,
  answerMs = ANSWER_MS,
): Promise<boolean> {
  const { harness, plan, connection, session } = agent
  if (modelOf(agent) === modelId) return true
  const option = harness.modelOption
  const offered = sessionFacts(session.answer)
    .find((fact) => fact.type === 'options.offered')
    ?.options.find((each) => each.id === option?.id)
  const value = option && offered ? choiceFor(offered.choices, { value: option.valueOf(modelId, plan.via), modelId }) : null
  if (!option || value === null) return false
  try {
    const answer = await within(connection.setOption(session.agentSessionId, option.id, value), answerMs)
    for (const fact of sessionFacts(answer)) put(fact)
    current.set(agent, modelId)
    return true
  } catch (error) {
    log.info({ harness: harness.id, modelId, words: wordsOf(error) }, 'The agent did not take the model')
    await wentAway(error, agent)
    return false
  }
}

/**
 * Mode and effort, where the connection's settings differ from what the agent begins with.
 * @throws what the agent, or its silence, says against one; or whatever `signal` was aborted with
 */
export async function settleOptions(
  { connection, plan, session, harness }: AgentProcess,
  offer: (fact: DaemonFact) => void,
  { signal, answerMs = ANSWER_MS }: { signal: AbortSignal; answerMs?: number },
): Promise<void> {
  const answered = <T>(work: Promise<T>): Promise<T> => abortable(within(work, answerMs), signal)
  const { agentSessionId } = session
  const offered = sessionFacts(session.answer)
  const mode = offered.find((fact) => fact.type === 'mode.changed')?.modeId
  const options = offered.find((fact) => fact.type === 'options.offered')?.options ?? []
  const wanted = [
    ...(harness.effortOption && plan.effort ? [{ id: harness.effortOption, value: plan.effort }] : []),
    ...(plan.mode && mode === undefined ? [{ id: 'mode', value: plan.mode }] : []),
  ].filter(({ id, value }) =>
    options.some((each) => each.id === id && each.current !== value && each.choices.some((choice) => choice.value === value)),
  )
  if (plan.mode && mode !== undefined && mode !== plan.mode) {
    await answered(connection.setMode(agentSessionId, plan.mode))
    offer({ type: 'mode.changed', modeId: plan.mode })
  }
  for (const { id, value } of wanted) {
    for (const fact of sessionFacts(await answered(connection.setOption(agentSessionId, id, value)))) offer(fact)
  }
}
