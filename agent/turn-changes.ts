/**
 * Writes what each turn has changed in the working directory, when it is another list than the last. One reading at a
 * time, since all of a chat's share an index.
 * From: `session-runner.ts`. Next: `workspace/changes.ts`.
 */
import type { DaemonFact } from '#core/chat/events.ts'
import type { TurnId } from '#core/ids.ts'
import type { AgentProcess } from '#agent/agent-process.ts'
import { log } from '#agent/log.ts'
import { readChanges } from '#agent/workspace/changes.ts'

export type TurnChanges = {
  read: (of: TurnId, agent: AgentProcess) => void
  /** Resolves when everything that was asked for is written. */
  settled: () => Promise<void>
}

export function turnChanges(put: (fact: DaemonFact) => void): TurnChanges {
  let last = '[]'
  let reading: Promise<void> = Promise.resolve()

  async function read(of: TurnId, { sandbox, workspace, baseCommit }: AgentProcess): Promise<void> {
    const changes = await readChanges(sandbox, workspace, baseCommit).catch((error: unknown) => {
      log.warn({ err: error, chatId: workspace.chatId }, 'The changes of a turn could not be read')
      return null
    })
    const json = JSON.stringify(changes?.files ?? [])
    if (!changes || json === last) return
    last = json
    put({ type: 'changes.recorded', turnId: of, ...changes })
  }

  return {
    read: (of, agent) => void (reading = reading.then(() => read(of, agent))),
    settled: () => reading,
  }
}
