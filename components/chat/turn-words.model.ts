/** How the end of a turn, and the work of a running one, are said. */
import type { ChatView, RunNoteItem, RunView, Turn, TurnStatus } from '#core/chat/view.ts'
import { sayCached, sayDuration, sayCost, sayCount, sayTokenFlow } from '#components/chat/amounts.model.ts'
import { totalsOf } from '#components/chat/changes.model.ts'

/** "Done", "Stopped by Mei". A failed turn says its sentence instead (`components/failures/sentences.ts`). */
export function endWords(turn: Turn, nameOf: (userId: string) => string): string {
  switch (turn.status) {
    case 'completed':
      return 'Done'
    case 'cancelled':
      return turn.cancelledBy ? `Stopped by ${nameOf(turn.cancelledBy)}` : 'Stopped'
    case 'interrupted':
      return 'Interrupted'
    case 'refused':
      return 'The model declined to go on'
    default:
      return 'Failed'
  }
}

/** What is unusual of an agent's process, in a sentence or two. */
export function runNoteWords({ after, hasForgotten, upgrade }: RunNoteItem, agent: string): string {
  const memory = hasForgotten ? 'but does not know what was said before' : 'and knows what was said before'
  const versions = upgrade ? ` It is version ${upgrade.to} now, and was ${upgrade.from}.` : ''
  if (after !== null) return `Recovered: ${agent} is running again, ${memory}.${versions}`
  return upgrade ? `${agent} was upgraded from ${upgrade.from} to ${upgrade.to}, ${memory}.` : `${agent} began anew, ${memory}.`
}

/** Why an interrupted turn is no failure, and what becomes of its prompt: nothing, by itself. */
export const interruptionWords = ({ failure }: Pick<Turn, 'failure'>, agent: string): string =>
  `${
    failure?.code === 'agent.crashed'
      ? `${agent} stopped unexpectedly while it worked.`
      : 'The connection to the agent was lost while it worked.'
  } What it did is kept; nothing is sent again by itself.`

/** "12.3k in, 250 out", "81 % cached", "$0.04": also of a turn that still runs. */
export const usageFacts = (usage: Turn['usage']): string[] =>
  [sayTokenFlow(usage), sayCached(usage), sayCost(usage)].filter((fact) => fact !== null)

/** "12 s", "12.3k in, 250 out", "$0.04", "3 files changed": what the turn took and left. */
export function endFacts(turn: Turn): string[] {
  const took = turn.endedAt ? sayDuration(Date.parse(turn.endedAt) - Date.parse(turn.acceptedAt ?? turn.requestedAt)) : null
  return [turn.acceptedAt ? took : null, ...usageFacts(turn.usage)].filter((fact) => fact !== null)
}

export function changeWords(changes: Turn['changes']): { words: string; added: number; removed: number } | null {
  if (!changes || changes.files.length === 0) return null
  const { files, added, removed } = totalsOf(changes.files)
  return { words: `${sayCount(files, 'file')} changed`, added, removed }
}

const stages = {
  installing: 'Installing',
  cloning: 'Cloning the repository',
  starting: 'Starting',
  resuming: 'Resuming',
} as const satisfies Record<Extract<RunView, { is: 'preparing' }>['stage'], string>

export type WorkWords = {
  words: string
  /** Beside the words, in small: what the daemon says about it. */
  note: string | null
  /** 0..1 draws a bar, null an indefinite one, absent none. */
  fraction?: number | null
  isMoving: boolean
}

/** What goes on while nothing else can be shown. */
export function workWords({
  wait,
  status,
  run,
  agent,
  progress,
  isNodeOnline,
  nodeName,
}: {
  /** Why it has no node, where that is known. */
  wait: { words: string; note: string | null } | null
  status: TurnStatus
  run: ChatView['run']
  agent: string
  /** Where the agent says that it stands. */
  progress: Turn['progress']
  isNodeOnline: boolean | null
  nodeName: string | null
}): WorkWords {
  if (status === 'queued' && wait && run.is !== 'preparing') return { words: wait.words, note: wait.note, isMoving: false }
  if (isNodeOnline === false)
    return { words: 'Disconnected, will resume', note: nodeName ? `Waiting for ${nodeName} to come back` : null, isMoving: false }
  if (status === 'cancelling') return { words: 'Stopping', note: null, isMoving: true }
  if (run.is === 'preparing') {
    const what = run.stage === 'cloning' ? stages.cloning : `${stages[run.stage]} ${agent}`
    return { words: what, note: run.note || null, fraction: run.fraction, isMoving: true }
  }
  if (status === 'queued') return { words: 'Waiting for a free node', note: null, isMoving: true }
  if (status === 'starting') return { words: `${agent} is starting on it`, note: null, isMoving: true }
  if (progress && status === 'running')
    return { words: progress.note, note: null, ...(progress.fraction !== null && { fraction: progress.fraction }), isMoving: true }
  if (status === 'waiting') return { words: 'Waiting for an answer', note: null, isMoving: false }
  return { words: 'Working', note: null, isMoving: true }
}
