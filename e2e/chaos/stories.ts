/** What can happen between the start of a run and its quiet end. */
import type { FaultKind } from '#e2e/chaos/faults.ts'
import type { Plan, Scene } from '#e2e/chaos/run.ts'
import { until } from '#e2e/world/wait.ts'

/** Faults as they come, several at once, until the time is over. */
export const atRandom =
  (kinds: readonly FaultKind[], pauseMs: readonly [number, number]): Plan['story'] =>
  async ({ faults, seconds }) =>
    faults.work(kinds, { pauseMs, over: AbortSignal.timeout(seconds * 1_000) })

/** Until every node has an agent that speaks. */
export const untilAllSpeak = ({ people, observer }: Scene): Promise<unknown> =>
  until(
    () =>
      people.every(({ chatId, asked }) =>
        asked.some(
          (turn) =>
            !observer.hasEnded(chatId, turn.turnId) && observer.find(chatId, 'reply.appended', (fact) => fact.turnId === turn.turnId),
        ),
      ),
    { what: 'agents speak' },
  )

/** Waits for agents to speak and does it, several times. */
export const whileTheySpeak =
  (kinds: readonly FaultKind[]): Plan['story'] =>
  async (scene) => {
    for (const kind of kinds) {
      await untilAllSpeak(scene)
      await scene.faults.begin(kind)
    }
    await untilAllSpeak(scene)
  }

/** The story begins when every chat has an agent that has said something: on a busy machine that takes its time. */
export const onceAllHaveSpoken =
  (story: Plan['story']): Plan['story'] =>
  async (scene) => {
    await until(() => scene.people.every(({ chatId }) => scene.observer.find(chatId, 'reply.appended', () => true)), {
      what: 'agents have spoken',
      withinMs: 60_000,
    })
    await story(scene)
  }
